"""What a run does with the ends of its jobs."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import simulated as sim
from faults import states, study
from mlflow_client import client_of, runs_of

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution.pool import InProcessPool, JobEnd, OnProgress
from harness.execution.run_study import Execution, run_study
from harness.tracking.store import Store
from harness.training.result import Pruned
from registry.errors import BenchError


def test_a_worker_that_dies_while_a_run_stops_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool(InProcessPool):
        def free(self) -> int:
            return 2 - len(self._jobs)

        def poll(self, on_progress: OnProgress) -> list[JobEnd]:
            jobs, self._jobs = self._jobs, []
            return [JobEnd(job.uid, error=BenchError("the disk is full")) if place == 0 else JobEnd(job.uid, died="its worker died")
                    for place, job in enumerate(jobs)]

    monkeypatch.setattr(Execution, "pool", lambda *_: Pool())
    with pytest.raises(BenchError, match="the disk is full"):
        study(tmp_path, sim.simulated)
    assert states(tmp_path)["study failed"] == 1


def halved(home: Path, objective: Any = sim.simulated, **execution: Any) -> dict[str, tuple[str, float]]:
    """Signature -> end and epochs of the trials of a search by halving, of random curves."""
    searched = dataclasses.replace(sim.STUDY, splits=sim.STUDY.splits[:1], training=dataclasses.replace(sim.STUDY.training, epochs=7),
                                   trials=5, seeds=(0,), prune="halving")
    run_study(sim.study_file(searched), Store(home), Workspace(home, workers=1), {}, Console(quiet=True),
              execution=Execution(objective=objective, **(execution or {"in_process": True})))
    return {run.data.tags["bench.signature"]: (run.data.tags["bench.state"], run.data.metrics["epochs"])
            for run in runs_of(client_of(home), "simulated")["trial"] if run.info.status == "FINISHED"}


def test_a_search_by_halving_that_was_stopped_in_a_trial_ends_with_the_trials_of_one_that_was_not(tmp_path: Path) -> None:
    begun = []

    def stopped(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any = None) -> Any:
        begun.append(trial.signature)

        def until(epoch: int, metrics: dict[str, float]) -> None:
            if len(begun) == 3 and epoch == 2:
                with suppress(Pruned):  # that it was decided here must not count when it is decided again
                    on_epoch(epoch, metrics)
                raise KeyboardInterrupt
            on_epoch(epoch, metrics)

        return sim.simulated(trial, workspace, until, preparing)

    whole = halved(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        halved(tmp_path / "parts", stopped)
    assert halved(tmp_path / "parts") == whole
    assert len(whole) == 5 and {end for end, _ in whole.values()} == {"finished", "pruned"}
    assert {epochs for end, epochs in whole.values() if end == "pruned"} <= {2, 6}
    reasons = {run.data.tags.get("bench.reason", "") for run in runs_of(client_of(tmp_path / "whole"), "simulated")["trial"]}
    assert "not in the best 1/3 of the cell's trials by validation UAR at epoch 2" in reasons


def test_workers_give_trials_up_as_the_coordinator_decides(tmp_path: Path) -> None:
    trials = halved(tmp_path, workers=2)
    assert len(trials) == 5 and all(epochs == 7 if end == "finished" else epochs in (2, 6) for end, epochs in trials.values())
    assert sum(end == "pruned" for end, _ in trials.values()) >= 2
