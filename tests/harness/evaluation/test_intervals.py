"""Intervals cover the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from counts_of_rows import CLASSES, simulated

from harness.evaluation.intervals import figures_of, interval, sampled, speaker_draws, speaker_intervals, table_intervals, training_variance

pytestmark = pytest.mark.usefixtures("one_thread")


def beta(rng: np.random.Generator, speakers: int, clips: int) -> np.ndarray:
    """One row of mean recall 0.5: each speaker has a recall of its own, from a beta distribution of standard deviation 0.1."""
    right = rng.binomial(clips, rng.beta(12, 12, speakers)[:, None], (speakers, CLASSES))
    counts, each = np.zeros((1, speakers, CLASSES, CLASSES), dtype=np.int64), np.arange(CLASSES)
    counts[0][:, each, each], counts[0][:, each, (each + 1) % CLASSES] = right, clips - right
    return counts


def speakers_counts(recalls: list[float], clips: int = 60) -> np.ndarray:
    """One seed, two classes: each speaker recognised at its own rate; (1, speakers, 2, 2)."""
    hits = np.array([[round(r * clips / 2)] * 2 for r in recalls])
    counts = np.zeros((1, len(recalls), 2, 2), dtype=np.int64)
    for c in range(2):
        counts[0, :, c, c], counts[0, :, c, 1 - c] = hits[:, c], clips // 2 - hits[:, c]
    return counts


def test_intervals_widen_when_speakers_differ_and_vanish_when_they_are_all_alike() -> None:
    rng = np.random.default_rng(0)
    alike = speaker_intervals(speakers_counts([0.5] * 20))["wa"]
    assert alike == (0.5, 0.5)
    recalls = rng.choice([0.3, 0.7], size=20).tolist()
    low, high = speaker_intervals(speakers_counts(recalls))["uar"]
    expected = 1.96 * float(np.std(recalls)) / math.sqrt(20)  # the mean of 20 speakers of equal weight
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    assert low < np.mean(recalls) < high
    assert speaker_intervals(speakers_counts(recalls)) == speaker_intervals(speakers_counts(recalls))


def test_figures_from_counts_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    figures = figures_of(confusion_matrix(truth, predicted))
    assert [float(figures[k]) for k in ("wa", "uar", "macro_f1")] == pytest.approx(
        [accuracy_score(truth, predicted), balanced_accuracy_score(truth, predicted), f1_score(truth, predicted, average="macro")])


@pytest.mark.parametrize("speakers", [20, 40])
def test_intervals_by_speaker_cover_the_truth_where_intervals_by_clip_do_not(speakers: int) -> None:
    rng, tables = np.random.default_rng(speakers), 1000
    covered = {"wa": 0, "uar": 0, "by clip": 0}
    for table in range(tables):
        counts = beta(rng, speakers, clips=8)
        found = speaker_intervals(counts, resamples=300, seed=table)
        for score in ("wa", "uar"):
            covered[score] += found[score][0] <= 0.5 <= found[score][1]
        wa = np.trace(counts.sum(axis=(0, 1))) / counts.sum()
        covered["by clip"] += abs(wa - 0.5) <= 1.96 * math.sqrt(wa * (1 - wa) / counts.sum())
    assert 0.92 <= covered["wa"] / tables <= 0.98 and 0.92 <= covered["uar"] / tables <= 0.98
    assert covered["by clip"] / tables < 0.80


@pytest.mark.parametrize(("speakers", "seeds", "training"), [(10, 1, 0.0), (30, 3, 0.0), (18, 3, 0.1), (18, 5, 0.1)])
def test_intervals_over_seeds_cover_the_truth_where_percentiles_are_too_narrow(speakers: int, seeds: int, training: float) -> None:
    rng, tables = np.random.default_rng(seeds), 600
    covered = percentiles = 0
    for table in range(tables):
        row = sampled(simulated(rng, [0.5], seeds, speakers, training=training)[0], speaker_draws(speakers, 300, table))["uar"]
        (low, high), (first, last) = interval(row, training_variance([row])), np.quantile(row.drawn, (0.025, 0.975))
        covered += low <= 0.5 <= high
        percentiles += first <= 0.5 <= last
    assert 0.92 <= covered / tables <= 0.98
    assert percentiles < covered


@pytest.mark.parametrize(("seeds", "training"), [((3, 3, 3, 3, 3), 0.1), ((1, 3, 3, 3, 3), 0.1), ((2, 2, 2), 0.0)])
def test_intervals_of_a_table_cover_the_truth_also_for_its_row_of_one_seed(seeds: tuple[int, ...], training: float) -> None:
    """The first row is looked at; its seeds' variance is that of the table."""
    rng, tables = np.random.default_rng(len(seeds)), 500
    covered = 0
    for table in range(tables):
        made = simulated(rng, [0.5] * len(seeds), max(seeds), 18, training=training)
        low, high = table_intervals([one[:n] for one, n in zip(made, seeds, strict=True)], 200, table)[0]["uar"]
        covered += low <= 0.5 <= high
    assert 0.92 <= covered / tables <= 0.98


def test_rows_of_a_table_share_one_variance_of_training_and_rows_of_too_few_speakers_have_none() -> None:
    rng = np.random.default_rng(5)
    steady, moody = simulated(rng, [0.5] * 2, 3), simulated(rng, [0.5] * 2, 3, training=0.3)[::-1]
    widths = [[high - low for low, high in (found["uar"] for found in table_intervals(rows))]
              for rows in ([steady[0]], [steady[0], moody[0]], [steady[0][:1], moody[0]])]
    assert widths[1][0] > 1.5 * widths[0][0] and widths[2][0] > widths[1][0]
    assert widths[0][0] == pytest.approx(np.diff(speaker_intervals(steady[0])["uar"])[0])
    assert math.isnan(table_intervals([steady[0], moody[0][:, :4]])[1]["uar"][0])


def test_the_variance_of_networks_is_not_that_of_what_is_fitted_at_once() -> None:
    """An estimator of one seed gets the variance of others, which is none here, and not that of networks; nor do networks lose some."""
    rng = np.random.default_rng(5)
    steady, moody = simulated(rng, [0.5] * 2, 3), simulated(rng, [0.5] * 2, 3, training=0.3)[::-1]
    same = np.repeat(steady[0][:1], 3, axis=0)  # three fits that agree

    def widths(rows: list[np.ndarray], at_once: list[bool]) -> list[float]:
        return [high - low for low, high in (found["uar"] for found in table_intervals(rows, at_once=at_once))]

    of_one, of_three, of_network = widths([steady[1][:1], same, moody[0]], [True, True, False])
    assert of_one == pytest.approx(widths([steady[1][:1]], [True])[0]) and of_three == pytest.approx(widths([same], [True])[0])
    assert of_network == pytest.approx(widths([moody[0]], [False])[0])
    assert widths([steady[1][:1], same, moody[0]], [False] * 3)[0] > 1.5 * of_one


def test_an_interval_stays_within_what_a_score_can_be_and_few_speakers_have_none() -> None:
    counts = beta(np.random.default_rng(0), 6, clips=2)
    counts[0, :, :, :] = np.eye(CLASSES, dtype=np.int64)
    counts[0, 0] = np.roll(counts[0, 0], 1, axis=1)
    assert speaker_intervals(counts)["uar"][1] == 1.0
    assert all(math.isnan(bound) for bounds in speaker_intervals(counts[:, :4]).values() for bound in bounds)
