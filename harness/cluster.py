"""Worker processes on dask.distributed: a local cluster started for a run, or one that is running elsewhere and is joined."""

from __future__ import annotations

import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import psutil
from distributed import Client, Future, Nanny, Scheduler, SpecCluster, WorkerPlugin, get_worker

from harness.jobs import Job, Outcome, Stopped, run_job
from harness.pool import Ended, Heard, Listen
from registry.core import load_file
from registry.errors import BenchError

TOPIC = "bench"
HOST = "127.0.0.1"
ANSWER_S = 30.0  # a worker that gets no answer in this time goes on training
RECYCLE_TRIALS = 200  # after which a worker process is replaced by a new one, lest anything pile up in it
RECYCLE_SHARE = 0.7  # of its memory limit, above which it is replaced before its next trial
START_S = 120.0
SETTINGS = {"distributed.scheduler.allowed-failures": 0,  # how often a trial is tried again is for the run to say
            "distributed.worker.daemon": False, "distributed.comm.timeouts.connect": "30s",
            "distributed.worker.memory.target": False, "distributed.worker.memory.spill": False,
            "distributed.worker.memory.pause": False, "distributed.admin.log-length": 0, "distributed.scheduler.work-stealing": False}
_answers: dict[str, tuple[int, bool]] = {}
_answered = threading.Condition()


def local(workers: int, per_gpu: int = 0) -> SpecCluster:
    """A scheduler on 127.0.0.1 and worker processes of one thread each, which share the cores; with `per_gpu` so many to each GPU.

    Raises: BenchError when there is no GPU to share.
    """
    gpus = visible_gpus() if per_gpu else []
    if per_gpu and not gpus:
        raise BenchError("--trials-per-gpu needs a GPU, and none is visible: leave it out, or check CUDA_VISIBLE_DEVICES")
    count = per_gpu * len(gpus) or workers
    memory = int(psutil.virtual_memory().total / count)
    dask.config.set(SETTINGS)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    here: dict[str, Any] = {"host": HOST, "port": 0, "dashboard": False, "dashboard_address": f"{HOST}:0"}
    same = {**here, "nthreads": 1, "memory_limit": memory, "silence_logs": logging.CRITICAL}
    places = [gpus[place % len(gpus)] if gpus else "" for place in range(count)]
    specs = {place: {"cls": Nanny, "options": {**same, "env": surroundings(count, gpu)}} for place, gpu in enumerate(places)}
    return SpecCluster(workers=specs, scheduler={"cls": Scheduler, "options": here},
                       silence_logs=logging.CRITICAL, asynchronous=False)


def surroundings(workers: int, gpu: str) -> dict[str, str]:
    """The environment of a local worker: its share of the cores for each library that has threads, and its GPU."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
              "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    chosen = {name: os.environ.get(name, threads) for name in limits}
    return {**chosen, "TF_CPP_MIN_LOG_LEVEL": "3", **({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {})}


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name.strip() not in ("", "-1")]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False)
    return [str(place) for place, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]


class Quiet(WorkerPlugin):
    """Leaves Ctrl-C to the coordinator: a terminal sends it to every process."""

    def setup(self, worker: Any) -> None:
        """Called in each worker process when it starts."""
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)


class Workers:
    """The pool of a Dask cluster. Each worker runs one trial at a time, in a process of its own.

    Args:
        where: a cluster that was started for this run and ends with it, or the address of a running scheduler.
    Raises: BenchError when no worker can be reached.
    """

    def __init__(self, where: SpecCluster | str) -> None:
        self._cluster = None if isinstance(where, str) else where
        try:
            self.client = Client(where, timeout=START_S, set_as_default=False)
            self.client.register_plugin(Quiet(), name="bench-quiet")
            self.client.wait_for_workers(1 if self._cluster is None else len(self._cluster.worker_spec), timeout=START_S)
        except (OSError, TimeoutError) as error:
            raise BenchError(f"no worker could be reached at {where if self._cluster is None else 'the local cluster'} ({error}): "
                             "check the address, and that workers have joined") from error
        self._check_threads()
        self._heard: queue.Queue[Any] = queue.Queue()
        self._running: dict[str, _Running] = {}
        self.client.subscribe_topic(TOPIC, self._note)

    def _check_threads(self) -> None:
        wide = [address for address, threads in self.client.nthreads().items() if threads != 1]
        if wide:
            raise BenchError(f"a worker runs one trial at a time, but {wide[0]} has several threads: start workers with --nthreads 1")

    def _note(self, event: Any) -> None:
        self._heard.put(event[1])

    def free(self) -> int:
        """How many workers have nothing to do."""
        there = len(self.client.nthreads())
        if self._cluster is not None and there < len(self._cluster.worker_spec):
            self._replace(self._cluster)
        return there - len(self._running)

    def _replace(self, cluster: SpecCluster) -> None:
        """Have nannies replaced that gave up, as they do when their worker dies while it starts."""
        for name in [name for name, nanny in cluster.workers.items() if nanny.status.name in ("failed", "closed")]:
            cluster.workers.pop(name, None)
        cluster.scale(len(cluster.worker_spec))

    def start(self, job: Job) -> None:
        """Send a job to a worker that has nothing to do."""
        blob = cloudpickle.dumps(job)
        files = [module.__file__ for name in cloudpickle.list_registry_pickle_by_value() if (module := sys.modules.get(name))]
        future = self.client.submit(perform, job.uid, blob, files, key=f"bench-{job.uid}-{time.monotonic_ns()}", pure=False)
        self._running[job.uid] = _Running(future)
        future.add_done_callback(lambda done: self._heard.put(["done", job.uid, done.key]))

    def turn(self, listen: Listen) -> list[Ended]:
        """Hear what was told since, at least for half a second; returns what ended."""
        ended: list[Ended] = []
        with suppress(queue.Empty):
            message = self._heard.get(timeout=0.5)
            while True:
                ended += self._take(message, listen)
                message = self._heard.get_nowait()
        if self.client.status not in ("running", "connecting"):
            raise BenchError("the scheduler is gone: what finished is kept, and the same command continues")
        return ended

    def _take(self, message: list[Any], listen: Listen) -> list[Ended]:
        what, uid, *rest = message
        running = self._running.get(uid)
        if running is None:
            return []
        if what == "began":
            running.worker, running.since = rest[0], time.monotonic()
        elif what == "done":
            return self._ended(uid) if rest[0] == running.future.key else []
        else:
            done, value, wants_answer = rest
            prune = listen(Heard(uid, what, done, value))
            if wants_answer:
                self._call(running.worker, _answer, uid, done, prune)
        return []

    def _call(self, worker: str, function: Any, *arguments: Any) -> None:
        with suppress(Exception):  # a worker that died meanwhile needs no answer
            self.client.run(function, *arguments, workers=[worker], wait=False)

    def _ended(self, uid: str) -> list[Ended]:
        running = self._running.pop(uid)
        if running.future.status == "finished":
            outcome: Outcome = running.future.result()
            self._recycle(running.worker, outcome)
            return [Ended(uid, outcome)]
        error = running.future.exception() if running.future.status == "error" else None
        if error is None or type(error).__name__ in ("KilledWorker", "CancelledError", "FutureCancelledError"):
            return [Ended(uid, died="its worker process ended (killed, or out of memory)")]
        return [Ended(uid, fault=error)]

    def _recycle(self, worker: str, outcome: Outcome) -> None:
        limit = self.client.scheduler_info(n_workers=-1)["workers"].get(worker, {}).get("memory_limit") or psutil.virtual_memory().total
        if outcome.done_here < RECYCLE_TRIALS and outcome.memory_bytes < RECYCLE_SHARE * limit:
            return
        with suppress(Exception):  # one without a nanny stays as it is
            self.client.restart_workers([worker], timeout=START_S)

    def running_s(self, uid: str) -> float:
        """For how many seconds a worker has been at a job; 0 while it waits for one."""
        since = self._running[uid].since if uid in self._running else 0.0
        return time.monotonic() - since if since else 0.0

    def kill(self, uid: str) -> None:
        """Replace the worker process that runs a job, whatever it hangs in."""
        running = self._running.pop(uid, None)
        if running is None:
            return
        running.future.cancel()
        if running.worker:
            try:
                self.client.restart_workers([running.worker], timeout=START_S)
            except Exception:  # a worker without a nanny: it ends itself, and whoever started it may start another
                self._call(running.worker, _end_process)

    def close(self) -> None:
        """Let go of the workers; those started for this run end now, whatever they do."""
        for uid, running in self._running.items():
            with suppress(Exception):
                running.future.cancel(force=True)
                self._call(running.worker, _answer, uid, -1, True)
        with suppress(Exception):
            self.client.close(timeout=5)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=10)


@dataclass
class _Running:
    """A job on its way: the worker that said it began, and when."""

    future: Future
    worker: str = ""
    since: float = 0.0


def perform(uid: str, blob: bytes, files: list[str]) -> Outcome:
    """What a worker is sent: one job, pickled with the classes of files that no worker could import by name."""
    worker = get_worker()
    worker.log_event(TOPIC, ["began", uid, worker.address])
    for file in files:  # so that a saved model finds the source of a user's own feature
        if Path(file).is_file() and not any(getattr(module, "__file__", None) == file for module in list(sys.modules.values())):
            load_file(Path(file))
    job: Job = cloudpickle.loads(blob)
    return run_job(job, _Wire(uid, worker, str(worker.get_current_task()), job.asks))


@dataclass(frozen=True)
class _Wire:
    """A reporter over Dask's events; where pruning is possible, each epoch waits for its answer."""

    uid: str
    worker: Any
    key: str
    asks: bool

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        task = self.worker.state.tasks.get(self.key)
        if task is None or task.state == "cancelled":  # the run was stopped, or its coordinator is gone
            raise Stopped("nobody waits for this trial any more")
        self.worker.log_event(TOPIC, ["epoch", self.uid, epoch, float(validation_uar), self.asks])
        return self.asks and self._answer(epoch)

    def _answer(self, epoch: int) -> bool:
        def given() -> bool:
            return _answers.get(self.uid, (0, False))[0] in (epoch, -1)

        with _answered:
            if not _answered.wait_for(given, timeout=ANSWER_S):
                return False
            at, prune = _answers.pop(self.uid)
        if at == -1:
            raise Stopped("the run was stopped")
        return prune

    def preparing(self, done: int, total: int) -> None:
        self.worker.log_event(TOPIC, ["preparing", self.uid, done, float(total), False])


async def _end_process() -> None:
    os._exit(1)


async def _answer(uid: str, epoch: int, prune: bool) -> None:
    """Called in the worker's event loop by the coordinator."""
    with _answered:
        _answers[uid] = (epoch, prune)
        _answered.notify_all()
