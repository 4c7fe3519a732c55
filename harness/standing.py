"""Where each row of a leaderboard stands: its intervals, the rank it shares with rows it can't be told apart from, its alarms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.alarms import Watched, alarms
from harness.evidence import Evidence
from harness.ranks import pairs
from harness.statistics import LEAST_SPEAKERS, speaker_intervals

RANKED_BY = "uar"


@dataclass(frozen=True)
class Standing:
    """What the statistics say of one row.

    Args:
        rank: 1 + the number of rows that are significantly better; None where too few speakers allow no test.
        intervals: `wa`, `uar`, `macro_f1` -> 95 % bounds, NaN for too few speakers. alarms: short name -> sentence.
    """

    rank: int | None
    intervals: dict[str, tuple[float, float]]
    alarms: dict[str, str]


def standings(group: Sequence[Evidence]) -> dict[str, Standing]:
    """Cell -> standing, of rows with the same test clips."""
    ranks = _ranks(group)
    return {each.row.cell: Standing(rank, speaker_intervals(each.counts), alarms(_watched(each)))
            for each, rank in zip(group, ranks, strict=True)}


def _ranks(group: Sequence[Evidence]) -> list[int | None]:
    if not rankable(group):
        return [None] * len(group)
    return [*pairs([each.counts for each in group])[RANKED_BY].ranks] if len(group) > 1 else [1]


def rankable(group: Sequence[Evidence]) -> bool:
    """Whether rows can be compared: enough speakers, and the same test clips in all."""
    clips = {(*each.test[0].clips, *each.test[0].truth.tolist()) for each in group}
    return len(clips) == 1 and group[0].counts.shape[1] >= LEAST_SPEAKERS


def _watched(each: Evidence) -> Watched:
    return Watched(test=each.test, validation=each.validation, shares_speakers=each.row.shares_speakers, corpus=each.row.corpus,
                   history=each.history, best_epoch=each.best_epoch)


def told(group: Sequence[Evidence]) -> str:
    """How the ranks came about, as sentences."""
    if not group:
        return ""
    speakers, rows = group[0].counts.shape[1], len(group)
    if speakers < LEAST_SPEAKERS:
        return f"No ranks and no intervals: {speakers} speakers in the test part are too few ({LEAST_SPEAKERS} wanted)."
    intervals = f"[…] are 95 % intervals over the {speakers} speakers of the test part."
    if rows == 1:
        return intervals
    if not rankable(group):
        return f"{intervals} There are no ranks: the rows were tested on different clips."
    luck = (" Rows of one seed each: the luck of a training is in no interval, so that ranks say more than they should."
            if all(len(each.test) == 1 for each in group) else "")
    return (f"{intervals} A rank is 1 + the number of rows with a significantly better UAR (paired by speaker, Holm's correction over "
            f"{math.comb(rows, 2)} pair{'s'[: rows > 2]}): rows that share rank 1 can't be told apart from the best.{luck}")
