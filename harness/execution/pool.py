"""Where jobs run: what a run asks of its workers, and the simplest kind, this very process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.execution.job import Job, Outcome
from harness.execution.worker import run_job


@dataclass(frozen=True)
class ProgressEvent:
    """What a worker tells while it trains: an epoch's validation UAR, or how many clips have their features."""

    uid: str
    what: str
    done: int
    value: float


@dataclass(frozen=True)
class JobEnd:
    """The end of a job: its outcome, a fault that ends the study, or how its worker died."""

    uid: str
    outcome: Outcome | None = None
    fault: BaseException | None = None
    died: str = ""


Listen = Callable[[ProgressEvent], bool]


class Pool(Protocol):
    """Workers. What they tell is given to a function that says of each epoch whether the trial is to be pruned."""

    def free(self) -> int:
        """How many jobs can be started now."""
        ...

    def start(self, job: Job) -> None:
        """Have a job run."""
        ...

    def turn(self, listen: Listen) -> list[JobEnd]:
        """Hear the workers for a moment; returns what ended."""
        ...

    def running_s(self, uid: str) -> float:
        """For how many seconds a job has been running on a worker."""
        ...

    def kill(self, uid: str) -> None:
        """Stop a job at once, and forget it."""
        ...

    def close(self) -> None:
        """End the workers; jobs that still run are stopped."""
        ...


class InProcess:
    """Runs each job in this process, one after the other: for debugging, where a breakpoint or a profiler has to be reached."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def free(self) -> int:
        """One, or none while a job waits for its turn."""
        return 1 - len(self._jobs)

    def start(self, job: Job) -> None:
        """Have a job run at the next turn."""
        self._jobs.append(job)

    def turn(self, listen: Listen) -> list[JobEnd]:
        """Run the job that waits."""
        if not self._jobs:
            return []
        job = self._jobs.pop()
        try:
            return [JobEnd(job.uid, run_job(job, _Direct(job.uid, listen)))]
        except Exception as error:
            return [JobEnd(job.uid, fault=error)]

    def running_s(self, uid: str) -> float:
        """Nothing runs between two turns."""
        return 0.0

    def kill(self, uid: str) -> None:
        """Forget a job that waits."""
        self._jobs = [job for job in self._jobs if job.uid != uid]

    def close(self) -> None:
        """Nothing is left behind."""


@dataclass(frozen=True)
class _Direct:
    """A reporter that is heard at once."""

    uid: str
    listen: Listen

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        return self.listen(ProgressEvent(self.uid, "epoch", epoch, validation_uar))

    def preparing(self, done: int, total: int) -> None:
        self.listen(ProgressEvent(self.uid, "preparing", done, total))

    def check(self) -> None:
        """Who asks is who waits."""
