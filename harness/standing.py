"""Where each row of a leaderboard stands: its intervals, the rank it shares with rows it can't be told apart from, its alarms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.alarms import Watched, alarms, table_alarms
from harness.evidence import Evidence
from harness.ranks import pairs
from harness.statistics import LEAST_SPEAKERS, table_intervals

RANKED_BY = "uar"


@dataclass(frozen=True)
class Standing:
    """What the statistics say of one row.

    Args:
        rank: 1 + the number of rows that are significantly better; None where too few speakers allow no test.
        alike: cells of the other rows that it can't be told apart from; empty without ranks.
        intervals: `wa`, `uar`, `macro_f1` -> 95 % bounds, NaN for too few speakers. alarms: short name -> sentence.
    """

    rank: int | None
    alike: tuple[str, ...]
    intervals: dict[str, tuple[float, float]]
    alarms: dict[str, str]


def standings(group: Sequence[Evidence]) -> dict[str, Standing]:
    """Cell -> standing, of the rows of one table; intervals and ranks share one variance of training."""
    if not group:
        return {}
    found = zip(group, _ranks(group), table_intervals([each.counts for each in group]), strict=True)
    return {each.row.cell: Standing(*ranked, intervals, alarms(_watched(each))) for each, ranked, intervals in found}


def alarms_of_table(group: Sequence[Evidence]) -> dict[str, str]:
    """Alarms on the test and validation parts that the rows share: short name -> sentence."""
    return table_alarms([_watched(each) for each in group])


def _ranks(group: Sequence[Evidence]) -> list[tuple[int | None, tuple[str, ...]]]:
    """Rank of each row, and the cells that it can't be told apart from."""
    if not rankable(group):
        return [(None, ())] * len(group)
    if len(group) == 1:
        return [(1, ())]
    found = pairs([each.counts for each in group])[RANKED_BY]
    apart = found.better | found.better.T
    return [(rank, tuple(other.row.cell for j, other in enumerate(group) if j != i and not apart[i, j]))
            for i, rank in enumerate(found.ranks)]


def rankable(group: Sequence[Evidence]) -> bool:
    """Whether rows can be compared: enough speakers, and the same test clips in all."""
    clips = {(*each.test[0].clips, *each.test[0].truth.tolist()) for each in group}
    return len(clips) == 1 and group[0].counts.shape[1] >= LEAST_SPEAKERS


def one_seed_each(group: Sequence[Evidence]) -> bool:
    """Whether no row has two trainings, so that what another one would give is not known."""
    return all(len(each.test) == 1 for each in group)


def _watched(each: Evidence) -> Watched:
    return Watched(test=each.test, validation=each.validation, shares_speakers=each.row.shares_speakers, corpus=each.row.corpus,
                   history=each.history, best_epoch=each.best_epoch)


def told(group: Sequence[Evidence]) -> str:
    """How the intervals and ranks came about, as sentences."""
    if not group:
        return ""
    speakers, rows = group[0].counts.shape[1], len(group)
    if speakers < LEAST_SPEAKERS:
        return f"No ranks and no intervals: {speakers} speakers in the test part are too few ({LEAST_SPEAKERS} wanted)."
    pooled = " and over trainings, whose variance is pooled over the rows" if rows > 1 else " and over trainings"
    intervals = f"[…] are 95 % intervals over the {speakers} speakers of the test part{'' if one_seed_each(group) else pooled}."
    luck = (" **One seed each**: what another training would give is not known, so intervals and ranks are about these very networks, not "
            "about their recipes." if one_seed_each(group) else "")
    if rows == 1:
        return intervals + luck
    if not rankable(group):
        return f"{intervals}{luck} There are no ranks: the rows were tested on different clips."
    return (f"{intervals} A rank is 1 + the number of rows with a significantly better UAR (paired by speaker, Holm's correction over "
            f"{math.comb(rows, 2)} pair{'s'[: rows > 2]}): rows that share rank 1 can't be told apart from the best.{luck}")
