"""The runs of studies as a list, with the ids that comparing and auditing take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evaluation.find_runs import LEAKAGE, STUDY, TRANSFER
from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store

SHORTEST_ID = 8  # characters of an id that are shown, unless two runs share them
ORDER = ("final", "seed", "trial")


@dataclass(frozen=True)
class ListedRun:
    """One run. Args: short_id: the start of its id that no other run of the list has. row: that of the leaderboard which it belongs to."""

    study: str
    short_id: str
    row: Row
    record: RunRecord

    @property
    def cell(self) -> str:
        """Its cell, as the leaderboard names its row."""
        return self.row.name


def listed_runs(store: Store, study: str | None = None, trials: bool = False) -> list[ListedRun]:
    """The finals of a study, or of all, each followed by its seeds, in the order of the leaderboard.

    Args: trials: the trials of the search, too.
    Raises: UsageError with the near names for a study that has no runs; BenchError where there are none at all.
    """
    kinds = {name: kind for kind in (STUDY, LEAKAGE, TRANSFER) for name in store.studies(kind)}
    if not kinds or study not in (*kinds, None):
        raise store.no_study(study or "", (STUDY, LEAKAGE, TRANSFER))
    found: list[tuple[str, Row, RunRecord]] = []
    for name in [study] if study else sorted(kinds):
        tracker = store.experiment(name, kinds[name])
        records = tracker.records()
        rows = {row.cell: (place, row) for place, row in enumerate(read_rows(tracker, records))}
        chosen = [record for record in records if record.kind in (ORDER if trials else ORDER[:2])]
        chosen.sort(key=lambda record: (rows[record.about.cell][0], ORDER.index(record.kind), record.started_at, record.seed))
        found += [(name, rows[record.about.cell][1], record) for record in chosen]
    length = id_length([record.run_id for _, _, record in found])
    return [ListedRun(name, record.run_id[:length], row, record) for name, row, record in found]


def id_length(ids: Sequence[str]) -> int:
    """How much of each id is needed to tell them apart.

    >>> id_length(["abcdefghij", "abcdefghik"])
    10
    """
    return next(n for n in range(SHORTEST_ID, 65) if len({run_id[:n] for run_id in ids}) == len(set(ids)))
