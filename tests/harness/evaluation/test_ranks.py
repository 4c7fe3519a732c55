"""Corrected tests of equal models err as rarely as they say, and find planted differences as often as they should."""

from __future__ import annotations

import numpy as np
import pytest
from counts_of_rows import simulated
from scipy.stats import ttest_rel

from harness.evaluation.ranks import Pairs, holm, pairs
from registry.errors import BenchError

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("seeds", [1, 3])
def test_on_1000_tables_of_equal_models_at_most_5_in_100_have_any_difference(seeds: int) -> None:
    rng, tables = np.random.default_rng(seeds), 1000
    training = 0.05 if seeds > 1 else 0.0  # 2 points of recall; one seed each can't tell it from a difference
    wrong = sum(bool(pairs(simulated(rng, [0.5] * 5, seeds, training=training), 200, table)["uar"].better.any()) for table in range(tables))
    assert wrong / tables <= 0.05


def test_one_seed_each_can_not_tell_the_luck_of_training_from_a_better_model() -> None:
    rng, tables = np.random.default_rng(9), 300
    wrong = sum(bool(pairs(simulated(rng, [0.5] * 5, training=0.05), 200, table)["uar"].better.any()) for table in range(tables))
    assert wrong / tables > 0.3


@pytest.mark.parametrize(("training", "least", "most"), [(0.0, 0.8, 1.0), (0.05, 0.25, 0.5)])
def test_a_planted_difference_of_5_points_is_found_with_this_power(training: float, least: float, most: float) -> None:
    """Five rows, ten corrected pairs, three seeds, 30 speakers with 60 clips; luck of training of 2 points takes most of the power."""
    rng, tables, recalls = np.random.default_rng(0), 200, [0.55, *[0.5] * 4]
    found = [pairs(simulated(rng, recalls, 3, clips=10, training=training), 200, table)["uar"].better[1:, 0] for table in range(tables)]
    assert least <= np.mean(found) <= most


def test_of_two_rows_5_points_are_found_on_30_speakers_with_24_clips() -> None:
    rng, tables = np.random.default_rng(1), 300
    found = [pairs(simulated(rng, [0.55, 0.5], seeds=3), 200, table)["uar"].better[1, 0] for table in range(tables)]
    assert np.mean(found) >= 0.8


def test_with_equally_many_clips_the_comparison_is_the_paired_t_test_over_speakers() -> None:
    counts = simulated(np.random.default_rng(7), [0.53, 0.5], speakers=24)
    a, b = (np.trace(row[0], axis1=1, axis2=2) / 24 for row in counts)
    expected = ttest_rel(b, a)
    found = pairs(counts)["wa"]
    assert found.difference[0, 1] == pytest.approx(b.mean() - a.mean()) == -found.difference[1, 0]
    assert found.p[0, 1] == pytest.approx(expected.pvalue, rel=0.08)
    bounds = expected.confidence_interval()
    assert [found.low[0, 1], found.high[0, 1]] == pytest.approx([bounds.low, bounds.high], abs=0.001)


def test_p_is_near_that_of_swapping_the_two_rows_within_speakers() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        counts = simulated(rng, [0.52, 0.5], speakers=20, clips=10)
        differences = np.subtract(*(np.trace(row[0], axis1=1, axis2=2) for row in counts))
        swapped = np.abs(rng.choice([-1, 1], (10_000, 20)) @ differences)
        expected = (swapped > abs(differences.sum())).mean() + 0.5 * (swapped == abs(differences.sum())).mean()
        assert pairs(counts, 2000)["wa"].p[0, 1] == pytest.approx(expected, abs=0.03)


def test_equal_rows_have_no_difference_and_rows_of_other_clips_none_that_is_told() -> None:
    counts = simulated(np.random.default_rng(0), [0.5, 0.5])
    same = pairs([counts[0], counts[0]])["uar"]
    assert same.p[0, 1] == same.corrected[0, 1] == 1.0 and same.ranks == [1, 1] and same.low[0, 1] == same.high[0, 1] == 0.0
    few = pairs(counts[:, :, :4])["uar"]
    assert np.isnan(few.p).all() and few.ranks == [1, 1]
    with pytest.raises(BenchError, match="same test clips only"):
        pairs([counts[0], counts[1][:, ::-1] * 2])


def test_rows_may_have_different_numbers_of_seeds_and_the_seed_variance_widens_their_interval() -> None:
    rng = np.random.default_rng(5)
    steady, moody = simulated(rng, [0.5, 0.5], 3), simulated(rng, [0.5, 0.5], 3, training=0.3)
    width = [(found.high - found.low)[0, 1] for rows in (steady, moody) for found in [pairs([rows[0][:2], rows[1]])["uar"]]]
    assert width[1] > 2 * width[0]


def test_ranks_count_the_rows_that_are_significantly_better() -> None:
    better = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=bool)
    corrected = np.where(better | better.T, 0.01, 1.0)
    difference = np.where(better, 0.1, -0.1)
    found = Pairs(difference, difference, difference, corrected, corrected, corrected)
    assert found.ranks == [1, 1, 2, 4]


def test_holms_correction_is_that_of_r() -> None:
    assert holm(np.array([0.01, 0.02, 0.03, 0.04, 0.05])).tolist() == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])  # p.adjust
    assert holm(np.array([0.9, 0.7])).tolist() == [1.0, 1.0] and holm(np.array([])).tolist() == []
