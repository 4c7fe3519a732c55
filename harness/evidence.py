"""What the statistics of a leaderboard stand on: what the finals of its rows said of each clip, read from the store."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from harness.leaderboard import Row
from harness.predictions import Predictions
from harness.tracking import Tracker
from registry.errors import BenchError


@dataclass(frozen=True)
class Evidence:
    """The finals of one row.

    Args:
        test, validation: what each seed's network said. history: metric -> one value an epoch, of the first seed.
        best_epoch: its kept epoch, from 1.
    """

    row: Row
    test: Sequence[Predictions]
    validation: Sequence[Predictions]
    history: Mapping[str, Sequence[float]]
    best_epoch: int

    @cached_property
    def counts(self) -> np.ndarray:
        """Confusion counts on the test part, speakers sorted: (seeds, speakers, truth, predicted)."""
        return np.array([said.counts_by(said.speakers) for said in self.test])

    @property
    def confusion(self) -> list[list[int]]:
        """Counts on the test part over all seeds and speakers."""
        return [[int(count) for count in line] for line in self.counts.sum(axis=(0, 1))]


def evidence(row: Row, tracker: Tracker) -> Evidence | None:
    """The row's evidence; None when any of its files is gone from the store."""
    test, validation = ([tracker.predictions(run, part) for run in row.seed_runs] for part in ("test", "validation"))
    kept, also = [said for said in test if said], [said for said in validation if said]
    history = _history(tracker, row.seed_runs[0]) if row.seed_runs else {}
    if not kept or len(kept) + len(also) < 2 * len(row.seed_runs) or not history:
        return None
    return Evidence(row, kept, also, history, row.best_epoch)


def _history(tracker: Tracker, run_id: str) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        path = tracker.files(run_id, "history.csv", Path(folder))
        if path is None:
            return {}
        try:
            with path.open(newline="", encoding="utf-8") as file:
                lines = list(csv.DictReader(file))
            return {key: [float(line[key]) for line in lines] for key in lines[0]} if lines else {}
        except (ValueError, TypeError, KeyError, csv.Error) as error:
            raise BenchError(f"run {run_id}: its history.csv is damaged ({error}); get the file back from a copy of the store, or delete "
                             "the run in the MLflow UI and run its study again") from error
