"""What earlier starts left is settled and delivered: open trials and runs, half-written files, results that wait."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import simulated as sim
from calls import bench, eventually
from faults import begun, states, study
from folder_clips import tone
from mlflow_server import Server
from outbox_entries import entry, files

from harness.console import Console
from harness.data.corpora import Workspace, _opened
from harness.execution.run_study import Execution, run_study
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store
from registry.corpora.folder import Folder
from registry.errors import BenchError
from registry.splits.leave_one_session_out import LeaveOneSessionOut


def test_what_a_crash_left_is_settled_and_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what = json.dumps({"home": str(tmp_path), "execution": {"in_process": True}, "objective": {"seconds": 60}})
    process = subprocess.Popen([sys.executable, sim.__file__, what], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[2])})
    try:
        eventually(lambda: begun(tmp_path) > 0)
    finally:
        process.kill()
        process.wait()
    cache = tmp_path / ".bench" / "features"
    (cache / f"{'ab' * 32}.{process.pid}.tmp").write_bytes(b"half")
    run_study(sim.study_file(), Store(tmp_path), Workspace(tmp_path, workers=1), {}, Console(),
              execution=Execution(in_process=True, objective=sim.simulated))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left by an earlier start")]
    assert lines == ["left by an earlier start: 1 open trials and 2 open runs settled, 1 half-written files removed; "
                     "what did not finish is run again"]
    assert not list(cache.glob("*.tmp"))


def test_a_study_of_before_figures_changed_is_trained_again_and_says_so_once(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def lines() -> list[str]:
        study(tmp_path, sim.simulated, trials=1, console=Console())
        return [line for line in capsys.readouterr().err.splitlines() if "earlier version" in line]

    with monkeypatch.context() as before:
        before.setattr("harness.study.trial.NUMBERS_VERSION", 2)
        assert not lines()
    assert lines() == ["4 trainings of these cells are of an earlier version of bench (numbers_version=2), whose figures were others: the "
                       "cells are trained again, and the report shows both"]
    assert states(tmp_path)["trial finished"] == states(tmp_path)["seed finished"] == 4 and not lines()


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
    refused = bench("sync", "--home", tmp_path)
    assert refused.code == 1 and "brought 1 of 5" in refused.out and "seeds are still on their way" in refused.err
    assert "trial" not in box.waiting()


def test_a_start_of_one_study_leaves_another_s_results_for_that_one_to_record(tmp_path: Path) -> None:
    box = Outbox(tmp_path)
    box.commit(entry(study="other", tags={"coordinator": "gone"}), files)
    study(tmp_path, sim.simulated, trials=1)
    assert box.uids() == ["u1"] and not box.waiting()


def test_a_start_tells_what_was_deleted_before_it_trains_that_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study(tmp_path, sim.simulated, trials=1)
    tracker = Store(tmp_path).experiment("simulated")
    gone = tracker.records("seed")[0]
    tracker.client.delete_run(gone.run_id)
    study(tmp_path, sim.simulated, trials=1, console=Console())
    lines = capsys.readouterr().err.splitlines()
    told = next(place for place, line in enumerate(lines) if line.startswith("deleted from the store: 1 run in which test parts"))
    assert "bench restore simulated" in lines[told] and f"on {gone.about.split}, seed 0)" in lines[told]
    assert any(" seed 0" in line for line in lines[told + 1 :])
    assert sorted(opening.in_store for opening in tracker.openings()) == [False, True, True]
    study(tmp_path, sim.simulated, trials=1, console=Console())
    assert "deleted from the store" not in capsys.readouterr().err  # all that is needed is there


def test_an_experiment_that_can_not_be_used_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    begun: list[int] = []
    Store(tmp_path).client.create_experiment("simulated")
    with pytest.raises(BenchError, match="was not made by bench"):
        study(tmp_path, lambda *_: begun.append(1))
    assert not begun and not (tmp_path / ".bench" / "features").exists() and not (tmp_path / "optuna.db").exists()


def test_an_experiment_deleted_while_its_study_runs_loses_nothing_and_the_way_back_is_told(tmp_path: Path) -> None:
    store, begun = Store(tmp_path), []

    def deletes(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        begun.append(trial.signature)
        if len(begun) == 2:
            store.client.delete_experiment(store.experiment("simulated").experiment_id)
        return sim.simulated(trial, workspace, on_epoch, preparing)

    with pytest.raises(BenchError, match=r"results wait in .*'simulated' .* was deleted in MLflow: `bench restore simulated`.*bench sync"):
        study(tmp_path, deletes, trials=1)
    assert len(begun) == len(set(begun)) == 4
    assert bench("restore", "simulated", "--home", tmp_path).code == 0
    study(tmp_path, deletes, trials=1)
    assert len(begun) == 4 and len(store.experiment("simulated").records("seed")) == 2
    assert len(store.experiment("simulated").openings()) == 2


def test_runs_deleted_while_a_study_runs_are_made_again_and_the_study_ends(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def deletes(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        for record in store.experiment("simulated").records():
            if record.state == "running":  # its own, and the study's
                store.client.delete_run(record.run_id)
        return sim.simulated(trial, workspace, on_epoch, preparing)

    study(tmp_path, deletes, trials=1)
    records = store.experiment("simulated").records()
    assert Counter(f"{record.kind} {record.state}" for record in records) == {
        "study finished": 1, "trial finished": 2, "seed finished": 2, "final finished": 2}


def test_a_study_does_not_go_on_where_a_column_that_its_protocol_reads_was_changed(tmp_path: Path) -> None:
    clips = [(f"{emotion}_{speaker}.wav", emotion, speaker) for speaker in range(4) for emotion in ("glad", "sad")]
    for place, (name, *_) in enumerate(clips):
        tone(tmp_path / "clips" / name, 200 + place)

    def run(sessions: str) -> None:
        rows = (f"{name},{emotion},s{speaker},{sessions[speaker]}\n" for name, emotion, speaker in clips)
        (tmp_path / "clips" / "clips.csv").write_text("path,emotion,speaker,session\n" + "".join(rows), encoding="utf-8")
        _opened.cache_clear()
        study = dataclasses.replace(sim.STUDY, corpus=Folder(), splits=(LeaveOneSessionOut(),), trials=1, seeds=(0,))
        run_study(sim.study_file(study), Store(tmp_path / "home"), Workspace(tmp_path / "home", tmp_path / "clips", workers=1), {},
                  Console(quiet=True), execution=Execution(in_process=True, objective=sim.simulated))

    run("1234")
    run("1234")
    with pytest.raises(BenchError, match=r"leave_one_session_out puts other clips into training.* than when 2 earlier trials .* session"):
        run("4321")
