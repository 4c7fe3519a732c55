"""Runs of a simulated study that trains finals of the settings as written, too."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import simulated as sim

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution.run_study import Execution, run_study
from harness.study.trial import Trial
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.training.result import Result

WRITTEN = sim.STUDY.training.learning_rate
STUDY = dataclasses.replace(sim.STUDY, splits=sim.STUDY.splits[:1], trials=2, finals_as_written=True)


def worse_as_written(trial: Trial, *arguments: Any) -> Result:
    """A trial whose validation UAR is 0.1 with the settings as written, and 0.5 with others."""
    result = sim.simulated(trial, *arguments)
    assert result.validation
    result.validation = dataclasses.replace(result.validation, uar=0.1 if trial.training.learning_rate == WRITTEN else 0.5)
    return result


def run(home: Path, objective: Any = worse_as_written, **changes: Any) -> list[RunRecord]:
    """The records after a run."""
    run_study(sim.study_file(dataclasses.replace(STUDY, **changes)), Store(home), Workspace(home, workers=1), {}, Console(quiet=True),
              execution=Execution(in_process=True, objective=objective))
    return Store(home).experiment("simulated").records()
