"""Clips that every row of a leaderboard gets wrong: what no network of a study hears, and whether listeners hear it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.training.predictions import Predictions


@dataclass(frozen=True)
class HardClip:
    """One clip.

    Args: answers: emotion -> rows that take it for that, most first. listeners: their most frequent vote, ties as `HAP/NEU`.
    """

    clip: str
    speaker: str
    truth: str
    answers: Mapping[str, int]
    listeners: str


@dataclass(frozen=True)
class HardClips:
    """The clips that all rows get wrong, a row by most of its seeds; those whose emotion gets the lowest probability first.

    Args:
        of: how many test clips there are. by_chance: how many all rows would get wrong were their errors independent of each other.
        by_emotion: emotion -> (hard clips, clips).
    """

    clips: tuple[HardClip, ...]
    of: int
    rows: int
    by_chance: float
    by_emotion: Mapping[str, tuple[int, int]]

    @property
    def heard_otherwise(self) -> tuple[int, int]:
        """How many of the clips that have votes most listeners took for another emotion, and how many have votes."""
        voted = [clip for clip in self.clips if clip.listeners]
        return sum(clip.truth not in clip.listeners.split("/") for clip in voted), len(voted)


def hard_clips(finals: Sequence[FinalPredictions]) -> HardClips | None:
    """Of the rows of one leaderboard; None where there are none, or where they were tested on different clips.

    A row's answer is that of most seeds, and of equally many the likelier one.
    """
    first = finals[0].test[0] if finals else None
    if first is None or any(not np.array_equal(first.clips, each.test[0].clips) for each in finals):
        return None
    answers = np.array([_answers(each.test) for each in finals])  # (rows, clips)
    right = np.array([np.mean([seed.predicted == seed.truth for seed in each.test], axis=0) > 0.5 for each in finals])
    wrong: np.ndarray = np.asarray(~right.any(axis=0))
    at = np.arange(len(first.truth))
    believed = np.mean([np.mean([seed.probabilities for seed in each.test], axis=0)[at, first.truth] for each in finals], axis=0)
    votes = first.about.get("human", np.full(len(first.truth), ""))
    hard = sorted(np.flatnonzero(wrong), key=lambda i: (believed[i], first.clips[i]))
    clips = tuple(HardClip(str(first.clips[i]), str(first.speakers[i]), first.emotions[first.truth[i]],
                           _counted([first.emotions[answer] for answer in answers[:, i]]), str(votes[i])) for i in hard)
    by_emotion = {emotion: (int(wrong[first.truth == i].sum()), int((first.truth == i).sum()))
                  for i, emotion in enumerate(first.emotions) if (first.truth == i).any()}
    return HardClips(clips, len(first.truth), len(finals), len(first.truth) * math.prod((~right).mean(axis=1).tolist()), by_emotion)


def _answers(seeds: Sequence[Predictions]) -> np.ndarray:
    """What most seeds take each clip for, shape (clips,)."""
    votes = np.sum([np.eye(len(seed.emotions))[seed.predicted] for seed in seeds], axis=0)
    return np.asarray((votes + np.mean([seed.probabilities for seed in seeds], axis=0) / 2).argmax(axis=1))


def _counted(answers: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(answers).items(), key=lambda each: (-each[1], each[0])))
