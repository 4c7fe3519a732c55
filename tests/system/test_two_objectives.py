"""A search for two objectives: its trials have both, its final is that of the best validation UAR, and the report has the front."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import optuna
import pytest
import simulated as sim
from mlflow_client import client_of, runs_of
from optuna.distributions import IntDistribution

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution.run_study import Execution, run_study
from harness.reports.study_report import write_report
from harness.tracking.store import Store
from registry.errors import UsageError

TWO = dataclasses.replace(sim.STUDY, splits=sim.STUDY.splits[:1], seeds=(0,), trials=6, prune="auto", sampler="tpe",
                          objectives=("validation_uar", "parameters"),
                          search={**sim.STUDY.search, "training.batch_size": IntDistribution(4, 64)})


def larger_is_better(trial: Any, *rest: Any) -> Any:
    """A simulated trial that is as good, and as large, as its batches are."""
    result = sim.simulated(trial, *rest)
    result.parameters = trial.training.batch_size
    result.validation = dataclasses.replace(result.validation, uar=trial.training.batch_size / 100)
    return result


def run(home: Path, study: Any) -> None:
    run_study(sim.study_file(study), Store(home), Workspace(home, workers=1), {}, Console(quiet=True),
              execution=Execution(objective=larger_is_better, in_process=True))


def searched(home: Path) -> list[tuple[dict[str, Any], list[float]]]:
    storage = f"sqlite:///{home / 'optuna.db'}"
    name, = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert study.metric_names == ["validation UAR", "parameters"]
    return [(trial.params, trial.values) for trial in sorted(study.trials, key=lambda trial: trial.user_attrs["slot"])]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("two")
    run(home, TWO)
    return home


def test_optuna_has_both_figures_of_each_trial_and_the_final_is_that_of_the_best_validation_uar(whole: Path) -> None:
    found = searched(whole)
    sizes = [params["training.batch_size"] for params, _ in found]
    assert len(found) == 6 and [values for _, values in found] == [[size / 100, size] for size in sizes]
    final, = runs_of(client_of(whole), "simulated")["final"]
    assert int(final.data.params["training.batch_size"]) == max(sizes)


def test_a_search_for_two_objectives_goes_on_where_it_stopped(whole: Path, tmp_path: Path) -> None:
    for trials in (3, 6):
        run(tmp_path, dataclasses.replace(TWO, trials=trials))
    assert searched(tmp_path) == searched(whole)


def test_the_report_has_the_trials_that_no_other_beats_and_a_picture_which_mlflow_has_too(whole: Path) -> None:
    page, _ = write_report(Store(whole), "simulated")
    text = page.read_text(encoding="utf-8")
    part = text[text.index("Pareto front of the search: validation UAR against parameters"):]
    assert "6 trials of 6: no other has both" in part and "search_front_parameters_random_80_20.png" in part
    assert (page.parent / "simulated" / "search_front_parameters_random_80_20.png").stat().st_size > 5_000
    client, study = client_of(whole), runs_of(client_of(whole), "simulated")["study"][0].info.run_id
    assert "search/random_80_20/front_parameters.png" in {file.path for file in client.list_artifacts(study, "search/random_80_20")}


def test_generations_of_nsga_ii_are_bred_after_the_first(tmp_path: Path) -> None:
    run(tmp_path, dataclasses.replace(TWO, sampler="nsgaii", trials=10))
    assert len(searched(tmp_path)) == 10
    storage = f"sqlite:///{tmp_path / 'optuna.db'}"
    trials = optuna.load_study(study_name=optuna.get_all_study_names(storage)[0], storage=storage).trials
    assert {value for trial in trials for key, value in trial.system_attrs.items() if key.endswith("generation")} == {0, 1}


@pytest.mark.parametrize(("changes", "reason"), [
    ({"objectives": ("latency_ms",)}, r"objectives must be \('validation_uar',\), or 'validation_uar' and one of 'latency_ms', "),
    ({"objectives": ("validation_uar", "speed")}, r"not \('validation_uar', 'speed'\)"),
    ({"prune": "halving"}, "prune='halving' can't be had with two objectives: Optuna compares running trials by one figure alone")])
def test_what_can_t_be_sought_is_refused_with_what_can(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        dataclasses.replace(TWO, **changes)
    assert TWO.pruning.kind == "none"
