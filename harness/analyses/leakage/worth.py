"""What a cell gave under each protocol, and how far two protocols are apart: the figures behind `reports/leakage.md`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.evaluation.intervals import (
    LEAST_SPEAKERS,
    LEVEL,
    Sampled,
    sampled,
    speaker_draws,
    speaker_intervals,
    standard_error,
    training_variance,
)
from harness.reports.markdown import with_interval

PROTOCOLS = {"speakers": "unseen speakers", "copied": "unseen speakers, copies after the split", "sentences": "unseen sentences",
             "random": "random clips", "after": "random clips, copies after the split", "before": "copies before the split (WRONG)"}


@dataclass(frozen=True, eq=False)
class ProtocolResult:
    """What one cell gave under one protocol.

    Args:
        counts: confusion counts on test, shape (seeds, speakers, truth, predicted), speakers sorted. test: ids of the test clips, sorted.
        clips: of each part, in words. seeds: their numbers. corpus: with its fields. settings: of the command line.
    """

    counts: np.ndarray
    test: tuple[str, ...]
    clips: dict[str, int]
    coverage: str
    synthetic: bool
    epochs: int
    seeds: tuple[str, ...]
    corpus: str = ""
    settings: str = ""
    augmentation: str = ""

    @property
    def training_clips(self) -> int:
        """What the network was trained on, altered copies included."""
        return self.clips["train"] + self.clips.get("copies", 0)


@dataclass(frozen=True, eq=False)
class CellUnderProtocols:
    """One cell of a study under those of `PROTOCOLS` that were trained; one result stands twice where the cell makes copies itself.

    Args:
        asked: the study's name or file, as it was given.
    """

    study: str
    cell: str
    under: dict[str, ProtocolResult]
    asked: str = ""

    @property
    def corpus(self) -> str:
        """The corpus with its fields; empty where only the wrong protocol was trained."""
        return next((under.corpus for protocol, under in self.under.items() if protocol != "before"), "")


def uar(found: ProtocolResult | None) -> str:
    """`0.512 [0.489, 0.534]`; a dash where nothing was trained."""
    return "–" if found is None else with_interval(_sampled(found, seed=0).value, *speaker_intervals(found.counts)["uar"])


def _sampled(found: ProtocolResult, seed: int) -> Sampled:
    return sampled(found.counts, speaker_draws(found.counts.shape[1], seed=seed))["uar"]


def difference(one: ProtocolResult, other: ProtocolResult) -> tuple[float, float, float]:
    """UAR of one less that of the other with a 95 % interval, NaN for too few speakers; paired by speaker on the same test clips."""
    from scipy.special import stdtrit

    paired = one.test == other.test
    a, b = _sampled(one, seed=0), _sampled(other, seed=0 if paired else 1)
    value = a.value - b.value
    if min(a.speakers, b.speakers) < LEAST_SPEAKERS:
        return value, math.nan, math.nan
    training, freedom = training_variance([a, b])
    if paired:
        error, df = standard_error((a.drawn - b.drawn).var(), a.speakers, training / a.seeds + training / b.seeds, freedom)
    else:
        errors, dfs = zip(*(standard_error(row.drawn.var(), row.speakers, training / row.seeds, freedom) for row in (a, b)), strict=True)
        error, parts = np.hypot(*errors), sum(e**4 / d for e, d in zip(errors, dfs, strict=True))
        df = error**4 / parts if parts > 0 else min(dfs)  # Welch 1947
    half = float(stdtrit(df, 1 - LEVEL / 2) * error)
    return value, value - half, value + half
