"""Features within a speaker have mean 0 and deviation 1 over the known clips; of a few, the usual variance counts as well."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_trial import CORPUS

from harness.data.known_speakers import PRIOR, by_speaker, standard

RNG = np.random.default_rng(0)
VOICES = {speaker: RNG.normal(0, 5, 3) for speaker in sorted({*CORPUS.speakers.tolist()})}
ARRAY = np.array([RNG.normal(VOICES[speaker], 2.0, (4, 3)) for speaker in CORPUS.speakers.tolist()], np.float32)
EVERY = np.arange(len(CORPUS))


def test_every_speaker_has_mean_0_and_about_deviation_1_where_all_clips_are_known() -> None:
    seen = by_speaker(ARRAY, CORPUS, EVERY, EVERY)
    for speaker in VOICES:
        clips = seen[np.flatnonzero(CORPUS.speakers == speaker)]
        assert clips.mean(axis=(0, 1)) == pytest.approx(0, abs=1e-5) and clips.std(axis=(0, 1)) == pytest.approx(1, abs=0.2)
    assert seen.shape == ARRAY.shape and np.array_equal(seen[3], seen[[3]][0]) and np.array_equal(seen[2:4], seen[[2, 3]])


def test_of_a_single_known_clip_the_mean_is_its_own_and_the_variance_mostly_the_usual_one_of_training_speakers() -> None:
    clip = ARRAY[:1]
    mean, deviation = standard(clip, np.array([4.0, 4.0, 4.0]))
    assert mean == pytest.approx(clip[0].mean(axis=0))
    assert deviation**2 == pytest.approx((clip[0].var(axis=0) + PRIOR * 4.0) / (1 + PRIOR))


def test_clips_that_are_not_known_change_nothing() -> None:
    known = np.array([np.flatnonzero(CORPUS.speakers == speaker)[0] for speaker in VOICES])
    train = np.flatnonzero(np.isin(CORPUS.speakers, [*VOICES][:2]))
    other = ARRAY.copy()
    other[np.setdiff1d(EVERY, np.concatenate([known, train]))] += 100
    assert np.array_equal(by_speaker(ARRAY, CORPUS, known, train)[known], by_speaker(other, CORPUS, known, train)[known])
