"""`bench noise`: clean clips are predicted as logged, every condition has every clip, and nothing is measured twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from calls import Outcome, bench, study_file

from harness.analyses.noise import run as module
from harness.analyses.noise.options import NoiseOptions
from harness.analyses.noise.rows import NoiseRow, read_measurement, read_rows
from harness.analyses.noise.run import runs_with_models
from harness.data.corpora import Workspace, open_corpus
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError, UsageError
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

VECTORS = """from registry.architectures.logistic_regression import LogisticRegression
from registry.splits.known_speakers import KnownSpeakers
SPACE = dataclasses.replace(STUDY.feature_spaces[0], join="vector", duration_s=None)
SPACES = (SPACE, dataclasses.replace(SPACE, normalise="per_speaker"))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one final of two seeds, of which the better one's model is kept."""
    folder = tmp_path_factory.mktemp("noise")
    own = study_file(folder, "architectures=STUDY.architectures[:1], splits=STUDY.splits[1:], trials=0, seeds=(0, 1), "
                     "corpus=Synthetic(n_speakers=6, n_sentences=1), training=Training(learning_rate=0.03, batch_size=8, epochs=12)")
    assert bench("run", "--study", own, "--home", folder, "--feature-workers", "1", "--quiet").code == 0
    return folder


@pytest.fixture(scope="module")
def outcome(home: Path) -> Outcome:
    return bench("noise", "own", "--levels", "10", "-5", "--home", home)


def row_of(home: Path) -> NoiseRow:
    return read_rows(Store(home).experiment("own"))[0]


def test_clean_clips_give_what_was_logged_and_every_condition_has_every_clip(home: Path, outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.err
    row = row_of(home)
    logged = Store(home).experiment("own").predictions(row.runs[0], "test")
    assert logged is not None and row.changed == 0 and row.largest_difference < 1e-5
    assert row.figure("clean", "uar")[0] == pytest.approx(logged.scores.uar)
    assert list(row.counts) == ["clean", "white 10", "white -5", "babble 10", "babble -5"]
    assert {int(counts.sum()) for counts in row.counts.values()} == {row.clips} == {len(logged.clips)}
    assert not np.array_equal(row.counts["clean"], row.counts["white -5"])
    shared = UnseenSpeakers8020()(open_corpus(Synthetic(n_speakers=6, n_sentences=1), None))
    assert row.clips == len(shared.test) and not row.shares_speakers


def test_a_vector_s_clips_are_heard_at_their_own_length_and_rows_that_need_the_speaker_are_left_out(tmp_path: Path) -> None:
    own = study_file(tmp_path, "feature_spaces=SPACES, architectures=(LogisticRegression(),), splits=(KnownSpeakers(),), trials=0, "
                     "seeds=(0,), best_models=2, search={}, corpus=Synthetic(n_speakers=6, n_sentences=1)", preamble=VECTORS)
    assert bench("run", "--study", own, "--home", tmp_path, "--feature-workers", "1", "--quiet").code == 0
    heard = bench("noise", "own", "--levels", "10", "--kinds", "white", "--home", tmp_path)
    assert heard.code == 0 and heard.err.count("left out: ") == 1 and "normalise='per_speaker', which needs clips" in heard.err, heard.err
    row, = read_rows(Store(tmp_path).experiment("own"))
    assert row.changed == 0 and row.largest_difference < 1e-5
    known = next(run for run in Store(tmp_path).experiment("own").records("seed") if "per_speaker" in run.about.feature_space)
    assert bench("noise", known.run_id, "--levels", "10", "--kinds", "white", "--home", tmp_path).code == 2


def test_the_page_shows_levels_recalls_and_that_the_corpus_is_synthetic_and_is_linked(home: Path, outcome: Outcome) -> None:
    text = (home / "reports" / "own_noise.md").read_text(encoding="utf-8")
    assert "| UAR in white noise | seeds | clean | 10 dB | -5 dB |" in text and "clips: synthetic" in text
    assert "probabilities differ by" in text and "![UAR against noise](own_noise/1.png)" in text
    assert text.count("| ANG |") == text.count("| SAD |") == 2 and "`bench noise own --levels 10 -5 --kinds white babble`" in text
    assert all("own_noise.md" in (home / "reports" / page).read_text(encoding="utf-8") for page in ("own.md", "README.md"))
    assert (home / "reports" / "own_noise" / "1.png").stat().st_size > 5_000
    assert "10 dB" in outcome.out and "own_noise.md" in outcome.out


def test_what_was_measured_is_not_measured_again_and_a_new_level_is_added(home: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
                                                                         ) -> None:
    run = row_of(home).runs[0]
    before = read_measurement(Store(home).experiment("own"), run)["counts"]
    with monkeypatch.context() as patched:
        patched.setattr(module, "_measure", lambda *given: pytest.fail("measured again"))
        assert bench("noise", run[:8], "--levels", "10", "-5", "--home", home).code == 0
    assert bench("noise", run[:8], "--levels", "30", "--kinds", "white", "--home", home, "--quiet").code == 0
    after = read_measurement(Store(home).experiment("own"), run)["counts"]
    assert after.keys() - before.keys() == {"white 30"} and {key: after[key] for key in before} == before
    page = home / "reports" / "own_noise.md"
    text = page.read_bytes()
    page.unlink()
    assert bench("report", "--study", "own", "--home", home).code == 0 and page.read_bytes() == text, "it is made from the store alone"


def test_clips_that_are_no_longer_those_of_the_run_are_refused(home: Path, outcome: Outcome) -> None:
    tracker, (run,) = runs_with_models("own", Store(home))
    tags = {**run.tags, "bench.split_fingerprint": "another"}
    with pytest.raises(BenchError, match="are not those that run"):
        module._split_of(dataclasses.replace(run, tags=tags), tracker, Workspace(home))


def test_a_run_without_a_saved_model_says_how_to_get_one(home: Path) -> None:
    bare = next(run for run in Store(home).experiment("own").records("seed") if "bench.model" not in run.tags)
    outcome = bench("noise", bare.run_id, "--home", home)
    assert outcome.code == 1 and f"{bare.run_id} has no saved model" in outcome.err and "Set best_models" in outcome.err


def test_a_wrong_call_is_refused_before_anything_is_measured(home: Path, tmp_path: Path) -> None:
    for call, message in ((("owm",), "Did you mean 'own'"), (("own", "--kinds", "whit"), "Did you mean 'white'"),
                       (("own", "--levels", "500"), "-60 to 120 dB")):
        outcome = bench("noise", *call, "--home", home)
        assert outcome.code == 2 and message in outcome.err, outcome.err
    assert bench("noise", "own", "--home", tmp_path / "none").code == 1 and not (tmp_path / "none").exists()
    with pytest.raises(UsageError):
        NoiseOptions("own", kinds=("pink",))


