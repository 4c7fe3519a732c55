"""What a run knows of each of its cells, and of each job that runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.console import Bar
from harness.execution.finals import Final
from harness.execution.job import Job
from harness.search.optuna_study import Proposal, Search
from harness.study.definition import Study


@dataclass
class CellProgress:
    """How far a run is with one cell.

    Args:
        ended: trials that ended, as last read. running, running_seeds: trials and seeds of its final that this start runs.
        waiting: proposals whose signature another start runs. look_at: when claims of other starts are looked at again.
    """

    search: Search
    ended: int
    final: Final
    running: int = 0
    running_seeds: int = 0
    waiting: list[Proposal] = field(default_factory=list)
    look_at: float = 0.0

    def left(self, study: Study) -> tuple[int, int]:
        """Trials, and seeds of its final, that nobody has begun yet."""
        trials = max(0, study.trials - self.ended - self.running - len(self.waiting))
        return trials, self.final.left(len(study.seeds)) - self.running_seeds


@dataclass
class RunningJob:
    """One job that was handed to a worker; a trial has a proposal, a seed has none."""

    cell: CellProgress
    job: Job
    bar: Bar
    proposal: Proposal | None
    tries: int = 1
