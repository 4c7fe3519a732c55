"""The tags and figures of a run: typed, read back as they were written, by the names that homes have."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from tiny_study import STUDY

from harness.study.cells import plan
from harness.tracking.outbox import entry_of
from harness.tracking.run_record import RunRecord, RunTags, counts_from_words, counts_in_words, datasets, flat_metrics, result_tags
from harness.training.predictions import Predictions
from harness.training.result import Result
from registry.corpus import Clip
from registry.errors import BenchError

TRIAL = plan(STUDY, "clips")[0].base
OTHER_THAN_TEXT: dict[str, Any] = {
    "signatures": ("a1", "b2"), "declined": ("one × two", "three, four"), "clip_notes": ("a", "b"), "synthetic": False,
    "shares_speakers": True, "epochs": 30, "fold": 2, "folds": 5, "validation_folds": 3, "as_written": True,
    "ranges": {"training.epochs": {"name": "IntDistribution"}},
    "requested_at": 1.7e9 + 0.125, "clips": {"train": 80, "left out": 0}, "speakers": {"train": 8},
    "pretrained": {"whisper-tiny.en": {"licence": "MIT"}}, "training_classes": {"ANG": 3, "SAD": 0}, "compared": {"c1": "unseen, after"}}
FULL = RunTags(**{each.name: OTHER_THAN_TEXT.get(each.name, f"a {each.name}") for each in dataclasses.fields(RunTags)})
CLIPS = [Clip(id="a", emotion="ANG", speaker="1"), Clip(id="b", emotion="SAD", speaker="2")]
PREDICTIONS = Predictions.of(CLIPS, ("ANG", "SAD"), np.eye(2))
RESULT = Result(TRIAL, history={"validation_wa": [0.5, 0.75, 0.25]}, best_epoch=2, parameters=90, validation=PREDICTIONS.scores,
                split_fingerprint="f" * 64, seconds={"features": 0.5, "fit": 1.5}, counts={"train": 4, "validation": 2, "test": 2},
                speakers={"train": 2, "validation": 2, "test": 1})


def record(tags: dict[str, str], **fields: Any) -> RunRecord:
    return RunRecord(**{"run_id": "r1", "name": "seed 0", "kind": "seed", "state": "finished", "params": {}, "metrics": {}, "tags": tags,
                        **fields})


def test_every_field_is_read_back_as_it_was_written() -> None:
    tags = FULL.to_tags()
    assert all(isinstance(text, str) for text in tags.values()) and len(tags) == len(dataclasses.fields(RunTags))
    assert RunTags.from_tags(tags) == FULL
    assert record({f"bench.{name}": text for name, text in tags.items()}).about == FULL


def test_homes_of_earlier_versions_are_read_by_the_names_and_forms_that_their_tags_have() -> None:
    assert FULL.to_tags()["asked_at"] == "1700000000.125" and FULL.to_tags()["asked"] == "a study_file"
    about = RunTags.from_tags({
        "asked_at": "12.500", "asked": "cnn2d", "signatures": "a1 b2", "declined": "one\ntwo", "shares_speakers": "True", "epochs": "30",
        "clips": "train 80, left out 3", "training_classes": '{"ANG": 3}', "compared.c1": "unseen"})
    assert about == RunTags(requested_at=12.5, study_file="cnn2d", signatures=("a1", "b2"), declined=("one", "two"), shares_speakers=True,
                            epochs=30, clips={"train": 80, "left out": 3}, training_classes={"ANG": 3}, compared={"c1": "unseen"})


def test_what_is_empty_is_no_tag_but_false_is_one() -> None:
    assert RunTags().to_tags() == {} and RunTags.from_tags({}) == RunTags()
    assert RunTags.from_tags({"epochs": "", "clips": "", "synthetic": ""}) == RunTags()
    assert RunTags(synthetic=None, shares_speakers=False, epochs=0, requested_at=0.0, clips={}, declined=(), corpus="").to_tags() == {
        "shares_speakers": "False"}


@pytest.mark.parametrize(("name", "text"), [
    ("epochs", "many"), ("synthetic", "perhaps"), ("asked_at", "yesterday"), ("clips", "train, test"),
    ("training_classes", "[1, 2]"), ("training_classes", "{")])
def test_a_tag_that_can_not_be_read_is_named_with_its_run_and_its_text(name: str, text: str) -> None:
    with pytest.raises(BenchError) as error:
        record({f"bench.{name}": text}).about  # noqa: B018
    assert str(error.value).startswith(f"run r1 (seed 0): the tag bench.{name} can't be read: {text!r}")


def test_tags_that_others_put_on_a_run_are_ignored() -> None:
    assert record({"epochs": "many", "mlflow.user": "anna", "bench.epochs": "3", "bench.of_tomorrow": "x"}).about == RunTags(epochs=3)


def test_counts_have_words_from_which_they_are_read() -> None:
    counts = {"train": 100, "validation": 20, "left out": 0}
    assert counts_in_words(counts) == "train 100, validation 20, left out 0" and counts_from_words(counts_in_words(counts)) == counts
    assert counts_in_words({}) == "" and counts_from_words("") == {}


def test_a_cell_is_called_by_its_recipe_or_else_by_its_components() -> None:
    parts = {"feature_space": "mel image", "architecture": "plain_2d"}
    assert RunTags(recipe="quick", **parts).label == "quick" and RunTags(**parts).label == "mel image × plain_2d"
    assert RunTags(host="h", pid="7").process == {"host": "h", "pid": "7"} and RunTags().process == {}


def test_a_record_gives_the_figures_that_others_choose_by() -> None:
    seed = record({"mlflow.parentRunId": "p"}, metrics={"validation/uar": 0.5, "test/uar": 0.25, "seconds/fit": 2.0, "seconds/score": 0.5},
                  params={"seed": "1"})
    assert (seed.validation_uar, seed.seconds, seed.opened_test, seed.seed, seed.parent) == (0.5, 2.5, True, "1", "p")
    bare = record({}, state="killed")
    assert (bare.validation_uar, bare.seconds, bare.opened_test, bare.seed, bare.parent) == (None, 0, False, "", "")
    assert seed.ended_by_itself and not bare.ended_by_itself


def test_a_final_repeats_the_test_figure_of_its_seeds_and_opens_nothing_whichever_version_wrote_it() -> None:
    now, before = (record({}, kind="final", metrics={f"test/{name}": 0.5}) for name in ("uar", "uar_mean"))
    assert now.uar("test") == before.uar("test") == 0.5 and now.uar("validation") is None
    assert not now.opened_test and record({}, metrics={"test/uar": 0.5}).opened_test


def test_the_figures_of_a_run_are_those_of_the_kept_epoch_with_its_size_epochs_and_seconds() -> None:
    metrics = flat_metrics(RESULT)
    assert {key: metrics[key] for key in ("validation/uar", "validation/best_wa", "best_epoch", "epochs", "parameters", "seconds/fit")} == {
        "validation/uar": 1.0, "validation/best_wa": 0.75, "best_epoch": 2, "epochs": 3, "parameters": 90, "seconds/fit": 1.5}
    assert not [key for key in metrics if key.startswith("test/")]
    assert "test/uar" in flat_metrics(dataclasses.replace(RESULT, test=PREDICTIONS.scores))
    assert flat_metrics(Result(TRIAL, state="failed")) == {}
    assert flat_metrics(Result(TRIAL, state="pruned", history={"validation_wa": [0.2, 0.3]})) == {"epochs": 2.0}


def test_a_run_names_the_parts_that_it_was_trained_and_scored_on_as_datasets() -> None:
    train, validation = datasets(RESULT)
    assert (train["part"], train["name"], train["digest"]) == ("train", "synthetic/train", "f" * 16)
    assert json.loads(validation["profile"]) == {"clips": 2, "speakers": 2}
    assert json.loads(train["source"]) == {"corpus": "synthetic", "split": "random_80_20"}
    assert [each["part"] for each in datasets(dataclasses.replace(RESULT, test=PREDICTIONS.scores))] == ["train", "validation", "test"]
    assert datasets(Result(TRIAL, state="failed")) == []


def test_the_tags_of_a_result_say_how_it_ended_and_where_it_was_run() -> None:
    tags = result_tags(dataclasses.replace(RESULT, state="failed", reason="x" * 5000))
    assert (tags.state, len(tags.reason), tags.clips, tags.split_fingerprint) == ("failed", 4000, RESULT.counts, "f" * 64)
    assert tags.commit and tags.hardware and tags.python and "numpy" in tags.versions


def test_an_entry_of_the_outbox_is_the_record_that_its_run_will_be() -> None:
    entry = entry_of(RESULT, tags=RunTags(cell="c"), uid="u1", kind="seed", name="seed 0", study="tiny", parent="p", params={"seed": 0})
    waiting = entry.record()
    assert (waiting.run_id, waiting.kind, waiting.seed, waiting.about.cell, waiting.validation_uar) == ("", "seed", "0", "c", 1.0)
    assert entry.about == waiting.about


def test_a_long_list_of_what_is_declined_is_cut_to_what_mlflow_takes() -> None:
    tags = RunTags(declined=tuple(f"cell {number}: {'too few frames ' * 20}" for number in range(40))).to_tags()
    assert len(tags["declined"]) == 4_900 and len(RunTags.from_tags(tags).declined) < 40
