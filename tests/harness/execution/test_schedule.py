"""What a run does with the ends of its jobs."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import simulated as sim
from faults import states, study
from mlflow_client import client_of, runs_of

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution.job import Job
from harness.execution.pool import InProcessPool, JobEnd, OnProgress
from harness.execution.run_progress import RunProgress
from harness.execution.run_study import Execution, run_study
from harness.tracking.store import Store
from harness.training.result import Pruned
from registry.architectures.plain_1d import Plain1D
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
                                   trials=5, seeds=(0,), grace_epochs=2, prune="halving")
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
    figures = runs_of(client_of(tmp_path / "parts"), "simulated")["study"][0].data.metrics
    trained = sum(epochs for _, epochs in whole.values())
    assert [figures[f"random_80_20/search_epochs/{name}"] for name in ("trained", "full", "saved_share")] == [trained, 35, 1 - trained / 35]
    reasons = {run.data.tags.get("bench.reason", "") for run in runs_of(client_of(tmp_path / "whole"), "simulated")["trial"]}
    assert "not in the best 1/3 of the cell's trials by validation UAR at epoch 2" in reasons


def test_workers_give_trials_up_as_the_coordinator_decides(tmp_path: Path) -> None:
    trials = halved(tmp_path, workers=2)
    assert len(trials) == 5 and all(epochs == 7 if end == "finished" else epochs in (2, 6) for end, epochs in trials.values())
    assert sum(end == "pruned" for end, _ in trials.values()) >= 2


class VirtualPool(InProcessPool):
    """Workers whose trainings take as many seconds as their network has filters, by a clock that jumps from end to end."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.workers, self.now, self.busy_s = workers, 0.0, 0.0
        self.ends: list[tuple[float, int, Job]] = []
        self.started = itertools.count()

    def free(self) -> int:
        return self.workers - len(self.ends)

    def start(self, job: Job) -> None:
        seconds = float(job.trial.architecture.filters[0])
        self.busy_s += seconds
        heapq.heappush(self.ends, (self.now + seconds, next(self.started), job))

    def poll(self, on_progress: OnProgress) -> list[JobEnd]:
        if self.ends:
            self.now, _, job = heapq.heappop(self.ends)
            self._jobs = [job]
        return super().poll(on_progress)


def test_workers_have_work_until_the_end_since_the_longest_trainings_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = VirtualPool(2)
    monkeypatch.setattr(Execution, "pool", lambda *_: pool)
    monkeypatch.setattr("harness.execution.run_study.RunProgress", lambda console: RunProgress(console, lambda: pool.now))
    networks = tuple(Plain1D(filters=(seconds,), dense=()) for seconds in (1, 2, 8))
    searched = dataclasses.replace(sim.STUDY, architectures=networks, splits=sim.STUDY.splits[:1], trials=2, seeds=(0, 1))
    run_study(sim.study_file(searched), Store(tmp_path), Workspace(tmp_path, workers=1), {}, Console(quiet=True),
              execution=Execution(objective=sim.simulated))
    assert pool.busy_s == 4 * (1 + 2 + 8) and pool.now == pool.busy_s / 2
