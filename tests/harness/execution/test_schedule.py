"""What a run does with the ends of its jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
import simulated as sim
from faults import states, study

from harness.execution.pool import InProcessPool, JobEnd, OnProgress
from harness.execution.run_study import Execution
from registry.errors import BenchError


def test_a_worker_that_dies_while_a_run_stops_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool(InProcessPool):
        def free(self) -> int:
            return 2 - len(self._jobs)

        def poll(self, on_progress: OnProgress) -> list[JobEnd]:
            jobs, self._jobs = self._jobs, []
            return [JobEnd(job.uid, error=BenchError("the disk is full")) if place == 0 else JobEnd(job.uid, died="its worker died")
                    for place, job in enumerate(jobs)]

    monkeypatch.setattr(Execution, "pool", lambda self, threads: Pool())
    with pytest.raises(BenchError, match="the disk is full"):
        study(tmp_path, sim.simulated)
    assert states(tmp_path)["study failed"] == 1
