"""Recall against noise: noise is as strong as it says, babble is of others in training, and clean clips give what was logged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from calls import Outcome, bench, study_file

from harness.analyses.noise import run as module
from harness.analyses.noise.options import KINDS, NoiseOptions
from harness.analyses.noise.report import sentences
from harness.analyses.noise.rows import NoiseRow, pooled, read_measurement, read_rows
from harness.analyses.noise.run import runs_with_models
from harness.analyses.noise.sounds import TALKERS, Noises, in_noise
from harness.data.corpora import Workspace, open_corpus
from harness.study.seeds import seed_for
from harness.tracking.store import Store
from registry.audio import active_power
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError, UsageError
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

RATE = 16_000
CORPUS = open_corpus(Synthetic(n_speakers=9, n_sentences=1), None)
SPLIT = Random8020()(CORPUS)
NOISES = Noises(CORPUS, SPLIT.train)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snr_db", [20.0, 0.0, -5.0])
def test_the_noise_lies_as_far_below_the_speech_without_its_pauses_as_is_asked(kind: str, snr_db: float) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    waveform = np.concatenate([np.zeros(RATE), tone, np.zeros(RATE)]).astype(np.float32)  # two thirds are a pause
    unit = NOISES.of(CORPUS.clips[0], kind, len(waveform), RATE)
    added = in_noise(waveform, unit, snr_db) - waveform
    measured = 10 * np.log10(np.mean(tone**2) / active_power(added))
    assert measured == pytest.approx(snr_db, abs=0.5)
    if kind == "white":
        assert 10 * np.log10(np.mean(tone**2) / np.mean(added**2)) == pytest.approx(snr_db, abs=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_has_the_same_noise_at_every_level_and_another_clip_has_other_noise(kind: str) -> None:
    clip, other = CORPUS.clips[0], CORPUS.clips[1]
    waveform = CORPUS.read_clip(clip)[0]
    unit = Noises(CORPUS, SPLIT.train).of(clip, kind, len(waveform), RATE)
    assert np.array_equal(unit, NOISES.of(clip, kind, len(waveform), RATE))
    weak, strong = (in_noise(waveform, unit, snr_db) - waveform for snr_db in (20.0, 0.0))
    np.testing.assert_allclose(strong, 10 * weak, atol=1e-5)
    assert abs(np.corrcoef(unit, NOISES.of(other, kind, len(waveform), RATE))[0, 1]) < 0.3
    assert not in_noise(np.zeros_like(waveform), unit, 0.0).any(), "silence stays silence"


def test_a_babble_is_of_six_other_speakers_of_the_training_part() -> None:
    train = {CORPUS.clips[i].id for i in SPLIT.train}
    for clip in (CORPUS.clips[i] for i in SPLIT.test):  # random clips: the test clip's own speaker is in training, too
        talkers = NOISES.talkers(clip, np.random.default_rng(seed_for(clip.id, "babble")))
        assert len({talker.speaker for talker in talkers}) == TALKERS
        assert clip.speaker not in {talker.speaker for talker in talkers} and {talker.id for talker in talkers} <= train


def test_few_speakers_talk_twice_in_other_clips_and_none_is_an_error() -> None:
    corpus = open_corpus(Synthetic(n_speakers=3, n_sentences=1), None)
    clip, mine = corpus.clips[0], np.flatnonzero(corpus.speakers == "S01")
    talkers = Noises(corpus, np.arange(len(corpus))).talkers(clip, np.random.default_rng(0))
    assert {talker.speaker for talker in talkers} == {"S02", "S03"} and len({talker.id for talker in talkers}) == TALKERS
    with pytest.raises(BenchError, match="no speaker but S01; ask for --kinds white"):
        Noises(corpus, mine).of(clip, "babble", RATE, RATE)


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
    said = Store(home).experiment("own").predictions(row.runs[0], "test")
    assert said is not None and row.otherwise == 0 and row.difference < 1e-5
    assert row.figure("clean", "uar")[0] == pytest.approx(said.scores.uar)
    assert list(row.counts) == ["clean", "white 10", "white -5", "babble 10", "babble -5"]
    assert {int(counts.sum()) for counts in row.counts.values()} == {row.clips} == {len(said.clips)}
    assert not np.array_equal(row.counts["clean"], row.counts["white -5"])
    shared = UnseenSpeakers8020()(open_corpus(Synthetic(n_speakers=6, n_sentences=1), None))
    assert row.clips == len(shared.test) and not row.shares_speakers


def test_the_page_tells_levels_recalls_and_that_the_corpus_is_synthetic_and_is_linked(home: Path, outcome: Outcome) -> None:
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


def test_a_wrong_call_is_told_before_anything_is_measured(home: Path, tmp_path: Path) -> None:
    for call, said in ((("owm",), "Did you mean 'own'"), (("own", "--kinds", "whit"), "Did you mean 'white'"),
                       (("own", "--levels", "500"), "-60 to 120 dB")):
        outcome = bench("noise", *call, "--home", home)
        assert outcome.code == 2 and said in outcome.err, outcome.err
    assert bench("noise", "own", "--home", tmp_path / "none").code == 1 and not (tmp_path / "none").exists()
    with pytest.raises(UsageError):
        NoiseOptions("own", kinds=("pink",))


def test_what_noise_takes_away_is_told_in_figures() -> None:
    def counts(right: int, elsewhere: int) -> np.ndarray:
        """Two emotions, 10 clips of each of 5 speakers; of the second, so many are right, of the first `elsewhere` are wrong."""
        return np.tile(np.array([[10 - elsewhere, elsewhere], [10 - right, right]]), (1, 5, 1, 1))

    row = NoiseRow("net", "unseen", False, "lab", "100 of 100 clips: whole", ("ANG", "SAD"),
                   {"clean": counts(10, 0), "white 10": counts(8, 2), "white 0": counts(10, 9)}, 100, 3, 0.02, ("run",), ("0",))
    same, lost = sentences(row)
    assert "3 of 100 are taken for another emotion" in same and "0.020" in same
    assert lost.startswith("in white noise UAR goes from 1.000 to 0.550 at 0 dB; half of what it had above chance is gone at 0 dB.")
    assert lost.endswith("95% of the clips are taken for SAD.")
    assert row.recall("white 10", 1) == pytest.approx((0.8, 0.8, 0.8)), "all speakers are alike"
    (known,) = pooled([row])
    assert known.figure("white 10", "uar") == pytest.approx((0.8, 0.8, 0.8)) and np.isnan(row.figure("white 10", "uar")[1])
