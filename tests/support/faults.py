"""The simulated study with other objectives, among them such that fill the disk, and what became of its runs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import simulated as sim
from mlflow_client import client_of, runs_of

from harness.console import Console
from harness.data.corpora import Workspace, open_corpus
from harness.execution.job import Job
from harness.execution.run_study import Execution, run_study
from harness.study.cells import plan
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store


def study(home: Path, objective: Any, trials: int = 2, console: Console | None = None, **execution: Any) -> None:
    """Run the simulated study with another objective, in this process unless `execution` names a scheduler or workers."""
    where = execution if "scheduler" in execution else {"in_process": True, **execution}
    run_study(sim.study_file(dataclasses.replace(sim.STUDY, trials=trials, seeds=(0,))), Store(home), Workspace(home, workers=1), {},
              console or Console(quiet=True), execution=Execution(objective=objective, **where))


def states(home: Path) -> Counter[str]:
    """How often each kind of run ended how."""
    return Counter(f"{kind} {run.info.status.lower()}" for kind, runs in runs_of(client_of(home), "simulated").items() for run in runs)


def leaves_its_pid(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
    (workspace.home / f"pid {os.getpid()}").touch()
    return sim.simulated(trial, workspace, on_epoch, preparing)


def fills(trial: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
    """Fills the disk in a cell's second trial."""
    if trial.training.learning_rate != 0.001:
        with contextlib.suppress(OSError), (workspace.home.parent / "ballast").open("wb", buffering=0) as file:
            while file.write(bytes(1024)):
                pass
    return sim.simulated(trial, workspace, on_epoch, preparing)


def job_in(home: Path) -> Job:
    """A job of the simulated study, as a worker gets it."""
    trial = plan(sim.STUDY, open_corpus(sim.STUDY.corpus, None).fingerprint)[0].base
    (home / ".bench").mkdir()
    return Job(uid="u1", kind="trial", name="lr=1", trial=trial, tags=RunTags(signature=trial.signature), params={}, parent="",
               study="tiny", workspace=Workspace(home, workers=1), tracking_uri="", objective=sim.simulated)


def started(home: Path, workers: int, seconds: float) -> subprocess.Popen[str]:
    """The simulated study with real workers, in a process group of its own, as a terminal starts it."""
    what = json.dumps({"home": str(home), "execution": {"workers": workers}, "objective": {"seconds": seconds}})
    return subprocess.Popen([sys.executable, sim.__file__, what], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, env={**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[2])})


def begun(home: Path) -> int:
    """How many trials have an MLflow run by now."""
    with contextlib.suppress(sqlite3.OperationalError), \
            contextlib.closing(sqlite3.connect(f"file:{home / 'mlflow.db'}?mode=ro", uri=True)) as store:
        return int(store.execute("select count(*) from tags where key = 'bench.kind' and value = 'trial'").fetchone()[0])
    return 0
