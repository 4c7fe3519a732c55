"""Worker processes of this machine: which GPU each may use, when one is replaced, and how they end with their coordinator."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections import Counter
from pathlib import Path

import joblib
import psutil
import pytest
import simulated as sim
from calls import SOON_S, eventually
from distributed import Client
from faults import begun, leaves_its_pid, started

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution import dask_pool
from harness.execution.run_study import Execution, run_study
from harness.tracking.store import Store
from registry.errors import BenchError


def lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.mark.parametrize(("named", "gpus"), [("", []), ("-1", []), ("0, 1", ["0", "1"]), ("0,-1,1", ["0"]),
                                             ("GPU-8a56e3c2", ["GPU-8a56e3c2"])])
def test_the_gpus_of_a_run_are_those_that_cuda_visible_devices_names(named: str, gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert dask_pool.visible_gpus() == gpus


def test_each_gpu_has_as_many_workers_as_asked_for_and_a_worker_sees_no_other_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with dask_pool.local(1, per_gpu=2) as workers, Client(workers, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(4, timeout=SOON_S)
        assert Counter(client.run(os.getenv, "CUDA_VISIBLE_DEVICES").values()) == {"0": 2, "1": 2}
        assert set(client.run(os.getenv, "OPENBLAS_NUM_THREADS").values()) == {"1"}


def test_workers_for_each_gpu_where_there_is_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(BenchError, match="needs a GPU"):
        dask_pool.local(1, per_gpu=1)


@pytest.mark.slow
def test_a_worker_process_that_holds_too_much_memory_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "RECYCLE_SHARE", 0.0)
    small = dataclasses.replace(sim.STUDY, splits=sim.STUDY.splits[:1], trials=1, seeds=(0,))
    run_study(sim.study_file(small), Store(tmp_path), Workspace(tmp_path, workers=1), {}, Console(quiet=True),
              execution=Execution(workers=1, objective=leaves_its_pid))
    assert len(list(tmp_path.glob("pid *"))) == 2  # the trial's and the seed's


def test_the_workers_of_a_killed_coordinator_end_by_themselves(tmp_path: Path) -> None:
    process = started(tmp_path, workers=2, seconds=1000)
    family: list[psutil.Process] = []
    try:
        eventually(lambda: begun(tmp_path) == 2)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2
        process.kill()
        eventually(lambda: not any(map(lives, family)))
    finally:
        for left in (process, *filter(lives, family)):
            left.kill()
        process.communicate()


def test_a_worker_has_the_threads_of_a_trial_and_its_share_of_the_cores_for_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "USER_LIMITS", {"OMP_NUM_THREADS": "5"})
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    one, three = dask_pool.worker_environment(2, ""), dask_pool.worker_environment(2, "1", threads=3)
    assert (one["TF_NUM_INTRAOP_THREADS"], one["NUMBA_NUM_THREADS"], one["LOKY_MAX_CPU_COUNT"]) == ("1", "1", "4")
    assert one["OMP_NUM_THREADS"] == "5"  # a user's own choice
    assert (three["TF_NUM_INTRAOP_THREADS"], three["TF_NUM_INTEROP_THREADS"], three["CUDA_VISIBLE_DEVICES"]) == ("3", "3", "1")


def test_a_local_cluster_answers_nobody_without_its_certificate() -> None:
    from distributed import Client

    started = dask_pool.local(1)
    try:
        assert started.scheduler_address.startswith("tls://127.0.0.1:")
        process = psutil.Process()
        ports = {listener.laddr for each in (process, *process.children(recursive=True)) for listener in each.net_connections("inet")
                 if listener.status == psutil.CONN_LISTEN}
        assert ports and {address.ip for address in ports} == {"127.0.0.1"}
        with pytest.raises(OSError):
            Client(started.scheduler_address.replace("tls://", "tcp://"), timeout=5)
    finally:
        started.close()
