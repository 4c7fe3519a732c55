"""Calibration is measured as published: hand-made cases give their error, and the bins add up."""

from __future__ import annotations

import numpy as np
import pytest

from harness.evaluation.calibration import calibration_error, reliability
from harness.training.predictions import Predictions

RANDOM = np.random.default_rng


def answers(confidence: np.ndarray, right: np.ndarray) -> Predictions:
    """Answers of four classes given with these confidences; class 0 is always the answer, and the truth where it is right."""
    clips = len(confidence)
    probabilities = np.column_stack([confidence, *[(1 - confidence) / 3] * 3])
    return Predictions(("a", "b", "c", "d"), np.arange(clips).astype(str), np.where(right, 0, 1), probabilities,
                       {"speaker": np.full(clips, "1")})


def test_ninety_per_cent_sure_and_half_right_is_an_error_of_four_tenths() -> None:
    said = answers(np.full(100, 0.9), np.arange(100) < 50)
    assert calibration_error([said]) == pytest.approx(0.4)
    only, = reliability([said])
    assert (only.clips, only.accuracy, only.low, only.high) == (100, 0.5, pytest.approx(13 / 15), pytest.approx(14 / 15))
    assert only.confidence == pytest.approx(0.9)


def test_answers_that_are_right_as_often_as_they_are_sure_have_next_to_no_error() -> None:
    confidence = RANDOM(1).uniform(0.3, 1, size=50_000)
    said = answers(confidence, RANDOM(2).uniform(size=50_000) < confidence)
    assert calibration_error([said]) < 0.01
    assert sum(b.clips for b in reliability([said])) == 50_000


def test_five_hundred_clips_give_some_five_points_of_error_to_perfect_calibration() -> None:
    errors = []
    for seed in range(40):
        confidence = RANDOM(seed).uniform(0.3, 1, size=500)
        errors.append(calibration_error([answers(confidence, RANDOM(99 + seed).uniform(size=500) < confidence)]))
    assert np.mean(errors) == pytest.approx(0.048, abs=0.005)


def test_sure_and_right_has_no_error_and_lies_in_the_last_bin() -> None:
    said = answers(np.ones(10), np.full(10, True))
    assert calibration_error([said]) == 0
    assert [b.high for b in reliability([said])] == [1.0]


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    assert [(b.low, b.high) for b in reliability([answers(np.array([0.5, 0.75]), np.array([True, True]))], bins=4)] == [
        (0.25, 0.5), (0.5, 0.75)]


def test_seeds_that_err_to_both_sides_do_not_cancel() -> None:
    too_sure, too_shy = answers(np.full(100, 0.7), np.arange(100) < 50), answers(np.full(100, 0.7), np.arange(100) < 90)
    assert calibration_error([too_sure, too_shy]) == pytest.approx(0.2)
    together, = reliability([too_sure, too_shy])
    assert together.clips == 200 and together.accuracy == pytest.approx(together.confidence)
