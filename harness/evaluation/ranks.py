"""Which rows of a leaderboard can be told apart: paired tests on the same test clips with Holm's correction, and shared ranks.

Two rows are compared speaker by speaker: the same resampled speakers give the standard error of the difference, the variance of training
is pooled over the networks that have several seeds, which takes them to be about equally stable, and over the estimators, and Student's
t gives interval and two-sided p. The p is not a share of resamples: 10,000 of them could tell nothing among 30 rows, whose 435 pairs need
p < 0.0001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.evaluation.intervals import (
    LEAST_SPEAKERS,
    LEVEL,
    RESAMPLES,
    Sampled,
    sampled,
    speaker_draws,
    standard_error,
    training_variance,
    trainings,
)
from registry.errors import BenchError

NOTHING = 1e-12  # smaller differences are rounding


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of k rows by one score; each array has the shape (k, k), entry [i, j] is of row j less row i.

    Args:
        difference: of the measured figures. low, high: 95 % interval, of this pair alone. p: two-sided, of this pair alone.
        corrected: p after Holm's correction over all pairs; NaN, like p and the interval, for fewer than five speakers.
        detectable: the least difference that would be significant with the correction of its first step, in which a pair has to hold
            against all others; a true difference of that size is found about every other time. NaN like p.
    """

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    corrected: np.ndarray
    detectable: np.ndarray

    @property
    def better(self) -> np.ndarray:
        """Whether row j is significantly better than row i, after the correction: (k, k), bool."""
        return (self.corrected < LEVEL) & (self.difference > 0)

    @property
    def ranks(self) -> list[int]:
        """1 + the number of rows that are significantly better; rows of rank 1 can't be told apart from each other.

        Rows of another rank that they share have equally many better ones; a noisy row may rank above one with a higher figure.
        """
        return [1 + int(count) for count in self.better.sum(axis=1)]

    @property
    def smallest(self) -> tuple[float, float]:
        """What this test part could have shown, of one pair alone and of all: the median over pairs. NaN for fewer than five speakers."""
        places = np.triu_indices(len(self.p), k=1)
        return float(np.median((self.high - self.difference)[places])), float(np.median(self.detectable[places]))


def pairs(counts: Sequence[np.ndarray] | np.ndarray, resamples: int = RESAMPLES, seed: int = 0, at_once: Sequence[bool] = ()
          ) -> dict[str, Pairs]:
    """Every row against every other by `wa`, `uar` and `macro_f1`; Holm's correction is within each score.

    Args:
        counts: of each row, confusion counts of shape (seeds, speakers, truth, predicted) from the same test clips, speakers in the same
            order; rows may have different numbers of seeds.
        at_once: of each row, whether it is fitted at once; empty: none is.
    Raises: BenchError when speakers have different clips in two rows.
    """
    _require_same_clips(counts)
    draws = speaker_draws(counts[0].shape[1], resamples, seed)
    rows = [sampled(row, draws, kind) for row, kind in zip(counts, at_once or [False] * len(counts), strict=True)]
    return {score: _pairs([row[score] for row in rows]) for score in rows[0]}


def _require_same_clips(counts: Sequence[np.ndarray] | np.ndarray) -> None:
    clips = [row.sum(axis=-1) for row in counts]  # (seeds, speakers, truth)
    if any(row.shape[1:] != clips[0].shape[1:] or (row != clips[0][0]).any() for row in clips):
        raise BenchError("rows are compared on the same test clips only, and these differ in clips, speakers or emotions: "
                         "compare rows of one corpus and one split")


def _pairs(rows: list[Sampled]) -> Pairs:
    from scipy.special import stdtr, stdtrit

    speakers = rows[0].speakers
    values, drawn = np.array([row.value for row in rows]), np.array([row.drawn for row in rows])
    difference = values[None, :] - values[:, None]
    if speakers < LEAST_SPEAKERS:
        unknown = np.full_like(difference, np.nan)
        return Pairs(difference, unknown, unknown, unknown, unknown, unknown)
    of_each = {at_once: np.array([trainings(row)[at_once] for row in rows]) for at_once in (False, True)}
    error, df = standard_error(_variances(drawn), speakers, training_variance(rows),
                               {at_once: each[:, None] + each[None, :] for at_once, each in of_each.items()})
    half = stdtrit(df, 1 - LEVEL / 2) * error
    t = np.abs(difference) / np.maximum(error, NOTHING)
    p = np.where(np.abs(difference) < NOTHING, 1.0, 2 * stdtr(df, -t))
    first_step = LEVEL / max(len(rows) * (len(rows) - 1) // 2, 1)
    return Pairs(difference, difference - half, difference + half, p, over_pairs(p), stdtrit(df, 1 - first_step / 2) * error)


def _variances(drawn: np.ndarray) -> np.ndarray:
    """Bootstrap variance of every difference, from (rows, resamples): (rows, rows)."""
    covariance = np.atleast_2d(np.cov(drawn, bias=True))
    variance = np.diagonal(covariance)
    return np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0.0)  # rounding may give less than 0


def over_pairs(p: np.ndarray) -> np.ndarray:
    """Holm's correction over the pairs of a symmetric matrix of p values, 1 on the diagonal."""
    upper = np.triu_indices(len(p), k=1)
    corrected = np.ones_like(p)
    corrected[upper] = holm(p[upper])
    corrected.T[upper] = corrected[upper]
    return corrected


def holm(p: np.ndarray) -> np.ndarray:
    """P values corrected for their number: below 0.05, all of them hold together in 95 of 100 tables, however they depend on each other.

    Reference: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979.

    >>> holm(np.array([0.01, 0.04, 0.03, 0.005])).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    order = np.argsort(p)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return corrected
