"""The statistics that leaderboards print: what is known of a figure from its seeds, and from the speakers it was measured on."""

from __future__ import annotations

import math
import statistics

import numpy as np

RESAMPLES = 10_000
LEAST_SPEAKERS = 5  # fewer say nothing about other speakers


def mean_sd(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n − 1); NaN as the deviation of a single value.

    >>> mean_sd([0.4, 0.5, 0.6])
    (0.5, 0.1)
    """
    mean = statistics.fmean(values)
    return round(mean, 12), round(statistics.stdev(values), 12) if len(values) > 1 else math.nan


def speaker_intervals(counts: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals of WA, UAR and macro-F1, whole speakers resampled: clips of a speaker are not independent.

    Args:
        counts: confusion counts, shape (seeds, speakers, truth, predicted); the figure is the mean over the seeds.
    Returns: `wa`, `uar`, `macro_f1` -> (low, high); NaN for fewer than five speakers.
    Reference: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; by groups, Davison and Hinkley 1997, section 3.8.
    """
    seeds, speakers, classes, _ = counts.shape
    drawn = np.random.default_rng(seed).multinomial(speakers, np.full(speakers, 1 / speakers), size=resamples)  # (resamples, speakers)
    flat = drawn.astype(np.float64) @ counts.transpose(1, 0, 2, 3).reshape(speakers, -1)
    figures = figures_of(flat.reshape(resamples, seeds, classes, classes))
    if speakers < LEAST_SPEAKERS:
        return dict.fromkeys(figures, (math.nan, math.nan))
    return {score: (float(low), float(high)) for score, values in figures.items()
            for low, high in [np.quantile(values.mean(axis=1), (0.025, 0.975))]}


def figures_of(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """WA, UAR over the classes that occur, and macro-F1 over all, of confusion counts of shape (…, truth, predicted).

    >>> float(figures_of(np.array([[1, 0], [1, 2]]))["uar"].round(3))
    0.833
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    truth, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    recall, f1 = hits / np.maximum(truth, 1), 2 * hits / np.maximum(truth + predicted, 1)
    return {"wa": hits.sum(axis=-1) / truth.sum(axis=-1), "uar": recall.sum(axis=-1) / (truth > 0).sum(axis=-1),
            "macro_f1": f1.mean(axis=-1)}
