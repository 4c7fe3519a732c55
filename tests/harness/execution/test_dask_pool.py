"""Worker processes of this machine: which GPU each may use, when one is replaced, and how they end with their coordinator."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import psutil
import pytest
import simulated as sim
from calls import eventually
from faults import begun, leaves_its_pid, started

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution import dask_pool
from harness.execution.run_study import Execution, run_study
from harness.tracking.store import Store


def lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


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
