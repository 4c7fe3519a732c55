"""Brings back what people deleted in MLflow: a study's experiment, its runs, or one of them."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow.entities import Experiment, LifecycleStage, Run, ViewType

from harness.tracking.experiments import deleted_runs, experiments_of
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from registry.errors import BenchError


@dataclass(frozen=True)
class Deleted:
    """What was deleted, and can be brought back.

    Args: study: the experiment's name. what: `experiment`, or the kind of a run. id: of the experiment or the run. name: in words.
    """

    study: str
    what: str
    id: str
    name: str


def deleted(store: Store, which: str = "") -> list[Deleted]:
    """What was deleted of bench's experiments and runs, and not yet for good.

    Args: which: a study's name, or the start of a run's id; empty: everything.
    Raises: BenchError for what is not in the store.
    """
    experiments = experiments_of(store.client, view=ViewType.ALL)
    of_study = [experiment for experiment in experiments if which in ("", experiment.name)]
    runs = [_run(experiment, run) for experiment in of_study or experiments for run in deleted_runs(store.client, experiment.experiment_id)]
    if of_study:
        return [*(_experiment(each) for each in of_study if each.lifecycle_stage != LifecycleStage.ACTIVE), *runs]
    found = [run for run in runs if run.id.startswith(which)]
    if not found:
        raise BenchError(f"no deleted study or run of bench is called {which!r}, or begins so. `bench restore` lists what was deleted; "
                         "what `mlflow gc` removed can't be brought back")
    return found


def restore(store: Store, which: str) -> list[Deleted]:
    """Bring back a study's experiment and runs, or one run, and return what came back. MLflow restores an experiment with all its runs.

    Raises: BenchError for what is not there, the start of several runs' ids, a run whose experiment is deleted, and a home
        that can't be written.
    """
    found = deleted(store, which)
    store.require_writable()
    gone = {experiment.name for experiment in experiments_of(store.client, view=ViewType.DELETED_ONLY)}
    for each in found:
        if each.study != which and len(found) > 1:
            raise BenchError(f"{which!r} is the start of {len(found)} deleted runs' ids: give more of it")
        if each.study != which and each.study in gone:
            raise BenchError(f"run {each.id} is of {each.study}, which was deleted as a whole: bench restore {each.study}")
        if each.what == "experiment":
            store.client.restore_experiment(each.id)
        elif each.study not in gone:
            store.client.restore_run(each.id)
    return found


def _experiment(experiment: Experiment) -> Deleted:
    return Deleted(experiment.name, "experiment", str(experiment.experiment_id), "with all its runs")


def _run(experiment: Experiment, run: Run) -> Deleted:
    record = RunRecord.of(run)
    return Deleted(experiment.name, record.kind, record.run_id, f"{record.name} ({record.state})")
