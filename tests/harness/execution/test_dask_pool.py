"""Worker processes of this machine: which GPU each may use, when one is replaced, and how they end with their coordinator."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import joblib
import psutil
import pytest
import simulated as sim
from calls import SOON_S, TINY, bench, eventually, free_port
from distributed import Client
from faults import leaves_its_pid, states, study
from mlflow_client import client_of, runs_of

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution import dask_pool
from harness.execution.run_study import Execution, run_study
from harness.search import optuna_study
from harness.tracking.store import Store
from registry.errors import BenchError


def started(home: Path, workers: int, seconds: float) -> subprocess.Popen[str]:
    """The simulated study with real workers, in a process group of its own, as a terminal starts it."""
    what = json.dumps({"home": str(home), "execution": {"workers": workers}, "objective": {"seconds": seconds}})
    return subprocess.Popen([sys.executable, sim.__file__, what], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, env={**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[2])})


def begun(home: Path) -> int:
    """How many trials have an MLflow run by now."""
    with contextlib.suppress(sqlite3.OperationalError), \
            contextlib.closing(sqlite3.connect(f"file:{home / 'mlflow.db'}?mode=ro", uri=True)) as store:
        return int(store.execute("select count(*) from tags where key = 'bench.kind' and value = 'trial'").fetchone()[0])
    return 0


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
        assert set(client.run(os.getenv, "OPENBLAS_NUM_THREADS").values()) == {str(max(1, joblib.cpu_count() // 4))}


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


def test_ctrl_c_of_a_terminal_reaches_the_workers_too_and_what_they_run_is_finished(tmp_path: Path) -> None:
    process = started(tmp_path, workers=1, seconds=3)
    try:
        eventually(lambda: begun(tmp_path) == 1)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=SOON_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130 and told.count("stopping: what is running is finished first") == 1, told
    assert states(tmp_path) == {"study killed": 1, "trial finished": 1}


def test_ctrl_c_twice_stops_it_now_and_the_same_command_runs_what_was_stopped_again(tmp_path: Path) -> None:
    process = started(tmp_path, workers=1, seconds=1000)
    try:
        eventually(lambda: begun(tmp_path) == 1)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        _, told = process.communicate(timeout=SOON_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130 and "Ctrl-C again stops now" in told and "Traceback" not in told, told
    assert states(tmp_path) == {"study killed": 1, "trial killed": 1}
    study(tmp_path, sim.simulated)
    assert states(tmp_path) == {"study finished": 1, "trial killed": 1, "trial finished": 4, "seed finished": 2, "final finished": 2}
    told_of = [run.data.tags["bench.signature"] for run in runs_of(client_of(tmp_path), "simulated")["trial"]]
    assert len(set(told_of)) == 4, "what was stopped was run again"


def test_a_database_that_is_away_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optuna_study, "START_PATIENCE_S", 0.5)
    address = f"127.0.0.1:{free_port()}/db"
    outcome = bench("run", "--study", TINY, "--home", tmp_path, "--optuna-storage", f"postgresql+psycopg://anna:S3cr-et@{address}")
    assert outcome.code == 1 and address in outcome.err and "check --optuna-storage" in outcome.err
    assert "S3cr-et" not in outcome.out + outcome.err
