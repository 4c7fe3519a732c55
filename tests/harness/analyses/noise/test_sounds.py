"""Noise is as strong as it says, the same at every level, and babble is of others in training."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analyses.noise.options import KINDS
from harness.analyses.noise.sounds import TALKERS, Noises, in_noise
from harness.data.corpora import open_corpus
from harness.study.seeds import seed_for
from registry.audio import active_power
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError
from registry.splits.random_80_20 import Random8020

RATE = 16_000
CORPUS = open_corpus(Synthetic(n_speakers=9, n_sentences=1), None)
SPLIT = Random8020()(CORPUS)
NOISES = Noises(CORPUS, SPLIT.train)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snr_db", [20.0, 0.0, -5.0])
def test_the_noise_lies_snr_db_below_the_speech_without_its_pauses(kind: str, snr_db: float) -> None:
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
    with pytest.raises(BenchError, match="no speaker but S01; give --kinds white"):
        Noises(corpus, mine).of(clip, "babble", RATE, RATE)
