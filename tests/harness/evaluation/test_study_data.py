"""Frames of trials and predictions have a row for each, with the settings that vary, and find what is asked for by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_finals import CLIPS, SPEAKERS, record, said
from made_records import record as plain_record

from harness.evaluation.study_data import predictions, trials_frame
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from registry.errors import BenchError, UsageError


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """Two cells of two seeds each, the second cell under two protocols."""
    made = Store(tmp_path_factory.mktemp("frames")).experiment("small")
    record(made, "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    record(made, "weak", 0.2, [said(0.5, 2), said(0.5, 3)])
    record(made, "weak2", 0.3, [said(0.4, 4)], split="speaker_folds")
    return made


def test_trials_have_their_settings_as_numbers_and_nan_for_what_they_do_not_have() -> None:
    frame = trials_frame([
        plain_record("trial", "a", 0, metrics={"validation/uar": 0.5, "epochs": 3.0, "seconds/fit": 2.0, "seconds/score": 0.5},
                     params={"training.learning_rate": "0.01", "architecture": "a", "training.batch_size": "32"}),
        plain_record("trial", "b", 1, state="failed", params={"training.learning_rate": "0.1", "architecture": "b"}, reason="no room")])
    assert frame["training.learning_rate"].tolist() == [0.01, 0.1] and frame["training.batch_size"].tolist()[0] == 32
    assert "architecture" not in frame and frame["cell"].tolist() == ["mel image × a", "mel image × b"]
    assert frame["state"].tolist() == ["finished", "failed"] and frame["reason"].tolist() == ["", "no room"]
    assert frame["validation_uar"].tolist() == pytest.approx([0.5, float("nan")], nan_ok=True)
    assert frame["seconds"].tolist() == [2.5, 0] and frame["epochs"].isna().tolist() == [False, True]
    assert frame["training.batch_size"].isna().tolist() == [False, True]


def test_a_study_without_trials_has_an_empty_frame_of_the_same_columns() -> None:
    assert {"state", "validation_uar", "run"} <= set(trials_frame([])) and trials_frame([]).empty


def test_predictions_have_a_row_a_clip_and_seed_of_every_final(tracker: Tracker) -> None:
    frame = predictions(tracker.study_name, home=tracker.home)
    finals = [("random_80_20", "good", 0), ("random_80_20", "good", 1), ("random_80_20", "weak", 0), ("random_80_20", "weak", 1),
              ("speaker_folds", "weak2", 0)]
    assert frame.groupby(["protocol", "key", "seed"]).size().to_dict() == dict.fromkeys(finals, SPEAKERS * CLIPS)
    assert list(frame) == ["corpus", "protocol", "cell", "key", "seed", "clip", "speaker", "truth", "predicted", "ANG", "HAP", "SAD"]


def test_one_cell_one_protocol_or_one_seed_is_chosen_by_its_name(tracker: Tracker) -> None:
    assert set(predictions("small", home=tracker.home, **{"cell": "mel × good"})["key"]) == {"good"}
    assert set(predictions("small", home=tracker.home, **{"cell": "weak"})["cell"]) == {"mel × weak"}
    assert set(predictions("small", home=tracker.home, **{"protocol": "speaker_folds"})["key"]) == {"weak2"}
    assert set(predictions("small", home=tracker.home, **{"seed": 1})["key"]) == {"good", "weak"}


@pytest.mark.parametrize(("wrong", "words"), [
    ({"cell": "mel × god"}, "Did you mean 'mel × good'"), ({"protocol": "random"}, "All: random_80_20, speaker_folds"),
    ({"protocol": "speaker_folds", "cell": "good"}, "All: random_80_20"), ({"seed": 2}, "All: 0, 1"),
    ({"part": "train"}, "All: test, validation")])
def test_what_is_not_there_is_an_error_with_what_is(tracker: Tracker, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        predictions("small", home=tracker.home, **wrong)


def test_predictions_that_the_store_has_lost_are_named(tmp_path: Path) -> None:
    tracker = Store(tmp_path).experiment("small")
    _, (_, second) = record(tracker, "lost", 0.1, [said(0.7, 0), said(0.7, 1)])
    next((tmp_path / "mlartifacts").rglob(f"{second}/artifacts/test/predictions.csv")).unlink()
    with pytest.raises(BenchError, match="mel × lost on random_80_20: the store has lost the test predictions of seed 1"):
        predictions(tracker.study_name, home=tracker.home)
    assert set(predictions("small", home=tracker.home, **{"seed": 0})["seed"]) == {0}
