"""Worker processes on dask.distributed: a local cluster started for a run, or one that is running elsewhere and is joined."""

from __future__ import annotations

import itertools
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import joblib
from distributed import Client, Future, Nanny, Scheduler, Security, SpecCluster, WorkerPlugin, get_worker
from distributed.system import MEMORY_LIMIT

from harness.execution.job import Job, Outcome, Stopped
from harness.execution.pool import JobEnd, Listen, ProgressEvent
from harness.execution.worker import run_job
from harness.safe_text import first_line, mask_logs
from harness.tracking.run_record import RunRecord
from registry.core import load_file
from registry.errors import BenchError

TOPIC = "bench"
HOST = "127.0.0.1"
ANSWER_S = 30.0  # a worker that gets no answer in this time goes on training
RECYCLE_TRIALS = 200  # after which a worker process is replaced by a new one, lest anything pile up in it
RECYCLE_SHARE = 0.7  # of its memory limit, above which it is replaced before its next trial
START_S = 120.0
LOOK_S = 1.0  # between two looks at which workers are there
DIED = "its worker process ended (killed, or out of memory)"
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # how often a trial is tried again is for the run to say
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": f"{ANSWER_S:.0f}s",
    "distributed.deploy.lost-worker-timeout": "9999d",  # else a cluster ends a nanny soon after its worker died, whatever the next one does
    "distributed.admin.log-length": 0,
    "distributed.worker.daemon": False,
    **{f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")},
    **{f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker", "nanny")},  # no pages for whoever asks
}
EARLY = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when NumPy is loaded, before a nanny sets anything
LIMITS = (*EARLY, "LOKY_MAX_CPU_COUNT", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
GIVEN = {name: os.environ[name] for name in LIMITS if name in os.environ}  # by the user: nannies leave theirs in this process, too
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
    memory = int(MEMORY_LIMIT / count)
    threads = worker_environment(count, "")
    dask.config.set(SETTINGS)
    os.environ.update({name: threads[name] for name in EARLY})  # where nannies look first; they would put their own 1 there
    security = Security.temporary()  # who reaches a worker can run code in it, and this machine may have other users
    here: dict[str, Any] = {"host": HOST, "port": 0, "protocol": "tls", "security": security,
                            "dashboard": False, "dashboard_address": f"{HOST}:0"}
    same = {**here, "nthreads": 1, "memory_limit": memory, "silence_logs": logging.CRITICAL}
    places = [gpus[place % len(gpus)] if gpus else "" for place in range(count)]
    specs = {place: {"cls": Nanny, "options": {**same, "env": worker_environment(count, gpu)}} for place, gpu in enumerate(places)}
    return SpecCluster(workers=specs, scheduler={"cls": Scheduler, "options": here},
                       security=security, silence_logs=logging.CRITICAL, asynchronous=False)


def worker_environment(workers: int, gpu: str) -> dict[str, str]:
    """The environment of a local worker: its share of the cores for each library that has threads or processes, and its GPU."""
    threads = str(max(1, joblib.cpu_count() // workers))
    chosen = {name: GIVEN.get(name, threads) for name in LIMITS}
    return {**chosen, "TF_CPP_MIN_LOG_LEVEL": "3", **({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {})}


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        names = [name.strip() for name in named.split(",")]
        return [name for name in itertools.takewhile(lambda name: name != "-1", names) if name]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False)
    return [str(place) for place, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]


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


class DaskPool:
    """The pool of a Dask cluster. Each worker runs one trial at a time, in a process of its own.

    Args:
        where: a cluster that was started for this run and ends with it, or the address of a running scheduler, which workers may
            join and leave at any time.
    Raises: BenchError when the scheduler can't be reached, or no worker starts.
    """

    def __init__(self, where: SpecCluster | str) -> None:
        self._cluster = None if isinstance(where, str) else where
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of what it says is said in our words
        if isinstance(where, str):
            _check_certificates(where)
        try:
            self.client = Client(where, timeout=ANSWER_S, set_as_default=False)
            self.client.register_plugin(WorkerSetup(own=self._cluster is not None), name="bench-manners")
            if self._cluster is not None:
                self.client.wait_for_workers(len(self._cluster.worker_spec), timeout=START_S)
        except (OSError, TimeoutError) as error:
            if self._cluster is None:
                raise BenchError(f"no Dask scheduler answers at {where} ({str(error).strip()[:300]}): check the address, and that it "
                                 "runs") from error
            self._cluster.close(timeout=10)
            raise BenchError(f"the worker processes did not start within {START_S:.0f} s ({error}): use fewer --workers, or "
                             "--in-process") from error
        except Exception as error:  # as the plugin meets it there
            raise BenchError(f"a worker at {where} can't take work ({first_line(error)}): workers need the installation of `bench` that "
                             "the run is started from") from error
        self._check_threads()
        self._heard: queue.Queue[Any] = queue.Queue()
        self._running: dict[str, _Running] = {}
        self._idle: list[str] = []
        self._leaving: set[str] = set()
        self._look_at = 0.0
        self.client.subscribe_topic(TOPIC, self._note)

    def _check_threads(self) -> None:
        wide = [address for address, threads in self.client.nthreads().items() if threads != 1]
        if wide:
            raise BenchError(f"a worker runs one trial at a time, but {wide[0]} has several threads: start workers with --nthreads 1")

    def _note(self, event: Any) -> None:
        self._heard.put(event[1])

    def free(self) -> int:
        """How many workers have nothing to do."""
        busy = self._asked(self.client.processing)  # by this and by other runs
        if self._cluster is not None and len(busy) < len(self._cluster.worker_spec):
            self._replace(self._cluster)
        taken = {running.worker for running in self._running.values()} | self._leaving
        self._leaving &= busy.keys()  # another may come at the same address
        self._idle = [worker for worker, tasks in busy.items() if not tasks and worker not in taken]
        return len(self._idle)

    def _replace(self, cluster: SpecCluster) -> None:
        """Have nannies replaced that gave up, as they do when their worker dies while it starts."""
        for name in [name for name, nanny in cluster.workers.items() if nanny.status.name in ("failed", "closed")]:
            cluster.workers.pop(name, None)
        cluster.scale(len(cluster.worker_spec))

    def start(self, job: Job) -> None:
        """Send a job to one of the workers that `free` counted."""
        blob = cloudpickle.dumps(job)
        files = [module.__file__ for name in cloudpickle.list_registry_pickle_by_value()
                 if name.encode() in blob and (module := sys.modules.get(name))]
        worker = self._idle.pop()
        future = self.client.submit(run_job_on_dask, job.uid, blob, files, key=f"bench-{job.uid}-{time.monotonic_ns()}", pure=False,
                                    workers=[worker])
        self._running[job.uid] = _Running(future, worker)
        future.add_done_callback(lambda done: self._heard.put(["done", job.uid, done.key]))

    def turn(self, listen: Listen) -> list[JobEnd]:
        """Hear what was told since, at least for half a second; returns what ended."""
        ended: list[JobEnd] = []
        with suppress(queue.Empty):
            message = self._heard.get(timeout=0.5)
            while True:
                ended += self._take(message, listen)
                message = self._heard.get_nowait()
        return ended + self._lost()

    def _asked(self, question: Callable[[], Any]) -> Any:
        """The scheduler's answer. Raises: BenchError when it is gone."""
        try:
            if self.client.status in ("running", "connecting"):
                return question()
        except (OSError, TimeoutError, RuntimeError, AttributeError):  # as Dask meets a connection that closes under it
            pass
        raise BenchError("the Dask scheduler is gone: what finished is kept, and the same command continues")

    def _take(self, message: list[Any], listen: Listen) -> list[JobEnd]:
        what, uid, *rest = message
        running = self._running.get(uid)
        if running is None:
            return []
        if what == "began":
            running.since = time.monotonic()
        elif what == "ended":
            record = RunRecord(**rest[0].pop("record"))
            return [self._ended(uid, Outcome(record, **rest[0]), memory_limit=rest[1])]
        elif what == "done":
            return self._stopped(uid) if rest[0] == running.future.key else []
        else:
            done, value, wants_answer = rest
            prune = listen(ProgressEvent(uid, what, done, value))
            if wants_answer:
                self._call(running.worker, _answer, uid, done, prune)
        return []

    def _call(self, worker: str, function: Any, *arguments: Any, nanny: bool = False) -> None:
        with suppress(Exception):  # a worker that died meanwhile needs no answer
            self.client.run(function, *arguments, workers=[worker], wait=False, nanny=nanny)

    def _ended(self, uid: str, outcome: Outcome, memory_limit: float) -> JobEnd:
        worker = self._running.pop(uid).worker
        if outcome.done_here >= RECYCLE_TRIALS or outcome.memory_bytes > RECYCLE_SHARE * memory_limit:
            self._end_worker(worker)
        return JobEnd(uid, outcome)

    def _stopped(self, uid: str) -> list[JobEnd]:
        """A job that Dask calls done though its worker did not tell of an outcome."""
        running = self._running.pop(uid)
        error = running.future.exception() if running.future.status == "error" else None
        if error is None or type(error).__name__ in ("KilledWorker", "CancelledError", "FutureCancelledError"):
            return [JobEnd(uid, died=DIED)]
        return [JobEnd(uid, fault=error)]

    def _lost(self) -> list[JobEnd]:
        """The jobs whose workers are no longer there, whatever the scheduler makes of that."""
        if time.monotonic() < self._look_at:
            return []
        self._look_at = time.monotonic() + LOOK_S
        there = self._asked(self.client.nthreads)
        lost = [uid for uid, running in self._running.items() if running.worker not in there]
        for uid in lost:
            self._running.pop(uid).future.cancel()
        return [JobEnd(uid, died=DIED) for uid in lost]

    def _end_worker(self, worker: str) -> None:
        """End a worker process at once, whatever it does; its nanny starts a new one. One without a nanny has to be started by others."""
        self._leaving.add(worker)
        about = self.client.scheduler_info(n_workers=-1)["workers"].get(worker, {})
        if about.get("nanny"):
            self._call(worker, _kill_child, worker, nanny=True)
        else:
            self._call(worker, _end_process)

    def running_s(self, uid: str) -> float:
        """For how many seconds a worker has been at a job; 0 while it waits for one."""
        since = self._running[uid].since if uid in self._running else 0.0
        return time.monotonic() - since if since else 0.0

    def kill(self, uid: str) -> None:
        """Replace the worker process that runs a job, whatever it hangs in."""
        running = self._running.pop(uid, None)
        if running:
            running.future.cancel()
            self._end_worker(running.worker)

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


def _check_certificates(where: str) -> None:
    """Raises: BenchError for an address that needs certificates which are not there."""
    if where.startswith("tls://") and not Security().get_connection_args("client").get("ssl_context"):
        raise BenchError(f"--scheduler {where} speaks TLS, and Dask's configuration here names no certificates: set "
                         "distributed.comm.tls.ca-file and distributed.comm.tls.client")


@dataclass
class _Running:
    """A job on its way: the worker that it was sent to, and when that began."""

    future: Future
    worker: str
    since: float = 0.0


def run_job_on_dask(uid: str, blob: bytes, files: list[str]) -> None:
    """What a worker is sent: one job, pickled with the classes of files that no worker could import by name.

    How it ended is told as an event, with the bytes that the worker may hold. A task's result would have to be fetched from the worker,
    and that of a worker which dies first would be waited for in vain.
    """
    worker = get_worker()
    worker.log_event(TOPIC, ["began", uid])
    for file in files:  # so that a saved model finds the source of a user's own feature
        if Path(file).is_file() and not any(getattr(module, "__file__", None) == file for module in list(sys.modules.values())):
            load_file(Path(file))
    job: Job = cloudpickle.loads(blob)
    outcome = run_job(job, DaskReporter(uid, worker, str(worker.get_current_task()), job.asks))
    worker.log_event(TOPIC, ["ended", uid, asdict(outcome), worker.memory_manager.memory_limit or MEMORY_LIMIT])


@dataclass(frozen=True)
class DaskReporter:
    """A reporter over Dask's events; where pruning is possible, each epoch waits for its answer."""

    uid: str
    worker: Any
    key: str
    asks: bool

    def check(self) -> None:
        task = self.worker.state.tasks.get(self.key)
        if task is None or task.state == "cancelled":  # the run was stopped, or its coordinator is gone
            raise Stopped("nobody waits for this trial any more")

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        self.check()
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
async def _kill_child(worker: str, dask_worker: Any) -> None:
    """Called in a nanny's event loop by the coordinator; the nanny starts a new worker process."""
    if dask_worker.worker_address == worker:
        os.kill(dask_worker.pid, signal.SIGKILL)
async def _answer(uid: str, epoch: int, prune: bool) -> None:
    """Called in the worker's event loop by the coordinator."""
    with _answered:
        _answers[uid] = (epoch, prune)
        _answered.notify_all()
