"""Mishaps in a row: what goes wrong while something else goes wrong already loses nothing, and keeps nobody waiting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simulated as sim
from calls import eventually
from faults import states, study
from mlflow_client import client_of
from outbox_entries import entry, files

from harness.data.corpora import Workspace, open_corpus
from harness.data.feature_store import DiskFull
from harness.execution import schedule
from harness.search.storage import storage
from harness.study.cells import plan
from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store
from harness.training.run_trial import run_trial
from registry.errors import BenchError


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


def test_a_model_that_could_not_be_logged_is_brought_by_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> list[str]:
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
            box.deliver("u1", to_mlflow(tracker))
    assert box.waiting() == ["u1"]
    run_id = box.deliver("u1", to_mlflow(tracker))
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
