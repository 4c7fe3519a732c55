"""Intervals cover the truth as often as they say, and corrected tests of equal models err as rarely as they say.

The simulations are of six emotions. Whether a clip is recognised depends on its speaker, on the clip, on how a network takes to a
speaker, on the luck of one training, and on chance; the first two are the same for all rows of a table, so networks are right on much
the same clips.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import ttest_rel
from threadpoolctl import threadpool_limits

from harness.evaluation.folds import compare_over_folds, critical_difference, folds
from harness.evaluation.intervals import figures_of, interval, sampled, speaker_draws, speaker_intervals, table_intervals, training_variance
from harness.evaluation.ranks import Pairs, holm, pairs
from harness.evaluation.rows import Row
from harness.reports.figures import critical_difference_figure, joined
from harness.training.figures import save
from registry.errors import BenchError

CLASSES = 6
SPEAKER, CLIP, TASTE = 0.3, 0.8, 0.1  # standard deviations of what speaks for a clip, of 1 in all
DEMSAR = np.array([  # AUC of four variants of C4.5 on 14 data sets: Demšar 2006, table 6; voting's two .975 are no tie in his ranks
    [.763, .768, .771, .798], [.599, .591, .590, .569], [.954, .971, .968, .967], [.628, .661, .654, .657], [.882, .888, .886, .898],
    [.936, .931, .916, .931], [.661, .668, .609, .685], [.583, .583, .563, .625], [.775, .838, .866, .875], [1, 1, 1, 1],
    [.940, .962, .965, .962], [.619, .666, .614, .669], [.972, .981, .9751, .9749], [.957, .978, .946, .970]])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Products of small matrices are slower on several threads that share few cores."""
    with threadpool_limits(1):
        yield


def simulated(rng: np.random.Generator, recalls: list[float], seeds: int = 1, speakers: int = 30, clips: int = 4,
              training: float = 0.0) -> np.ndarray:
    """Counts of rows of these true recalls (rows, seeds, speakers, truth, predicted); `clips` of each speaker and emotion."""
    rows, rest = len(recalls), math.sqrt(1 - SPEAKER**2 - CLIP**2 - TASTE**2)
    heard = rng.normal(0, SPEAKER, (speakers, 1, 1)) + rng.normal(0, CLIP, (speakers, CLASSES, clips))
    heard = heard + rng.normal(0, TASTE, (rows, 1, speakers, 1, 1)) + rng.normal(0, training, (rows, seeds, 1, 1, 1))
    threshold = ndtri(recalls)[:, None, None, None, None] * math.sqrt(1 + training**2)
    right = (heard + rng.normal(0, rest, (rows, seeds, speakers, CLASSES, clips)) < threshold).sum(axis=-1)
    counts, each = np.zeros((*right.shape, CLASSES), dtype=np.int64), np.arange(CLASSES)
    counts[..., each, each], counts[..., each, (each + 1) % CLASSES] = right, clips - right
    return counts


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


def test_an_interval_stays_within_what_a_score_can_be_and_few_speakers_have_none() -> None:
    counts = beta(np.random.default_rng(0), 6, clips=2)
    counts[0, :, :, :] = np.eye(CLASSES, dtype=np.int64)
    counts[0, 0] = np.roll(counts[0, 0], 1, axis=1)
    assert speaker_intervals(counts)["uar"][1] == 1.0
    assert all(math.isnan(bound) for bounds in speaker_intervals(counts[:, :4]).values() for bound in bounds)


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
    found = Pairs(difference, difference, difference, corrected, corrected)
    assert found.ranks == [1, 1, 2, 4]


def test_holms_correction_is_that_of_r() -> None:
    assert holm(np.array([0.01, 0.02, 0.03, 0.04, 0.05])).tolist() == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])  # p.adjust
    assert holm(np.array([0.9, 0.7])).tolist() == [1.0, 1.0] and holm(np.array([])).tolist() == []


def test_average_ranks_and_critical_difference_are_those_of_demsars_example() -> None:
    found = compare_over_folds(DEMSAR)
    assert found.average_ranks.tolist() == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)  # his page 15
    assert found.friedman < 0.05 and found.reason_missing == ""
    assert critical_difference(2, 10) == pytest.approx(1.960 * math.sqrt(1 / 10), abs=1e-3)  # his table 5
    assert critical_difference(10, 10) == pytest.approx(3.164 * math.sqrt(110 / 60), abs=2e-3)


def test_signed_ranks_of_six_blocks_with_one_winner_have_p_of_2_in_64() -> None:
    figures = np.array([[0.5 + 0.01 * i, 0.4, 0.4 + 0.001 * i] for i in range(1, 7)])
    found = compare_over_folds(figures)
    assert found.corrected[0, 1] == found.corrected[1, 0] == pytest.approx(3 * 2 / 64)
    assert compare_over_folds(np.full((6, 3), 0.5)).friedman == 1.0


@pytest.mark.parametrize(("blocks", "rows", "said"), [(3, 4, "there are 3"), (1, 3, "there is 1"),
                                                      (4, 3, "there are 4"), (9, 2, "of two rows")])
def test_where_blocks_are_too_few_a_sentence_says_why(blocks: int, rows: int, said: str) -> None:
    found = compare_over_folds(np.random.default_rng(0).random((blocks, rows)))
    assert math.isnan(found.critical_difference)
    assert re.search(said, found.reason_missing)


def row(label: str, split: str, uar: float, seeds: int = 1) -> Row:
    """A row of a leaderboard with little in it."""
    empty = {field.name: "" for field in dataclasses.fields(Row)}
    return Row(**empty | {"recipe": label, "split": split, "seeds": seeds, "corpus": "crema_d",  # type: ignore[arg-type]
                          "corpus_fingerprint": "ab", "test": {"uar": (uar, math.nan)}})


def test_folds_of_one_protocol_are_the_blocks_of_the_rows_that_have_them_all() -> None:
    made = [row(label, f"speaker_folds[folds=3, fold={fold}]", 0.1 * fold + (label == "b")) for label in "ab" for fold in range(3)]
    made += [row("c", "speaker_folds[folds=3, fold=0]", 0.5), row("a", "random_80_20", 0.5), row("a", "speaker_folds[fold=1]", 0.5)]
    (protocol, (labels, figures)), = folds(made).items()
    assert protocol == "speaker_folds[folds=3] on crema_d (ab)" and labels == ["a", "b"]
    assert figures == pytest.approx(np.array([[0.0, 1.0], [0.1, 1.1], [0.2, 1.2]]))


def test_the_diagram_joins_rows_within_the_critical_difference_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    found = compare_over_folds(DEMSAR)
    assert joined(np.sort(found.average_ranks), found.critical_difference) == [(0, 3)]
    assert joined(np.array([1.0, 1.5, 3.0, 3.2, 5.0]), 0.6) == [(0, 1), (2, 3)]
    for name in ("one.png", "two.png"):
        figure = critical_difference_figure(["C4.5", "+m", "+cf", "+m+cf"], found.average_ranks, found.critical_difference, "Demšar")
        save(figure, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
