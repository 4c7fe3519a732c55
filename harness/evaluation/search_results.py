"""What the search of each cell found, from the runs of its trials: the best, what mattered, what it cost, and where to look further."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.search import importance
from harness.search.ranges import Range, observed, read
from harness.study.files import parse_value
from harness.tracking.run_record import RunRecord

ENDED = ("finished", "pruned", "failed")
SHOWN = 5  # trials of a cell in its table
NAMED_UAR = "epoch/validation_uar"  # the latest epoch's, of a trial that was pruned


@dataclass(frozen=True)
class SearchedTrial:
    """One trial of a search.

    Args:
        number: from 1, in the order in which a cell's trials began. uar: on validation, at the kept epoch, of a pruned one at its last, or
            the mean of its folds; NaN without any. settings: those that are searched.
        epochs: trained; None where it was not recorded. planned: at most.
        written: whether it has the settings as the study writes them.
    """

    number: int
    state: str
    uar: float
    settings: Mapping[str, Any]
    epochs: int | None
    planned: int
    started_at: float
    written: bool = False


@dataclass(frozen=True)
class CellSearch:
    """The search of one cell.

    Args:
        label: for people. ranges: searched setting -> its range. noted: whether runs have these; else they just hold the values there are.
        trials: that ended, pruned and failed ones, too, in the order in which they began.
    """

    cell: str
    label: str
    ranges: Mapping[str, Range]
    noted: bool
    trials: tuple[SearchedTrial, ...]

    @property
    def completed(self) -> list[SearchedTrial]:
        """The trials that ran to their end."""
        return [trial for trial in self.trials if trial.state == "finished" and not math.isnan(trial.uar)]

    @property
    def searched(self) -> bool:
        """Whether there was anything to choose between."""
        return len(self.trials) > 1 and bool(self.ranges)

    @property
    def best(self) -> SearchedTrial | None:
        """The completed trial of highest validation UAR, the earlier one of equals."""
        return max(self.completed, key=lambda trial: (trial.uar, -trial.number), default=None)

    @property
    def written(self) -> SearchedTrial | None:
        """The completed trial that has the settings as the study writes them."""
        return next((trial for trial in self.completed if trial.written), None)

    @property
    def best_so_far(self) -> list[float]:
        """The best validation UAR of the completed trials up to each trial; NaN before the first."""
        values = (trial.uar if trial.state == "finished" and not math.isnan(trial.uar) else -math.inf for trial in self.trials)
        return [math.nan if best == -math.inf else best for best in itertools.accumulate(values, max)]

    @property
    def ranked(self) -> list[SearchedTrial]:
        """The trials with a figure, the best first: completed ones before pruned ones, and these by the epochs that they were left."""
        def order(trial: SearchedTrial) -> tuple[bool, int, float, int]:
            completed = trial.state == "finished"
            return not completed, 0 if completed else -(trial.epochs or 0), -trial.uar, trial.number

        return sorted((trial for trial in self.trials if not math.isnan(trial.uar)), key=order)

    @property
    def top(self) -> list[SearchedTrial]:
        """The best trials."""
        return self.ranked[:SHOWN]

    @cached_property
    def importances(self) -> dict[str, float]:
        """Setting -> importance, the most important first; empty where `why_no_importances` says why."""
        if self.why_no_importances:
            return {}
        return importance.importances([trial.settings for trial in self.ranked], self.ranges)

    @property
    def why_no_importances(self) -> str:
        """Why there are none, in a few words; empty where there are."""
        if len(self.ranges) < 2:
            return "importance compares settings, and one was searched"
        if not self.noted:
            return "the version that ran this noted no ranges"
        if (count := len(self.ranked)) < importance.LEAST_TRIALS:
            return f"importance of settings needs {importance.LEAST_TRIALS} trials with a validation UAR; these are {count}"
        return ""

    @property
    def edges(self) -> dict[str, str]:
        """Setting -> the end of its range, `lower` or `upper`, at which the best trial lies; nothing of a search of too few to say so."""
        if not self.best or not self.noted or len(self.completed) < 2:
            return {}
        return {setting: end for setting, of in self.ranges.items() if (end := of.edge(self.best.settings[setting]))}

    @property
    def epochs(self) -> EpochCount:
        """What its trials trained."""
        return epoch_count(self.trials)


@dataclass(frozen=True)
class EpochCount:
    """Epochs of some trials: trained, and not trained since trials were pruned or stopped early.

    Args: unknown: pruned trials whose epochs were not recorded; they are in no sum.
    """

    spent: int
    pruned: int
    stopped: int
    unknown: int

    @property
    def planned(self) -> int:
        """What trials would have trained without pruning and early stopping."""
        return self.spent + self.pruned + self.stopped

    @property
    def full(self) -> int:
        """What they would have trained without pruning, at most: early stopping might have ended some of those that were pruned."""
        return self.spent + self.pruned

    @property
    def saved_share(self) -> float:
        """The share of these that pruning saved, in [0, 1]."""
        return self.pruned / self.full if self.full else 0.0


def epoch_count(trials: Sequence[SearchedTrial]) -> EpochCount:
    """The epochs of finished and pruned trials."""
    known = [(trial, trial.epochs) for trial in trials if trial.state in ("finished", "pruned") and trial.epochs is not None]
    saved = {state: sum(trial.planned - epochs for trial, epochs in known if trial.state == state) for state in ("finished", "pruned")}
    unknown = sum(trial.state == "pruned" and trial.epochs is None for trial in trials)
    return EpochCount(sum(epochs for _, epochs in known), saved["pruned"], saved["finished"], unknown)


def cell_searches(records: Sequence[RunRecord]) -> dict[str, CellSearch]:
    """Key of a cell -> its search, of all cells with trials."""
    cells: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.kind == "trial" and record.state in ENDED:
            cells.setdefault(record.about.cell, []).append(record)
    return {cell: _search(cell, sorted(runs, key=lambda run: (run.started_at, run.run_id))) for cell, runs in cells.items()}


def _search(cell: str, runs: Sequence[RunRecord]) -> CellSearch:
    """The search of a cell in its latest ranges; trials outside them, of an earlier version of its study, are left out."""
    latest = next((ranges for run in reversed(runs) if (ranges := _ranges(run))), {})
    by_call = runs[-1].about.settings
    varied = [name for name in dict.fromkeys(name for run in runs for name in run.params) if "." in name and f"{name}=" not in by_call]
    values = [{name: parse_value(run.params.get(name, "None")) for name in latest or varied} for run in runs]
    ranges = latest or {name: observed([of[name] for of in values]) for name in varied if len({str(of[name]) for of in values}) > 1}
    within = [(run, {name: of[name] for name in ranges}) for run, of in zip(runs, values, strict=True)
              if all(each.holds(of[name]) for name, each in ranges.items())]
    trials = tuple(_trial(number, run, settings) for number, (run, settings) in enumerate(within, 1))
    return CellSearch(cell, runs[-1].about.label, ranges, bool(latest), trials)


def _ranges(run: RunRecord) -> dict[str, Range]:
    try:
        return read(run.about.ranges)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # changed by hand
        return {}


def _trial(number: int, run: RunRecord, settings: Mapping[str, Any]) -> SearchedTrial:
    uar = run.validation_uar if run.state == "finished" else run.metrics.get(NAMED_UAR, run.mean_of_folds)
    epochs = run.metrics.get("epochs")
    planned = run.about.epochs * max(1, run.about.validation_folds)
    return SearchedTrial(number, run.state, math.nan if uar is None else uar, settings, None if epochs is None else int(epochs),
                         planned, run.started_at, written=run.about.signature[:8] == run.about.cell)
