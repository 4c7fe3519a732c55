"""Training clips are read where they lie, with the figures that they would have in one array."""

from __future__ import annotations

import numpy as np
import pytest

from harness.training.training_clips import TrainingClips, training_clips

RNG = np.random.default_rng(0)
FEATURES, COPIES = (RNG.normal(3, 2, size=(clips, 7, 2)).astype(np.float32) for clips in (600, 300))
TRAIN = RNG.permutation(600)[:300]
WHOLE = np.concatenate([FEATURES[TRAIN], COPIES])


def test_clips_of_several_arrays_are_as_if_they_lay_in_one() -> None:
    clips = training_clips(FEATURES, TRAIN, [COPIES])
    assert clips.shape == WHOLE.shape == (600, 7, 2) and len(clips) == 600
    positions = RNG.permutation(600)[:50]
    assert np.array_equal(clips[positions], WHOLE[positions]) and clips[positions].dtype == np.float32


def test_statistics_are_those_of_the_whole_array() -> None:
    clips = training_clips(FEATURES, TRAIN, [COPIES])
    whole = WHOLE.astype(np.float64)
    assert clips.band_statistics == (pytest.approx(whole.mean(axis=(0, 1))), pytest.approx(whole.var(axis=(0, 1))))
    assert clips.value_statistics == (pytest.approx(whole.mean(axis=0)), pytest.approx(whole.var(axis=0)))


def test_a_value_that_never_changes_has_a_variance_of_one() -> None:
    x = WHOLE.copy()
    x[:, 0, 0] = 5
    assert TrainingClips.of(x).value_statistics[1][0, 0] == 1.0


def test_the_clips_of_a_study_stay_with_their_statistics_and_others_are_not_taken_for_them() -> None:
    first = training_clips(FEATURES, TRAIN)
    assert training_clips(FEATURES, TRAIN.copy()) is first
    assert training_clips(FEATURES, TRAIN[:-1]) is not first and training_clips(FEATURES, TRAIN, [COPIES]) is not first
