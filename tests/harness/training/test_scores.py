"""Scores mean what the field means by them."""

from __future__ import annotations

import numpy as np
import pytest

from harness.evaluation.intervals import mean_sd
from harness.training.scores import most_confused, score

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")


def certain(predicted: list[int], classes: int) -> np.ndarray:
    return np.eye(classes)[predicted]


def test_constant_predictions_give_a_uar_of_one_sixth_however_the_classes_are_distributed() -> None:
    truth = np.repeat(np.arange(6), [100, 5, 5, 5, 5, 5])
    found = score(truth, certain([0] * len(truth), 6), EMOTIONS)
    assert found.uar == pytest.approx(1 / 6)
    assert found.wa == pytest.approx(100 / 125)
    assert found.macro_f1 == pytest.approx(2 * 0.8 / 1.8 / 6)


def test_perfect_predictions_score_one_and_lose_nothing() -> None:
    found = score(np.arange(6), np.eye(6), EMOTIONS)
    assert (found.wa, found.uar, found.macro_f1, found.loss) == (1.0, 1.0, 1.0, 0.0)
    assert found.confusion == np.eye(6, dtype=int).tolist()


def test_uniform_probabilities_lose_the_logarithm_of_the_number_of_classes() -> None:
    assert score(np.arange(6), np.full((6, 6), 1 / 6), EMOTIONS).loss == pytest.approx(np.log(6))


def test_a_probability_of_zero_for_the_truth_loses_a_finite_amount() -> None:
    assert score(np.array([0]), np.array([[0.0, 1.0]]), ("calm", "angry")).loss == pytest.approx(-np.log(1e-12))


def test_each_class_has_its_own_precision_recall_and_f1() -> None:
    """Three of four calm clips are heard as calm, one angry clip is too: precision 3/4, recall 3/4."""
    found = score(np.array([0, 0, 0, 0, 1, 1]), certain([0, 0, 0, 1, 0, 1], 2), ("calm", "angry"))
    assert found.per_class["calm"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75, "support": 4}
    assert found.per_class["angry"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert found.confusion == [[3, 1], [1, 1]]
    assert found.uar == pytest.approx((0.75 + 0.5) / 2)


def test_a_class_without_clips_is_in_no_mean_and_has_no_figures_of_its_own() -> None:
    """Calm has F1 0.8, angry 0; of sad there is nothing to recall."""
    found = score(np.array([0, 0, 1]), certain([0, 0, 0], 3), ("calm", "angry", "sad"))
    assert (found.uar, found.macro_f1) == (pytest.approx(0.5), pytest.approx(0.4))
    assert found.per_class["sad"]["support"] == 0
    perfect = score(np.array([0, 1]), np.eye(3)[:2], ("calm", "angry", "sad"))
    assert (perfect.uar, perfect.macro_f1) == (1.0, 1.0)


def test_figures_are_named_by_the_part_that_they_were_taken_on() -> None:
    flat = score(np.array([0, 1]), np.eye(2), ("calm", "angry")).flat("validation")
    assert set(flat) == {f"validation/{k}" for k in ("wa", "uar", "macro_f1", "loss")}


def test_the_most_confused_pairs_come_by_count_and_then_by_name_without_what_was_right() -> None:
    confusion = [[9, 1, 0], [4, 5, 1], [1, 0, 9]]
    assert most_confused(confusion, ("ANG", "FEA", "SAD"), top=3) == [
        ("FEA", "ANG", 4, 0.4), ("ANG", "FEA", 1, 0.1), ("FEA", "SAD", 1, 0.1)]
    assert most_confused([[3, 0], [0, 3]], ("ANG", "FEA")) == []


def test_one_seed_has_a_mean_and_no_deviation() -> None:
    mean, sd = mean_sd([0.4])
    assert mean == 0.4 and np.isnan(sd)
    assert mean_sd([1.0, 2.0, 3.0, 4.0]) == (2.5, pytest.approx(1.290994448736))
