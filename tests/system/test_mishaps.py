"""Mishaps in a row: what goes wrong while something else goes wrong already loses nothing, and keeps nobody waiting."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simulated as sim
from calls import bench, eventually
from faults import job_in, states, study
from mlflow_client import client_of
from mlflow_server import Server
from outbox_entries import entry, files

from harness.data.corpora import Workspace, open_corpus
from harness.data.feature_store import DiskFull
from harness.execution import schedule
from harness.execution.job import Stopped
from harness.execution.pool import DirectReporter, InProcessPool, JobEnd, OnProgress
from harness.execution.run_study import Execution
from harness.execution.worker import run_job
from harness.search.optuna_study import storage
from harness.study.cells import plan
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store
from harness.training.run_trial import run_trial
from registry.errors import BenchError


def test_a_worker_that_dies_while_a_run_stops_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool(InProcessPool):
        def free(self) -> int:
            return 2 - len(self._jobs)

        def poll(self, on_progress: OnProgress) -> list[JobEnd]:
            jobs, self._jobs = self._jobs, []
            return [JobEnd(job.uid, error=BenchError("the disk is full")) if place == 0 else JobEnd(job.uid, died="its worker died")
                    for place, job in enumerate(jobs)]

    monkeypatch.setattr(Execution, "pool", lambda self: Pool())
    with pytest.raises(BenchError, match="the disk is full"):
        study(tmp_path, sim.simulated)
    assert states(tmp_path)["study failed"] == 1


def test_a_start_that_shares_a_study_takes_over_what_one_that_is_killed_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = json.dumps({"home": str(tmp_path), "execution": {"in_process": True}, "objective": {"seconds": 300}, "study": {"trials": 2}})
    other = subprocess.Popen([sys.executable, sim.__file__, what], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env={**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[2])})
    try:
        engine = storage(tmp_path).engine

        def claimed() -> bool:
            with engine.connect() as connection:
                tables = connection.exec_driver_sql("select name from sqlite_master where name = 'bench_claims'").fetchall()
                return bool(tables and connection.exec_driver_sql("select 1 from bench_claims where claim like 'trial %'").fetchall())

        eventually(claimed)
        monkeypatch.setattr(schedule, "SETTLE_EVERY_S", 1.0)
        waited = schedule.Schedule.wait_for_others

        def kill(self: schedule.Schedule) -> None:
            other.kill()
            other.wait()
            waited(self)

        monkeypatch.setattr(schedule.Schedule, "wait_for_others", kill)
        study(tmp_path, sim.simulated)
    finally:
        other.kill()
        other.wait()
    assert {kind: count for kind, count in states(tmp_path).items() if "finished" in kind} == {
        "study finished": 1, "trial finished": 4, "seed finished": 2, "final finished": 2}


def test_a_result_goes_to_the_store_that_it_is_meant_for_and_no_other(server: Server, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    box = Outbox(tmp_path)
    box.commit(entry(store=server.address), files)
    refused = bench("sync", "--home", tmp_path)
    assert refused.code == 1 and f"1 wait for another store: set MLFLOW_TRACKING_URI to {server.address}" in refused.err
    assert box.waiting() == ["u1"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    assert bench("sync", "--home", tmp_path).code == 0 and not box.waiting()


def test_one_result_that_can_not_be_brought_yet_holds_up_no_other(tmp_path: Path) -> None:
    box = Outbox(tmp_path)
    for place in range(4):
        box.commit(entry(f"final{place}", kind="final", children=1, tags={"signatures": "none"}), files)
    box.commit(entry("trial"), files)
    told = bench("sync", "--home", tmp_path)
    assert told.code == 1 and "brought 1 of 5" in told.out and "seeds are still on their way" in told.err
    assert "trial" not in box.waiting()


def test_a_model_that_could_not_be_logged_is_brought_by_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> list[str]:
        raise OSError("no space left")

    def model(folder: Path) -> None:
        files(folder)
        (folder / "model").mkdir()
        (folder / "model" / "about.json").write_text('{"name": "m", "emotions": ["angry", "sad"], "sample_rate": 16000}')

    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    box.commit(entry(kind="seed", best_models=1, tags={"split": "s", "corpus_fingerprint": "c"}), model)
    with monkeypatch.context() as patched:
        patched.setattr("harness.tracking.models.requirements", full)
        with pytest.raises(OSError, match="no space left"):
            box.deliver("u1", tracker.deliver)
    assert box.waiting() == ["u1"]
    run_id = box.deliver("u1", tracker.deliver)
    assert tracker.record(run_id).state == "finished" and tracker.record(run_id).tags["bench.model"].startswith("models:/")
    client = client_of(tmp_path)
    assert client.get_run(run_id).info.status == "FINISHED"
    models = client.search_logged_models([tracker.experiment_id])
    assert [model.status for model in models] == ["READY"] and len(list((tmp_path / "mlartifacts").rglob("MLmodel"))) == 1


def test_a_full_disk_met_while_features_are_computed_is_not_the_trial_s_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> np.ndarray:
        raise DiskFull("the features need 9 bytes, where 8 are free")

    monkeypatch.setattr("harness.training.run_trial.features", full)
    planned = plan(sim.STUDY, open_corpus(sim.STUDY.corpus, None).fingerprint)[0].base
    with pytest.raises(BenchError, match="where 8 are free"):
        run_trial(planned, Workspace(tmp_path), lambda *_: None)


class Nobody:
    """A coordinator that is gone."""

    def epoch(self, epoch: int, validation_uar: float) -> bool:
        return False

    def preparing(self, done: int, total: int) -> None:
        """Nobody reads it."""

    def check(self) -> None:
        raise Stopped("no coordinator waits for this trial any more")


def test_a_trial_that_nobody_waits_for_any_more_leaves_no_result(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    with pytest.raises(Stopped):
        run_job(job, Nobody())
    assert not Outbox(tmp_path).uids()
    assert run_job(dataclasses.replace(job, uid="u2"), DirectReporter("u2", lambda _: False)).record.state == "finished"


def test_a_start_of_one_study_leaves_another_s_results_for_that_one_to_hear_of(tmp_path: Path) -> None:
    box = Outbox(tmp_path)
    box.commit(entry(study="other", tags={"coordinator": "gone"}), files)
    study(tmp_path, sim.simulated, trials=1)
    assert box.uids() == ["u1"] and not box.waiting()
