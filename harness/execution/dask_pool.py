"""Worker processes on dask.distributed: a local cluster started for a run, or one that is running elsewhere and is joined."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cloudpickle
from distributed import Client, Future, Security, SpecCluster

from harness.execution.dask_worker import ANSWER_S, STOP, TOPIC, WorkerSetup, answer, end_process, kill_worker, prepared, run_job_on_dask
from harness.execution.job import Job, Outcome
from harness.execution.local_cluster import local, visible_gpus
from harness.execution.pool import JobEnd, OnProgress, ProgressEvent
from harness.execution.worker_count import AMPLE_BYTES, TRAINING_BYTES, Load, free_bytes
from harness.safe_text import first_line
from harness.tracking.run_record import RunRecord
from registry.errors import BenchError
from registry.own_files import known_in

RECYCLE_TRIALS = 200  # after which a worker process is replaced by a new one, lest anything pile up in it
RECYCLE_SHARE = 0.7  # of its memory limit, above which it is replaced before its next trial
START_S = 120.0
LOOK_S = 1.0  # between two looks at which workers are there
DIED = "its worker process ended (killed, or out of memory)"


@dataclass
class _Running:
    """A job that was sent to a worker, and since when that runs it; 0: not yet."""

    future: Future
    worker: str
    since: float = 0.0


class DaskPool:
    """The pool of a Dask cluster. Each worker runs one trial at a time, in a process of its own.

    Args:
        where: a cluster that was started for this run and ends with it, or the address of a running scheduler, which workers may
            join and leave at any time.
    Raises: BenchError when the scheduler can't be reached, or no worker starts.
    """

    def __init__(self, where: SpecCluster | str) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it, messages of `bench` say
        self._cluster = None if isinstance(where, str) else where
        self.client = _join(where) if isinstance(where, str) else _start(where)
        threads = self.client.nthreads()
        if wide := [address for address, count in threads.items() if count != 1]:
            raise BenchError(f"a worker runs one trial at a time, but {wide[0]} has several threads: start workers with --nthreads 1")
        self._messages: queue.Queue[Any] = queue.Queue()
        self._running: dict[str, _Running] = {}
        self._idle: list[str] = []
        self._leaving: set[str] = set()
        self._look_at = 0.0
        self.client.subscribe_topic(TOPIC, lambda event: self._messages.put(event[1]))

    def prepare(self, threads: int) -> tuple[tuple[str, ...], int]:
        """Have each worker load what trainings need; returns the devices that it found, and the most bytes that one holds then."""
        found = list(self.client.run(prepared, threads).values())
        return found[0][0], max(held for _, held in found)

    def scale(self, workers: int) -> None:
        """Have so many workers of this run, others than now."""
        if self._cluster is not None:
            self._cluster.scale(workers)

    def free(self) -> int:
        """How many workers have nothing to do."""
        busy = self._query(self.client.processing)  # by this and by other runs
        if self._cluster is not None and len(busy) < len(self._cluster.worker_spec):
            self._replace_nannies(self._cluster)
        taken = {running.worker for running in self._running.values()} | self._leaving
        self._leaving &= busy.keys()  # another may come at the same address
        self._idle = [worker for worker, tasks in busy.items() if not tasks and worker not in taken]
        return len(self._idle)

    def _replace_nannies(self, cluster: SpecCluster) -> None:
        """Replace nannies that gave up, as they do when their worker dies while it starts."""
        for name in [name for name, nanny in cluster.workers.items() if nanny.status.name in ("failed", "closed")]:
            cluster.workers.pop(name, None)
        cluster.scale(len(cluster.worker_spec))

    def start(self, job: Job) -> None:
        """Send a job to one of the workers that `free` counted."""
        blob = cloudpickle.dumps(job)
        worker = self._idle.pop()
        key = f"bench-{job.uid}-{time.monotonic_ns()}"
        future = self.client.submit(run_job_on_dask, job.uid, blob, known_in(blob), key=key, pure=False, workers=[worker])
        self._running[job.uid] = _Running(future, worker)
        future.add_done_callback(lambda done: self._messages.put(["done", job.uid, done.key]))

    def poll(self, on_progress: OnProgress) -> list[JobEnd]:
        """Handle what workers reported since, waiting for half a second at most; returns the jobs that ended."""
        ends: list[JobEnd] = []
        with suppress(queue.Empty):
            message = self._messages.get(timeout=0.5)
            while True:
                ends += self._handle(message, on_progress)
                message = self._messages.get_nowait()
        return ends + self._jobs_of_lost_workers()

    def _query(self, query: Callable[[], Any]) -> Any:
        """The scheduler's answer. Raises: BenchError when it is gone."""
        try:
            if self.client.status in ("running", "connecting"):
                return query()
        except (OSError, TimeoutError, RuntimeError, AttributeError):  # Dask's errors when a connection closes under it
            pass
        raise BenchError("the Dask scheduler is gone: what finished is kept, and the same command continues")

    def _handle(self, message: list[Any], on_progress: OnProgress) -> list[JobEnd]:
        what, uid, *rest = message
        running = self._running.get(uid)
        if running is None:
            return []
        if what == "began":
            running.since = time.monotonic()
        elif what == "ended":
            fields, memory_limit = rest
            return [self._ended(uid, Outcome(RunRecord(**fields.pop("record")), **fields), memory_limit)]
        elif what == "done":
            return self._done(uid) if rest[0] == running.future.key else []
        else:
            done, value, waits_for_answer = rest
            prune = on_progress(ProgressEvent(uid, what, done, value))
            if waits_for_answer:
                self._run_on(running.worker, answer, uid, done, prune)
        return []

    def _run_on(self, worker: str, function: Any, *arguments: Any, nanny: bool = False) -> None:
        with suppress(Exception):  # a worker that died meanwhile needs nothing
            self.client.run(function, *arguments, workers=[worker], wait=False, nanny=nanny)

    def _ended(self, uid: str, outcome: Outcome, memory_limit: float) -> JobEnd:
        worker = self._running.pop(uid).worker
        if outcome.done_here >= RECYCLE_TRIALS or outcome.memory_bytes > RECYCLE_SHARE * memory_limit:
            self._end_worker(worker)
        return JobEnd(uid, outcome)

    def _done(self, uid: str) -> list[JobEnd]:
        """The end of a job that Dask calls done though its worker sent no outcome."""
        future = self._running.pop(uid).future
        error = future.exception() if future.status == "error" else None
        if error is None or type(error).__name__ in ("KilledWorker", "CancelledError", "FutureCancelledError"):
            return [JobEnd(uid, died=DIED)]
        return [JobEnd(uid, error=error)]

    def _jobs_of_lost_workers(self) -> list[JobEnd]:
        """The jobs whose workers are no longer there, whatever the scheduler makes of that."""
        if time.monotonic() < self._look_at:
            return []
        self._look_at = time.monotonic() + LOOK_S
        present = self._query(self.client.nthreads)
        lost = [uid for uid, running in self._running.items() if running.worker not in present]
        for uid in lost:
            self._running.pop(uid).future.cancel()
        return [JobEnd(uid, died=DIED) for uid in lost]

    def _end_worker(self, worker: str) -> None:
        """End a worker process at once, whatever it does; its nanny starts a new one. One without a nanny has to be started by others."""
        self._leaving.add(worker)
        if self.client.scheduler_info(n_workers=-1)["workers"].get(worker, {}).get("nanny"):
            self._run_on(worker, kill_worker, worker, nanny=True)
        else:
            self._run_on(worker, end_process)

    def running_s(self, uid: str) -> float:
        """For how many seconds a worker has been running a job; 0 while the job waits for it."""
        since = self._running[uid].since if uid in self._running else 0.0
        return time.monotonic() - since if since else 0.0

    def kill(self, uid: str) -> None:
        """Replace the worker process that runs a job, whatever it hangs in."""
        running = self._running.pop(uid, None)
        if running:
            running.future.cancel()
            self._end_worker(running.worker)

    def close(self) -> None:
        """Release the workers; those started for this run end now, whatever they do."""
        for uid, running in self._running.items():
            with suppress(Exception):
                running.future.cancel(force=True)
                self._run_on(running.worker, answer, uid, STOP, True)
        with suppress(Exception):
            self.client.close(timeout=5)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=10)


def automatic(load: Load, say: Callable[[str], None]) -> DaskPool:
    """As many workers as cores, fewer where there is less to do, where they would not fit into memory, or where they would share a GPU.

    What a worker needs is measured in the first ones: as many as surely fit. Raises: BenchError as `DaskPool` does.
    """
    free = free_bytes()
    first = 1 if visible_gpus() else load.fitting(AMPLE_BYTES, free)
    pool = DaskPool(local(first, threads=load.threads))
    if load.most == 1:
        say(load.line(1, 0, free))
        return pool
    devices, held = pool.prepare(load.threads)
    if gpu := next((device for device in devices if device.startswith("gpu")), ""):
        say(f"1 worker on {gpu}: --trials-per-gpu K starts K for each GPU")
        return pool
    workers = load.fitting(held + TRAINING_BYTES, free)
    if workers != first:
        pool.scale(workers)
    say(load.line(workers, held + TRAINING_BYTES, free))
    return pool


def _start(cluster: SpecCluster) -> Client:
    """A client of a cluster of this run, once all its workers are there. Raises: BenchError when they do not start."""
    try:
        client = _client(cluster, own=True)
        client.wait_for_workers(len(cluster.worker_spec), timeout=START_S)
        return client
    except (OSError, TimeoutError) as error:
        cluster.close(timeout=10)
        raise BenchError(f"the worker processes did not start within {START_S:.0f} s ({error}): use fewer --workers, or "
                         "--in-process") from error


def _join(address: str) -> Client:
    """A client of a running scheduler. Raises: BenchError when it does not answer, or its workers have another installation."""
    if address.startswith("tls://") and not Security().get_connection_args("client").get("ssl_context"):
        raise BenchError(f"--scheduler {address} speaks TLS, and Dask's configuration here names no certificates: set "
                         "distributed.comm.tls.ca-file and distributed.comm.tls.client")
    try:
        return _client(address, own=False)
    except (OSError, TimeoutError) as error:
        raise BenchError(f"no Dask scheduler answers at {address} ({str(error).strip()[:300]}): check the address, and that it "
                         "runs") from error
    except Exception as error:  # a worker's, of any kind
        raise BenchError(f"a worker at {address} can't take work ({first_line(error)}): workers need the installation of `bench` that "
                         "the run is started from") from error


def _client(where: SpecCluster | str, own: bool) -> Client:
    client = Client(where, timeout=ANSWER_S, set_as_default=False)
    client.register_plugin(WorkerSetup(own), name="bench-manners")
    return client
