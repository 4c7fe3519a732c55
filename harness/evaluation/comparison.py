"""Two runs or two rows on the same test clips, and whether the second is significantly worse."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.evaluation.find_runs import RunsToCompare
from harness.evaluation.intervals import LEAST_SPEAKERS, LEVEL, RESAMPLES, SCORES
from harness.evaluation.ranks import pairs
from harness.training.predictions import speaker_counts
from registry.errors import UsageError


@dataclass(frozen=True)
class Difference:
    """One score of B less that of A: the figures are means over seeds, (low, high) is a 95 % interval, p is two-sided.

    Interval and p are NaN for fewer than five speakers.
    """

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float

    @property
    def worse(self) -> bool:
        """Whether B is significantly worse."""
        return self.p < LEVEL and self.difference < 0


@dataclass(frozen=True)
class Comparison:
    """All that `bench compare` tells. A clip counts as right when more than half of the seeds are right.

    Args:
        one_seed_each: neither side has two trainings, so that the luck of training is in no interval and no p.
        wronged: clips right in A and wrong in B. righted: the other way. parameters: setting -> (value in A, in B) where they differ.
    """

    a: str
    b: str
    clips: int
    speakers: int
    seeds: tuple[tuple[str, ...], tuple[str, ...]]
    one_seed_each: bool
    scores: dict[str, Difference]
    wronged: tuple[str, ...]
    righted: tuple[str, ...]
    parameters: dict[str, tuple[str, str]]
    same: dict[str, bool]

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs; what can't be told is null."""
        scores = {score: {key: None if math.isnan(value) else value for key, value in asdict(found).items()} | {"worse": found.worse}
                  for score, found in self.scores.items()}
        return asdict(self) | {"scores": scores}


def compare(a: RunsToCompare, b: RunsToCompare, resamples: int = RESAMPLES) -> Comparison:
    """B less A on their test clips. Raises: UsageError when these are not the same clips with the same labels."""
    _require_same_clips(a, b)
    first, second = speaker_counts(a.predictions), speaker_counts(b.predictions)
    found = pairs([first, second], resamples)
    means = [{score: float(np.mean([getattr(said.scores, score) for said in side.predictions])) for score in SCORES} for side in (a, b)]
    scores = {score: Difference(means[0][score], means[1][score], *(float(values[0, 1]) for values in (
        test.difference, test.low, test.high, test.p))) for score, test in found.items()}
    right_a, right_b = _right(a), _right(b)
    clips = a.predictions[0].clips
    return Comparison(a.name, b.name, len(clips), first.shape[1], (a.seeds, b.seeds), len(a.predictions) == len(b.predictions) == 1, scores,
                      tuple(clips[right_a & ~right_b].tolist()),
                      tuple(clips[~right_a & right_b].tolist()), _parameters(a, b),
                      {key: value == b.fingerprints[key] for key, value in a.fingerprints.items()})


def _require_same_clips(a: RunsToCompare, b: RunsToCompare) -> None:
    one = a.predictions[0]
    for side in (a, b):
        for other in side.predictions:
            shared = len(set(one.clips.tolist()) & set(other.clips.tolist()))
            if shared < len(one.clips) or shared < len(other.clips):
                raise UsageError(f"{a.name} and {side.name} have different test clips ({len(one.clips)} and {len(other.clips)}, {shared} "
                                 "in both), so their figures can't be compared: run both on the same corpus and split")
            if one.emotions != other.emotions or (one.truth != other.truth).any():
                raise UsageError(f"{a.name} and {side.name} have other emotions for the same test clips: run both on the same corpus")


def _right(side: RunsToCompare) -> np.ndarray:
    return np.mean([said.predicted == said.truth for said in side.predictions], axis=0) > 0.5


def _parameters(a: RunsToCompare, b: RunsToCompare) -> dict[str, tuple[str, str]]:
    keys = sorted(a.parameters.keys() | b.parameters.keys())
    values = {key: (a.parameters.get(key, "–"), b.parameters.get(key, "–")) for key in keys}
    return {key: pair for key, pair in values.items() if pair[0] != pair[1]}


def verdict(found: Comparison, one_seed: bool = False) -> str:
    """By UAR, in words.

    Args: one_seed: that one seed on each side is enough for the user, so that a worse B ends with code 1.
    """
    uar = found.scores["uar"]
    luck = " One seed each: what another training would give is not in this." if found.one_seed_each else ""
    if math.isnan(uar.p):
        return f"Can't tell: {found.speakers} test speakers, and {LEAST_SPEAKERS} is the least." + luck
    if uar.p >= LEVEL:
        return "A and B can't be told apart in UAR." + luck
    if luck and uar.worse and not one_seed:
        luck += " So the exit code is 0: compare with two seeds on a side, or make one count by --one-seed."
    which = "These two networks: " if luck else ""
    return f"{which}B is significantly {'worse' if uar.worse else 'better'} than A in UAR." + luck
