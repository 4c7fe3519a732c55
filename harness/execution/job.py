"""One trial for a worker, how the worker reports on it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from harness.data.corpora import Workspace
from harness.study.pruning import NEVER, Pruning
from harness.study.trial import Trial
from harness.tracking.outbox import OutboxEntry
from harness.tracking.run_record import RunRecord, RunTags
from harness.training.result import Result
from harness.training.run_trial import run_trial

STOPPED = "stopped by the user"
Objective = Callable[..., Result]


class Stopped(Exception):
    """Raised in a worker whose trial no coordinator waits for any more."""


class Reporter(Protocol):
    """How a worker reports to its coordinator while it trains."""

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        """Report an epoch's validation UAR; True when the trial is to be pruned. Raises: Stopped."""
        ...

    def preparing(self, done: int, total: int) -> None:
        """Report how many clips have their features."""
        ...

    def check(self) -> None:
        """Raises: Stopped when no coordinator waits for the trial any more."""
        ...


@dataclass(frozen=True)
class Job:
    """One trial for a worker; picklable, and all that the worker needs.

    Args:
        uid: identifies the job, and stays the same when it is tried again.
        kind: `trial` or `seed`. name, tags, params: of its MLflow run. parent: run id of the study's run. study: the experiment.
        tracking_uri: of MLflow. best_models: how many of its protocol are kept.
        pruning: when the coordinator decides whether the trial is given up, for which the worker waits.
        second_objective: what its search seeks beside validation UAR; empty where that is all.
        objective: trains and scores the trial; `run_trial`, but for tests of the engine.
    """

    uid: str
    kind: str
    name: str
    trial: Trial
    tags: RunTags
    params: dict[str, Any]
    parent: str
    study: str
    workspace: Workspace
    tracking_uri: str
    best_models: int = 0
    pruning: Pruning = NEVER
    second_objective: str = ""
    objective: Objective = run_trial

    @property
    def looks(self) -> tuple[int, ...]:
        """The epochs after which it waits for a decision."""
        return self.pruning.looks(self.trial.steps)


@dataclass(frozen=True)
class Outcome:
    """How a job ended: the record of its MLflow run, and what else its coordinator needs.

    Args:
        record: its run id is empty while the result waits in the outbox.
        notes: what the leak audit of a final found.
        done_here, memory_bytes: trials that its process has run by now, and what it holds.
    """

    record: RunRecord
    notes: tuple[str, ...] = ()
    done_here: int = 0
    memory_bytes: int = 0

    @classmethod
    def of(cls, entry: OutboxEntry, run_id: str) -> Outcome:
        """The outcome of a job whose result is on disk."""
        return cls(entry.record(run_id))
