"""Where jobs run: what a run needs of its workers, and the simplest pool, which is this very process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.execution.job import Job, Outcome
from harness.execution.worker import run_job


@dataclass(frozen=True)
class ProgressEvent:
    """How far a job is.

    Args:
        what: `epoch`, with its number (`done`) and its validation UAR (`value`), or `preparing`, with the clips that have their
            features (`done`) and how many there are (`value`).
    """

    uid: str
    what: str
    done: int
    value: float


@dataclass(frozen=True)
class JobEnd:
    """The end of a job: its outcome, an error that ends the study, or how its worker died."""

    uid: str
    outcome: Outcome | None = None
    error: BaseException | None = None
    died: str = ""


OnProgress = Callable[[ProgressEvent], bool]
"""Takes what workers report; returns, for an epoch, whether the trial is to be pruned."""


class Pool(Protocol):
    """Workers, each with one job at a time."""

    def free(self) -> int:
        """How many jobs can be started now."""
        ...

    def start(self, job: Job) -> None:
        """Start a job on a free worker."""
        ...

    def poll(self, on_progress: OnProgress) -> list[JobEnd]:
        """Wait a moment for what workers report; returns the jobs that ended."""
        ...

    def running_s(self, uid: str) -> float:
        """For how many seconds a worker has been running a job."""
        ...

    def kill(self, uid: str) -> None:
        """Stop a job at once, and forget it."""
        ...

    def close(self) -> None:
        """End the workers and stop the jobs that still run."""
        ...


class InProcessPool:
    """Runs each job in this process, one after the other: for debugging, where a breakpoint or a profiler has to be reached."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def free(self) -> int:
        """One, or none while a job waits for the next poll."""
        return 1 - len(self._jobs)

    def start(self, job: Job) -> None:
        """Have a job run at the next poll."""
        self._jobs.append(job)

    def poll(self, on_progress: OnProgress) -> list[JobEnd]:
        """Run the job that waits."""
        if not self._jobs:
            return []
        job = self._jobs.pop()
        try:
            return [JobEnd(job.uid, run_job(job, DirectReporter(job.uid, on_progress)))]
        except Exception as error:
            return [JobEnd(job.uid, error=error)]

    def running_s(self, uid: str) -> float:
        """0: nothing runs between two polls."""
        return 0.0

    def kill(self, uid: str) -> None:
        """Forget a job that waits."""
        self._jobs = [job for job in self._jobs if job.uid != uid]

    def close(self) -> None:
        """Nothing is left behind."""


@dataclass(frozen=True)
class DirectReporter:
    """Reports by a call in the same process."""

    uid: str
    on_progress: OnProgress

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        return self.on_progress(ProgressEvent(self.uid, "epoch", epoch, validation_uar))

    def preparing(self, done: int, total: int) -> None:
        self.on_progress(ProgressEvent(self.uid, "preparing", done, total))

    def check(self) -> None:
        """Nothing to check: the caller waits itself."""
