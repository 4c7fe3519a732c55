"""What a study outlives, each with the real thing: killed workers, hanging trials, servers that go away, locked and full disks."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import simulated as sim
from calls import SOON_S, bench, eventually, free_port
from faults import leaves_its_pid, states, study
from mlflow_client import client_of, runs_of
from mlflow_server import Server
from postgres import Postgres, programs

from harness.console import Console
from harness.data.corpora import Workspace, _opened, open_corpus
from harness.execution import dask_pool, local_cluster
from harness.study.cells import plan
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store
from harness.training.run_trial import run_trial
from registry.errors import BenchError

NO_SERVER = pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed on this machine")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A cluster of two workers that runs join, as they would join one on many machines."""
    import dask
    from distributed import LocalCluster

    with dask.config.set(local_cluster.SETTINGS), LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started.scheduler_address


def troubled(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
    """Dies by SIGKILL once in one cell's first trial and each time in the other's; never comes back from one cell's second trial."""
    first, shares = trial.training.learning_rate == 0.001, "random" in trial.split.name
    deaths = workspace.home / f"deaths {trial.split.name}"
    deaths.mkdir(exist_ok=True)
    if first and not trial.opens_test and not (shares and list(deaths.iterdir())):
        (deaths / str(time.monotonic_ns())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if shares and not first and not trial.opens_test:
        time.sleep(1000)
    return sim.simulated(trial, workspace, on_epoch, preparing)


@pytest.fixture(scope="module")
def trouble(scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a study was run of whose four trials one kills its worker once, one each time, and one hangs."""
    home = tmp_path_factory.mktemp("trouble")
    study(home, troubled, scheduler=scheduler, trial_timeout_s=20.0)
    return home


def ends(home: Path, protocol: str) -> list[tuple[str, str]]:
    """How the trials of a protocol ended, and why."""
    return sorted((run.info.status, run.data.tags.get("bench.reason", "")) for run in runs_of(client_of(home), "simulated")["trial"]
                  if protocol in run.data.tags["bench.split"])


def test_a_worker_killed_in_a_trial_is_replaced_and_its_trial_repeated(trouble: Path) -> None:
    assert [state for state, _ in ends(trouble, "random")].count("KILLED") == 1
    assert [state for state, _ in ends(trouble, "random")].count("FINISHED") == 1


def test_a_trial_whose_worker_dies_each_time_is_failed_with_the_reason_and_the_study_goes_on(trouble: Path) -> None:
    assert ("FAILED", "its worker process ended (killed, or out of memory) in each of 3 tries") in ends(trouble, "unseen")
    assert len(list((trouble / "deaths unseen_speakers_80_20").iterdir())) == 3
    assert [state for state, _ in ends(trouble, "unseen")] == ["FAILED", "FINISHED", "KILLED", "KILLED"]
    assert states(trouble)["study finished"] == 1 and states(trouble)["final finished"] == 2


def test_a_trial_that_hangs_is_stopped_after_its_time_and_failed(trouble: Path) -> None:
    assert ("FAILED", "it took longer than --trial-timeout 20 s") in ends(trouble, "random")


def dies_once_it_is_done(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
    def die() -> None:
        box = Outbox(workspace.home)
        while not any(entry.tags["signature"] == trial.signature for entry in filter(None, map(box.get, box.uids()))):
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)

    if not (workspace.home / "doomed").exists():
        (workspace.home / "doomed").touch()
        threading.Thread(target=die, daemon=True).start()
    return sim.simulated(trial, workspace, on_epoch, preparing)


@pytest.mark.slow
def test_a_result_counts_whose_worker_dies_before_the_coordinator_looks(scheduler: str, tmp_path: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    poll, pauses = dask_pool.DaskPool.poll, [4.0]

    def late(workers: dask_pool.DaskPool, on_progress: Any) -> Any:
        if pauses and (tmp_path / "doomed").exists():
            time.sleep(pauses.pop())
        return poll(workers, on_progress)

    monkeypatch.setattr(dask_pool.DaskPool, "poll", late)
    study(tmp_path, dies_once_it_is_done, trials=1, scheduler=scheduler)
    assert states(tmp_path) == {"study finished": 1, "trial finished": 2, "seed finished": 2, "final finished": 2}


@pytest.mark.slow
def test_a_worker_process_is_replaced_after_so_many_trials(scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "RECYCLE_TRIALS", 1)
    study(tmp_path, leaves_its_pid, trials=1, scheduler=scheduler)
    assert len(list(tmp_path.glob("pid *"))) == 4  # two trials and two seeds


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_scheduler_that_goes_away_ends_the_run_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port),
                                "--no-dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    poll = dask_pool.DaskPool.poll

    def last_poll(workers: dask_pool.DaskPool, on_progress: Any) -> Any:
        process.kill()
        return poll(workers, on_progress)

    monkeypatch.setattr(dask_pool.DaskPool, "poll", last_poll)
    monkeypatch.setattr(dask_pool, "ANSWER_S", 5.0)
    try:
        eventually(lambda: _listens(port))
        with pytest.raises(BenchError, match="the Dask scheduler is gone: what finished is kept, and the same command continues"):
            study(tmp_path, sim.simulated, scheduler=f"tcp://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_one_and_two_workers_give_the_same_leaderboard(scheduler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from chaos import leaderboard

    from harness.reports.study_report import write_report

    study(tmp_path / "one", sim.simulated, trials=4)
    study(tmp_path / "two", sim.simulated, trials=4, scheduler=scheduler, console=Console())
    assert "waiting" not in capsys.readouterr().err  # there is no other start to wait for
    for home in (tmp_path / "one", tmp_path / "two"):
        write_report(Store(home), "simulated")
    assert leaderboard(tmp_path / "one") == leaderboard(tmp_path / "two") != b""


@pytest.mark.slow
def test_two_runs_started_at_once_share_the_study_and_run_no_signature_twice(tmp_path: Path) -> None:
    what = json.dumps({"home": str(tmp_path), "execution": {"in_process": True}, "objective": {"seconds": 0.5}, "study": {"trials": 3}})
    program = [sys.executable, sim.__file__, what]
    env = {**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[2])}
    started = [subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env) for _ in range(2)]
    told = [process.communicate(timeout=2 * SOON_S)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    runs = runs_of(client_of(tmp_path), "simulated")
    assert {kind: len(found) for kind, found in runs.items()} == {"study": 1, "trial": 6, "seed": 4, "final": 2}
    signatures = Counter(run.data.tags["bench.signature"] for run in runs["trial"] + runs["seed"])
    assert set(signatures.values()) == {1}
    assert all("validation UAR" in text for text in told), "both starts had a share of the work"


@pytest.fixture
def used_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, as MLFLOW_TRACKING_URI names it; a call that it does not answer is not tried again."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return server


def test_a_tracking_server_that_goes_away_in_the_middle_loses_nothing_and_gets_each_result_once(used_server: Server,
                                                                                                      tmp_path: Path) -> None:
    server, home, begun = used_server, tmp_path / "home", []

    def goes_away(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        begun.append(trial.signature)
        if len(begun) == 2:
            server.end()
        return sim.simulated(trial, workspace, on_epoch, preparing)

    with pytest.raises(BenchError, match=r"results wait in .*`bench sync`"):
        study(home, goes_away)
    assert len(begun) == len(set(begun)) == 6  # all four trials and both seeds were trained
    waiting = len(Outbox(home).waiting())
    assert waiting >= 5
    away = bench("sync", "--home", home)
    assert away.code == 1 and "can't be opened" in away.err
    assert len(Outbox(home).waiting()) == waiting

    server.start()
    brought = bench("sync", "--home", home)
    assert brought.code == 0 and f"brought {waiting} of {waiting}" in brought.out, brought.err
    assert "nothing waits" in bench("sync", "--home", home).out
    study(home, goes_away)
    assert len(begun) == 6
    from mlflow import MlflowClient

    runs = runs_of(MlflowClient(server.address), "simulated")
    found = Counter(f"{kind} {run.info.status.lower()}" for kind, each in runs.items() for run in each)
    assert found == {"study finished": 1, "trial finished": 4, "seed finished": 2, "final finished": 2}
    finals = {run.info.run_id for run in runs["final"]}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs["seed"]} == finals


def test_a_tracking_server_that_is_away_at_the_start_is_told_before_anything_is_trained(tmp_path: Path,
                                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    begun: list[int] = []
    with pytest.raises(BenchError, match="can't be opened"):
        study(tmp_path, lambda *_: begun.append(1))
    assert not begun


@NO_SERVER
def test_postgresql_restarted_under_load_is_waited_for(tmp_path: Path) -> None:
    server, begun = Postgres(tmp_path), []

    def restarts(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        begun.append(trial.signature)
        if len(begun) == 3:
            server.stop("immediate")
            threading.Timer(2.0, server.start).start()
        return sim.simulated(trial, workspace, on_epoch, preparing)

    try:
        study(tmp_path / "home", restarts, trials=4, optuna_storage=server.make("optuna"))
    finally:
        server.stop("immediate")
    assert len(begun) == len(set(begun)) == 10
    assert states(tmp_path / "home") == {"study finished": 1, "trial finished": 8, "seed finished": 2, "final finished": 2}


def test_a_locked_sqlite_file_is_waited_for(tmp_path: Path) -> None:
    begun: list[str] = []

    def locks(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        begun.append(trial.signature)
        if len(begun) == 2:
            def hold() -> None:
                with sqlite3.connect(tmp_path / "optuna.db", timeout=30, isolation_level=None) as holder:
                    holder.execute("BEGIN EXCLUSIVE")
                    locked.set()
                    time.sleep(1.5)
                    holder.execute("COMMIT")

            locked = threading.Event()
            threading.Thread(target=hold).start()
            assert locked.wait(30)
        return sim.simulated(trial, workspace, on_epoch, preparing)

    study(tmp_path, locks)
    assert len(begun) == len(set(begun)) == 6
    assert states(tmp_path)["trial finished"] == 4


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root can mount a small disk")
def test_a_full_disk_ends_the_run_with_its_reason_and_the_same_command_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")

    program = ("import sys; sys.path.insert(0, sys.argv[1])\nimport faults as t\nfrom pathlib import Path\n"
               "from registry.errors import BenchError\n"
               "try:\n    t.study(Path(sys.argv[2]), t.fills)\nexcept (BenchError, OSError) as error:\n    sys.exit(str(error))")
    try:
        ended = subprocess.run([sys.executable, "-c", program, str(Path(sim.__file__).parent), str(disk / "home")], capture_output=True,
                               text=True, check=False, timeout=SOON_S)
        assert ended.returncode == 1 and ("full" in ended.stderr or "No space left" in ended.stderr), ended.stderr
        (disk / "ballast").unlink()
        study(disk / "home", sim.simulated)
        assert states(disk / "home")["trial finished"] == 4 and states(disk / "home")["final finished"] == 2
        assert not Outbox(disk / "home").uids()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_clip_deleted_in_mid_study_stops_it_with_what_to_do(tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    from registry.corpora.folder import Folder

    rows = ["path,emotion,speaker"]
    for speaker in "abcde":
        for emotion in ("angry", "happy"):
            soundfile.write(tmp_path / f"{speaker}_{emotion}.wav", np.zeros(1600), 16_000)
            rows.append(f"{speaker}_{emotion}.wav,{emotion},{speaker}")
    (tmp_path / "clips.csv").write_text("\n".join(rows) + "\n")
    study_here = dataclasses.replace(sim.STUDY, corpus=Folder())
    trial = plan(study_here, open_corpus(Folder(), tmp_path).fingerprint)[0].base
    (tmp_path / "a_angry.wav").unlink()
    _opened.cache_clear()  # a worker that starts later lists the clips anew
    with pytest.raises(BenchError, match="changed since this trial was planned: start the study again"):
        run_trial(trial, Workspace(tmp_path / "home", data=tmp_path, workers=1), lambda *_: None)
