"""Two runs or two rows on the same test clips, and whether the second is significantly worse."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.evaluation.find_runs import RunsToCompare
from harness.evaluation.intervals import LEAST_SPEAKERS, LEVEL, RESAMPLES, SCORES
from harness.evaluation.ranks import pairs
from harness.evaluation.rows import plain
from harness.safe_text import plural
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
    """B less A on the same test clips. A clip counts as right when more than half of the seeds are right.

    Args:
        one_seed_each: neither side has two trainings, so that the luck of training is in no interval and no p.
        only_right_in_a, only_right_in_b: clips. parameters: setting -> (value in A, in B) where they differ.
        same: `corpus` and `split` -> whether both have the same fingerprint.
    """

    a: str
    b: str
    clips: int
    speakers: int
    seeds: tuple[tuple[str, ...], tuple[str, ...]]
    one_seed_each: bool
    scores: dict[str, Difference]
    only_right_in_a: tuple[str, ...]
    only_right_in_b: tuple[str, ...]
    parameters: dict[str, tuple[str, str]]
    same: dict[str, bool]

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs; figures that do not exist are null."""
        data = asdict(self) | {"scores": {name: plain(asdict(score)) | {"worse": score.worse} for name, score in self.scores.items()}}
        data["wronged"], data["righted"] = data.pop("only_right_in_a"), data.pop("only_right_in_b")  # as programs know them
        return data


def compare(a: RunsToCompare, b: RunsToCompare, resamples: int = RESAMPLES) -> Comparison:
    """B less A on their test clips. Raises: UsageError when these are not the same clips with the same labels."""
    _require_same_clips(a, b)
    counts = [speaker_counts(side.predictions) for side in (a, b)]
    means = {score: [float(np.mean([getattr(seed.scores, score) for seed in side.predictions])) for side in (a, b)] for score in SCORES}
    scores = {score: Difference(*means[score], *(float(values[0, 1]) for values in (test.difference, test.low, test.high, test.p)))
              for score, test in pairs(counts, resamples, at_once=[side.at_once for side in (a, b)]).items()}
    right_a, right_b, clips = _right(a), _right(b), a.predictions[0].clips
    speakers = counts[0].shape[1] if a.predictions[0].knows_speakers else 0
    return Comparison(
        a.name, b.name, len(clips), speakers, (a.seeds, b.seeds), len(a.predictions) == len(b.predictions) == 1, scores,
        only_right_in_a=tuple(clips[right_a & ~right_b].tolist()), only_right_in_b=tuple(clips[~right_a & right_b].tolist()),
        parameters=_parameters(a, b), same={key: value == b.fingerprints[key] for key, value in a.fingerprints.items()})


def _require_same_clips(a: RunsToCompare, b: RunsToCompare) -> None:
    first = a.predictions[0]
    for side in (a, b):
        for other in side.predictions:
            shared = len(set(first.clips.tolist()) & set(other.clips.tolist()))
            if shared < len(first.clips) or shared < len(other.clips):
                raise UsageError(f"{a.name} and {side.name} have different test clips ({len(first.clips)} and {len(other.clips)}, {shared} "
                                 "in both), so their figures can't be compared: run both on the same corpus and split")
            if first.emotions != other.emotions or (first.truth != other.truth).any():
                raise UsageError(f"{a.name} and {side.name} have other emotions for the same test clips: run both on the same corpus")


def _right(side: RunsToCompare) -> np.ndarray:
    """Whether most seeds are right, shape (clips,)."""
    return np.mean([seed.predicted == seed.truth for seed in side.predictions], axis=0) > 0.5


def _parameters(a: RunsToCompare, b: RunsToCompare) -> dict[str, tuple[str, str]]:
    keys = sorted(a.parameters.keys() | b.parameters.keys())
    values = {key: (a.parameters.get(key, "–"), b.parameters.get(key, "–")) for key in keys}
    return {key: pair for key, pair in values.items() if pair[0] != pair[1]}


def verdict(comparison: Comparison, one_seed: bool = False) -> str:
    """By UAR, in words.

    Args: one_seed: that one seed on each side is enough for the user, so that a worse B ends with code 1.
    """
    uar = comparison.scores["uar"]
    luck = " One seed each: what another training would give is not in this." if comparison.one_seed_each else ""
    if math.isnan(uar.p):
        few = f"{plural(comparison.speakers, 'test speaker')}, and {LEAST_SPEAKERS} is the least"
        return f"Can't tell: {few if comparison.speakers else 'who speaks is not known'}." + luck
    if uar.p >= LEVEL:
        return "A and B can't be told apart in UAR." + luck
    if luck and uar.worse and not one_seed:
        luck += " So the exit code is 0: compare with two seeds on a side, or make one count by --one-seed."
    which = "These two networks: " if luck else ""
    return f"{which}B is significantly {'worse' if uar.worse else 'better'} than A in UAR." + luck
