"""What runs in a Dask worker process: one job, reports on it to the coordinator, and answers from there."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import cloudpickle
from distributed import WorkerPlugin, get_worker
from distributed.system import MEMORY_LIMIT

from harness.execution.job import Job, Stopped
from harness.execution.worker import run_job
from harness.safe_text import mask_logs
from harness.training.backend import fix_threads, set_up
from registry.keras_state import as_installed
from registry.own_files import OwnFiles, receive

TOPIC = "bench"  # of the events that workers send
ANSWER_S = 30.0  # a worker that gets no answer in this time goes on training
STOP = -1  # instead of an epoch, in an answer: the run was stopped
_answers: dict[str, tuple[int, bool]] = {}
_answered = threading.Condition()


class WorkerSetup(WorkerPlugin):
    """Leaves Ctrl-C to the coordinator, since a terminal sends it to every process.

    Args:
        own: the worker was started for this run: it may end without tidying up, which takes TensorFlow seconds.
    """

    def __init__(self, own: bool) -> None:
        self.own = own

    def setup(self, worker: Any) -> None:
        """Called in each worker process when it starts."""
        mask_logs()
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def teardown(self, worker: Any) -> None:
        """Called in each worker process when it closes."""
        if self.own:
            os._exit(0)


def run_job_on_dask(uid: str, blob: bytes, files: tuple[OwnFiles, ...]) -> None:
    """The Dask task of a job: `blob` is the job, pickled; `files` are those of its classes, which no worker could import by name.

    Its outcome is sent as an event, with the bytes that the worker may hold. A task's result would have to be fetched from the worker,
    and the coordinator would wait in vain for that of a worker which dies first.
    """
    worker = get_worker()
    worker.log_event(TOPIC, ["began", uid])
    receive(files)
    with as_installed():  # a user's file may import Keras
        job: Job = cloudpickle.loads(blob)
    outcome = run_job(job, DaskReporter(uid, worker, str(worker.get_current_task()), job.looks))
    worker.log_event(TOPIC, ["ended", uid, asdict(outcome), worker.memory_manager.memory_limit or MEMORY_LIMIT])


def prepared(threads: int) -> tuple[tuple[str, ...], int]:
    """Load what trainings need, before the first; returns the devices, and the bytes that this process holds then."""
    import psutil

    fix_threads(threads)
    return set_up(), int(psutil.Process().memory_info().rss)


@dataclass(frozen=True)
class DaskReporter:
    """Reports by Dask's events; epochs after which the trial may be given up wait for their answer.

    Args:
        key: of the task in the worker. looks: those epochs.
    """

    uid: str
    worker: Any
    key: str
    looks: tuple[int, ...]

    def check(self) -> None:
        task = self.worker.state.tasks.get(self.key)
        if task is None or task.state == "cancelled":  # the run was stopped, or its coordinator is gone
            raise Stopped("no coordinator waits for this trial any more")

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        self.check()
        self.worker.log_event(TOPIC, ["epoch", self.uid, epoch, float(validation_uar), epoch in self.looks])
        return epoch in self.looks and self._is_pruned(epoch)

    def _is_pruned(self, epoch: int) -> bool:
        """The coordinator's answer to an epoch; False when there is none in time. Raises: Stopped."""
        with _answered:
            if not _answered.wait_for(lambda: _answers.get(self.uid, (0, False))[0] in (epoch, STOP), timeout=ANSWER_S):
                return False
            answered, prune = _answers.pop(self.uid)
        if answered == STOP:
            raise Stopped("the run was stopped")
        return prune

    def preparing(self, done: int, total: int) -> None:
        self.worker.log_event(TOPIC, ["preparing", self.uid, done, float(total), False])


async def answer(uid: str, epoch: int, prune: bool) -> None:
    """Called in the worker's event loop by the coordinator."""
    with _answered:
        _answers[uid] = (epoch, prune)
        _answered.notify_all()


async def end_process() -> None:
    """Called in the worker's event loop by the coordinator."""
    os._exit(1)


async def kill_worker(worker: str, dask_worker: Any) -> None:
    """Called in the event loop of each nanny by the coordinator; that of `worker` starts a new process."""
    if dask_worker.worker_address == worker:
        os.kill(dask_worker.pid, signal.SIGKILL)
