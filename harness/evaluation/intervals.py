"""Intervals of the figures that leaderboards print, from the seeds of a row and the speakers that it was tested on.

Clips of a speaker are not independent, so whole speakers are resampled; and another training of the same network gives other figures, so
the variance between seeds is added where there are several: one variance for all networks of a table and one for all estimators, which
are fitted at once and differ little between seeds, so that a row's interval and its rank agree. An interval is measured ± Student's t ×
the standard error of both; plain percentiles of the same bootstrap are too narrow for few speakers.
tests/harness/evaluation/test_intervals.py measures how often each covers the truth.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RESAMPLES = 10_000
LEAST_SPEAKERS = 5  # fewer say nothing about other speakers
LEVEL = 0.05
Figure = tuple[float, float, float]  # a value with the bounds of its 95 % interval
Variance = tuple[float, float]  # an estimate with its degrees of freedom, both 0 where there is none
SCORES = {"wa": "WA", "uar": "UAR", "macro_f1": "macro-F1"}  # as code and as people call them


def mean_sd(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n − 1); NaN as the deviation of a single value.

    >>> mean_sd([0.4, 0.5, 0.6])
    (0.5, 0.1)
    """
    mean = statistics.fmean(values)
    return round(mean, 12), round(statistics.stdev(values), 12) if len(values) > 1 else math.nan


@dataclass(frozen=True, eq=False)
class Sampled:
    """One score of one row: as measured, and under each draw of its speakers.

    Args:
        value: mean over the seeds. drawn: the same under each draw, shape (resamples,). seeds, speakers: how many.
        at_once: fitted at once, as estimators are, and not trained by epochs.
        between: variance between the seeds; 0 for one. excess: the part of it that speakers do not explain, negative by chance.
    """

    value: float
    drawn: np.ndarray
    seeds: int
    speakers: int
    at_once: bool
    between: float
    excess: float


@lru_cache(maxsize=8)
def speaker_draws(speakers: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each speaker is in each bootstrap sample of so many speakers: (resamples, speakers), float64, not to be written to.

    All rows, scores and groups of as many speakers have the same draws, which are kept.
    """
    draws = np.random.default_rng(seed).multinomial(speakers, np.full(speakers, 1 / speakers), size=resamples).astype(np.float64)
    draws.flags.writeable = False
    return draws


def sampled(counts: np.ndarray, draws: np.ndarray, at_once: bool = False) -> dict[str, Sampled]:
    """WA, UAR and macro-F1 of a row under draws of its speakers; rows that get the same draws are compared speaker by speaker.

    Args:
        counts: confusion counts, shape (seeds, speakers, truth, predicted). draws: of `speaker_draws`, shape (resamples, speakers).
    """
    seeds, speakers, classes, _ = counts.shape
    parts = [draws @ part.transpose(1, 0, 2).reshape(speakers, -1).astype(np.float64) for part in _margins(counts)]
    under, measured = _figures(*(part.reshape(-1, seeds, classes) for part in parts)), figures_of(counts.sum(axis=1))
    return {score: Sampled(float(measured[score].mean()), under[score].mean(axis=1), seeds, speakers, at_once,
                           *_between(measured[score], under[score])) for score in SCORES}


def _between(measured: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """Variance between seeds, and the same less what it would be if seeds differed by their speakers' clips alone."""
    seeds = len(measured)
    if seeds == 1:
        return 0.0, 0.0
    by_speakers = (drawn - drawn.mean(axis=1, keepdims=True)).var(axis=0).mean() * seeds / (seeds - 1)
    return float(measured.var(ddof=1)), float(measured.var(ddof=1) - by_speakers)


def training_variance(rows: Sequence[Sampled]) -> dict[bool, Variance]:
    """Variance of one training, of networks (False) and of what is fitted at once (True), each pooled over its rows; none is negative.

    Without a row of two seeds there is none. The less of the variance between seeds it is, the fewer degrees of freedom: it is a difference
    of two estimates.
    """
    return {at_once: _pooled([row for row in rows if row.at_once is at_once]) for at_once in (False, True)}


def _pooled(rows: Sequence[Sampled]) -> Variance:
    freedom = sum(row.seeds - 1 for row in rows)
    between, excess = (sum(getattr(row, part) * (row.seeds - 1) for row in rows) for part in ("between", "excess"))
    return (excess / freedom, freedom * (excess / between) ** 2) if excess > 0 else (0.0, 0.0)


def standard_error(resampled: np.ndarray, speakers: int, training: Mapping[bool, Variance], trainings: Mapping[bool, np.ndarray | float],
                   ) -> tuple[np.ndarray, np.ndarray]:
    """Standard error from the bootstrap variance and the variance by training, and its degrees of freedom.

    Args:
        training: variance of one training of networks and of what is fitted at once. trainings: of each kind, by what it is multiplied: of
            a mean over seeds 1 / seeds, of a difference the sum over both sides.
    Reference: Satterthwaite 1946 for the degrees of freedom of a sum; n / (n − 1) as in Davison and Hinkley 1997, section 2.3.
    """
    total = by_speakers = np.asarray(resampled * speakers / (speakers - 1))
    parts = by_speakers**2 / (speakers - 1)
    for at_once, (variance, freedom) in training.items():
        if freedom:
            total = total + variance * trainings[at_once]
            parts = parts + np.square(variance * trainings[at_once]) / freedom
    return np.sqrt(total), np.where(parts > 0, total**2 / np.where(parts > 0, parts, 1), speakers - 1)


def trainings(*rows: Sampled) -> dict[bool, float]:
    """Of networks (False) and of what is fitted at once (True): by what the variance of one training is multiplied in a sum of rows."""
    return {at_once: sum(1 / row.seeds for row in rows if row.at_once is at_once) for at_once in (False, True)}


def speaker_intervals(counts: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % intervals of WA, UAR and macro-F1 for new speakers and, with several seeds, for new trainings too.

    Args:
        counts: confusion counts, shape (seeds, speakers, truth, predicted); the figure is the mean over the seeds.
    Returns: `wa`, `uar`, `macro_f1` -> (low, high) within [0, 1]; NaN for fewer than five speakers.
    Reference: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; by groups, Davison and Hinkley 1997, section 3.8.
    """
    return table_intervals([counts], resamples, seed)[0]


def table_intervals(rows: Sequence[np.ndarray], resamples: int = RESAMPLES, seed: int = 0, at_once: Sequence[bool] = ()
                    ) -> list[dict[str, tuple[float, float]]]:
    """The intervals of every row of a table, with the variance of training pooled over its kind, as the tests of pairs pool it.

    A row of one seed gets it from the others; where all have one seed it is in no interval.
    Args:
        rows: of each row, counts as `speaker_intervals` takes them; rows may differ in speakers and in seeds.
        at_once: of each, whether it is fitted at once; empty: none is.
    """
    samples = [sampled(counts, speaker_draws(counts.shape[1], resamples, seed), kind) if counts.shape[1] >= LEAST_SPEAKERS else None
               for counts, kind in zip(rows, at_once or [False] * len(rows), strict=True)]
    pooled = {score: training_variance([row[score] for row in samples if row]) for score in SCORES}
    return [{score: interval(row[score], pooled[score]) if row else (math.nan, math.nan) for score in SCORES} for row in samples]


def interval(row: Sampled, pooled: Mapping[bool, Variance]) -> tuple[float, float]:
    """The 95 % interval of one score of one row, within [0, 1]. Args: pooled: `training_variance` of the rows of the table."""
    from scipy.special import stdtrit  # scipy.stats takes half a second to load

    error, df = standard_error(row.drawn.var(), row.speakers, pooled, trainings(row))
    half = float(stdtrit(df, 1 - LEVEL / 2) * error)
    return max(row.value - half, 0.0), min(row.value + half, 1.0)


def difference_of(one: Sampled, other: Sampled, among: Sequence[Sampled] = ()) -> Figure:
    """A score of one row less that of another with its 95 % interval, NaN for too few speakers.

    Both are of the same test clips, under the same draws of speakers.

    Args: among: the rows over which the variance of training is pooled; empty: these two.
    """
    from scipy.special import stdtrit

    value = one.value - other.value
    if one.speakers < LEAST_SPEAKERS:
        return value, math.nan, math.nan
    error, df = standard_error((one.drawn - other.drawn).var(), one.speakers, training_variance(among or [one, other]),
                               trainings(one, other))
    half = float(stdtrit(df, 1 - LEVEL / 2) * error)
    return value, value - half, value + half


def is_told(difference: Figure) -> bool:
    """Whether a difference is more than chance explains: its interval leaves out 0. False without an interval."""
    return difference[1] > 0 or difference[2] < 0


def figures_of(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """WA, and UAR and macro-F1 over the classes that occur, of confusion counts of shape (…, truth, predicted).

    >>> float(figures_of(np.array([[1, 0], [1, 2]]))["uar"].round(3))
    0.833
    """
    return _figures(*_margins(confusion))


def _margins(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What figures depend on, three numbers a class instead of their square: right answers, clips, predictions; (…, classes) each."""
    return np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1), confusion.sum(axis=-2)


def _figures(hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> dict[str, np.ndarray]:
    recall, f1 = hits / np.maximum(truth, 1), 2 * hits / np.maximum(truth + predicted, 1)
    return {"wa": hits.sum(axis=-1) / truth.sum(axis=-1), "uar": recall.sum(axis=-1) / (truth > 0).sum(axis=-1),
            "macro_f1": (f1 * (truth > 0)).sum(axis=-1) / (truth > 0).sum(axis=-1)}
