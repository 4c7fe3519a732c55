"""Worker processes of this machine, as a Dask cluster that a run starts for itself and ends."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import subprocess
from typing import Any

import dask
import joblib
from distributed import Nanny, Scheduler, Security, SpecCluster
from distributed.system import MEMORY_LIMIT

from harness.execution.dask_worker import ANSWER_S
from harness.training.backend import THREADS
from registry.errors import BenchError

HOST = "127.0.0.1"
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # the run decides how often a trial is tried again
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": f"{ANSWER_S:.0f}s",
    "distributed.deploy.lost-worker-timeout": "9999d",  # else a cluster ends a nanny soon after its worker died, whatever the next one does
    "distributed.admin.log-length": 0,
    "distributed.worker.daemon": False,
    **{f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")},
    **{f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker", "nanny")},  # no web pages
}
EARLY = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when NumPy is loaded, before a nanny sets anything
LIMITS = (*EARLY, "LOKY_MAX_CPU_COUNT", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")
USER_LIMITS = {name: os.environ[name] for name in LIMITS if name in os.environ}  # read now: nannies set theirs in this process, too


def local(workers: int, per_gpu: int = 0, threads: int = 1) -> SpecCluster:
    """A scheduler on 127.0.0.1 and worker processes that run one trial each; with `per_gpu` so many to each GPU.

    Args: threads: of a trial.
    Raises: BenchError when there is no GPU to share.
    """
    gpus = visible_gpus() if per_gpu else []
    if per_gpu and not gpus:
        raise BenchError("--trials-per-gpu needs a GPU, and none is visible: leave it out, or check CUDA_VISIBLE_DEVICES")
    count = per_gpu * len(gpus) or workers
    dask.config.set(SETTINGS)
    early = worker_environment(count, "", threads)
    os.environ.update({name: early[name] for name in EARLY})  # where nannies look first; they would put their own 1 there
    security = Security.temporary()  # whoever reaches a worker can run code in it, and this machine may have other users
    shared: dict[str, Any] = {"host": HOST, "port": 0, "protocol": "tls", "security": security,
                              "dashboard": False, "dashboard_address": f"{HOST}:0"}
    each = {**shared, "nthreads": 1, "memory_limit": int(MEMORY_LIMIT / count), "silence_logs": logging.CRITICAL}
    gpu_of = dict(enumerate(itertools.islice(itertools.cycle(gpus or [""]), count)))
    specs = {place: {"cls": Nanny, "options": {**each, "env": worker_environment(count, gpu, threads)}} for place, gpu in gpu_of.items()}
    return SpecCluster(workers=specs, worker=specs[0], scheduler={"cls": Scheduler, "options": shared},
                       security=security, silence_logs=logging.CRITICAL, asynchronous=False)


def worker_environment(workers: int, gpu: str, threads: int = 1) -> dict[str, str]:
    """The environment of a local worker: the threads of a trial for each library that has some, its share of the cores for processes that
    compute features, and its GPU. It ends without tidying up, and what tidies up after it does so in silence."""
    share = max(1, joblib.cpu_count() // workers)
    limits = {**dict.fromkeys(LIMITS, str(threads)), "LOKY_MAX_CPU_COUNT": str(share), **USER_LIMITS}
    warnings = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker:UserWarning")))  # the last one wins
    return {**limits, **dict.fromkeys(THREADS, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": warnings,
            **({"CUDA_VISIBLE_DEVICES": gpu} if gpu else {})}


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
