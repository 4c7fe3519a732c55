"""The workers of this machine: which GPU and how many threads each has, and that nobody else reaches them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import joblib
import psutil
import pytest
from calls import SOON_S
from distributed import Client

from harness.execution import local_cluster
from registry.errors import BenchError


@pytest.mark.parametrize(("named", "gpus"), [("", []), ("-1", []), ("0, 1", ["0", "1"]), ("0,-1,1", ["0"]),
                                             ("GPU-8a56e3c2", ["GPU-8a56e3c2"])])
def test_the_gpus_of_a_run_are_those_that_cuda_visible_devices_names(named: str, gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert local_cluster.visible_gpus() == gpus


def test_each_gpu_has_as_many_workers_as_asked_for_and_a_worker_sees_no_other_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with local_cluster.local(1, per_gpu=2) as workers, Client(workers, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(4, timeout=SOON_S)
        assert Counter(client.run(os.getenv, "CUDA_VISIBLE_DEVICES").values()) == {"0": 2, "1": 2}
        assert set(client.run(os.getenv, "OPENBLAS_NUM_THREADS").values()) == {"1"}


def test_workers_for_each_gpu_where_there_is_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(BenchError, match="needs a GPU"):
        local_cluster.local(1, per_gpu=1)


def test_a_worker_has_the_threads_of_a_trial_and_its_share_of_the_cores_for_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_cluster, "USER_LIMITS", {"OMP_NUM_THREADS": "5"})
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    one, three = local_cluster.worker_environment(2, ""), local_cluster.worker_environment(2, "1", threads=3)
    assert (one["TF_NUM_INTRAOP_THREADS"], one["NUMBA_NUM_THREADS"], one["LOKY_MAX_CPU_COUNT"]) == ("1", "1", "4")
    assert one["OMP_NUM_THREADS"] == "5"  # a user's own choice
    assert (three["TF_NUM_INTRAOP_THREADS"], three["TF_NUM_INTEROP_THREADS"], three["CUDA_VISIBLE_DEVICES"]) == ("3", "3", "1")


LEFT_BEHIND = """
import json, os, sys
os.environ.update(json.loads(sys.argv[1]))  # once Python has begun, as Dask sets it
from joblib.externals.loky.backend import resource_tracker
resource_tracker.register("no folder of this name", "folder")
os._exit(0)
"""


@pytest.mark.parametrize("own", ["", "error::RuntimeWarning"])
def test_a_worker_that_ends_without_tidying_up_leaves_no_warning_on_the_screen(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", own)
    worker = local_cluster.worker_environment(1, "")
    said = [subprocess.run([sys.executable, "-c", LEFT_BEHIND, json.dumps(environment)], capture_output=True, text=True, check=True).stderr
            for environment in ({}, worker)]
    assert "leaked folder" in said[0] and not said[1]
    assert worker["PYTHONWARNINGS"].startswith(own)


def test_a_local_cluster_answers_nobody_without_its_certificate() -> None:
    started = local_cluster.local(1)
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
