"""A worker refuses what would give other numbers, and leaves nothing that no coordinator waits for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from faults import job_in

from harness.data.corpora import Workspace
from harness.execution.job import Stopped
from harness.execution.pool import DirectReporter
from harness.execution.worker import run_job
from harness.tracking.outbox import Outbox
from harness.tracking.run_record import RunTags
from harness.training.backend import set_up
from registry.errors import BenchError


def test_a_worker_that_would_give_other_numbers_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_in(tmp_path)
    with pytest.raises(BenchError, match="another version than the one that planned this trial"):
        run_job(dataclasses.replace(job, tags=RunTags(signature="0" * 16)), None)  # type: ignore[arg-type]
    with pytest.raises(BenchError, match=r"does not see .*: it must lie on a file system that all machines share"):
        run_job(dataclasses.replace(job, workspace=Workspace(tmp_path / "of another machine")), None)  # type: ignore[arg-type]
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(BenchError, match="runs on tensorflow, this study on jax: start the workers with KERAS_BACKEND=jax"):
        run_job(dataclasses.replace(job, trial=dataclasses.replace(job.trial, backend="jax")), None)  # type: ignore[arg-type]
    set_up()  # in this process with one thread
    trial = dataclasses.replace(job.trial, training=dataclasses.replace(job.trial.training, threads=2))
    with pytest.raises(BenchError, match=r"with 1 thread in this process already, and training.threads is 2"):
        run_job(dataclasses.replace(job, trial=trial, tags=RunTags(signature=trial.signature)), None)  # type: ignore[arg-type]


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
