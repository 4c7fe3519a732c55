"""A search validated on folds: its trials are means, it goes on where it stopped, and its finals are those of any other search."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
import simulated as sim
from calls import bench, study_file
from mlflow_client import client_of, runs_of

from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.row_names import read_rows
from harness.execution.pool import InProcessPool, JobEnd, OnProgress
from harness.execution.prepare import feasible
from harness.execution.run_study import Execution, run_study
from harness.study.definition import Study
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.errors import UsageError

SPEAKERS = dataclasses.replace(sim.STUDY, corpus=Synthetic(n_speakers=8, n_sentences=1), splits=sim.STUDY.splits[1:], sampler="random",
                               seeds=(0,), trials=4, prune="auto")
FOLDS = dataclasses.replace(SPEAKERS, validation_folds=4)
Point = tuple[str, dict[str, Any], float | None, dict[int, float]]


def better_at_high_rates(trial: Any, *rest: Any) -> Any:
    """A simulated trial whose UAR grows with the learning rate, and is a little different in each fold."""
    result = sim.simulated(trial, *rest)
    fold = getattr(trial.split, "fold", 0)
    result.validation = dataclasses.replace(result.validation, uar=0.5 + 0.1 * math.log10(trial.training.learning_rate) + 0.001 * fold)
    return result


def run(home: Path, study: Study, objective: Any = better_at_high_rates) -> None:
    run_study(sim.study_file(study), Store(home), Workspace(home, workers=1), {}, Console(quiet=True),
              execution=Execution(objective=objective, in_process=True))


def searched(home: Path) -> list[Point]:
    """How each trial of the search that ended by itself ended: where it was, its value, and those of its folds."""
    storage = f"sqlite:///{home / 'optuna.db'}"
    name, = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    return [(t.state.name, t.params, t.value, t.intermediate_values) for t in sorted(trials, key=lambda t: t.user_attrs["slot"])
            if t.user_attrs.get("ended")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that was run without a stop."""
    home = tmp_path_factory.mktemp("whole")
    run(home, FOLDS)
    return home


def test_each_fold_and_their_mean_are_in_mlflow_and_in_the_search(whole: Path) -> None:
    found = searched(whole)
    runs = runs_of(client_of(whole), "simulated")["trial"]
    assert len(found) == len(runs) == 4 and {state for state, *_ in found} == {"COMPLETE", "PRUNED"}
    for (state, _, value, folds), ran in zip(found, runs, strict=True):
        metrics = ran.data.metrics
        assert {place: metrics[f"validation/uar_fold_{place}"] for place in folds} == folds
        assert metrics["epochs"] == 2 * len(folds)
        if state == "COMPLETE":
            assert list(folds) == [1, 2, 3, 4] and value == metrics["validation/uar"] == pytest.approx(sum(folds.values()) / 4)
        else:
            assert "validation/uar" not in metrics and ran.data.tags["bench.reason"].startswith("validation UAR below the best trial's")
        assert "test/uar" not in metrics and ran.data.tags["bench.validation_folds"] == "4"


def test_a_trial_is_given_up_when_its_first_two_folds_are_worse_than_those_of_the_best(whole: Path) -> None:
    best: dict[int, float] = {}
    for state, _, value, folds in searched(whole):
        if state == "PRUNED":
            assert list(folds) == [1, 2] and all(folds[place] < best[place] for place in folds)
        elif not best or value > sum(best.values()) / 4:
            best = folds


def test_a_search_that_is_stopped_within_a_fold_goes_on_as_if_it_had_not_been(whole: Path, tmp_path: Path) -> None:
    trained = []

    def stops(trial: Any, *rest: Any) -> Any:
        trained.append(trial)
        if len(trained) == 6:  # the second fold of the second trial
            raise KeyboardInterrupt
        return better_at_high_rates(trial, *rest)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, FOLDS, stops)
    assert len(searched(tmp_path)) == 1
    run(tmp_path, FOLDS)
    assert searched(tmp_path) == searched(whole)


def test_two_trials_at_a_time_have_the_figures_of_one_at_a_time(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pair(InProcessPool):
        def free(self) -> int:
            return 2 - len(self._jobs)

        def poll(self, on_progress: OnProgress) -> list[JobEnd]:
            return [end for _ in list(self._jobs) for end in super(Pair, self).poll(on_progress)]

    monkeypatch.setattr(Execution, "pool", lambda *_: Pair())
    run(tmp_path, FOLDS)
    for (_, params, _, folds), (_, of_one, _, folds_of_one) in zip(searched(tmp_path), searched(whole), strict=True):
        assert params == of_one and all(folds[place] == folds_of_one[place] for place in folds.keys() & folds_of_one.keys())


def test_a_final_that_an_earlier_search_without_folds_had_is_shown_in_a_row_of_its_own_and_not_trained_again(tmp_path: Path) -> None:
    studies = [dataclasses.replace(FOLDS, trials=1, validation_folds=folds) for folds in (1, 2)]
    for study in studies:
        run(tmp_path, study)
    made = runs_of(client_of(tmp_path), "simulated")
    assert {kind: len(runs) for kind, runs in made.items()} == {"study": 1, "trial": 2, "final": 2, "seed": 1}
    rows = read_rows(Store(tmp_path).experiment("simulated"))
    assert sorted(row.otherwise for row in rows) == [("validation_folds=1",), ("validation_folds=2",)]
    assert {row.seed_runs for row in rows} == {(made["seed"][0].info.run_id,)}


def test_protocols_that_have_too_few_speakers_are_declined_and_others_are_searched() -> None:
    study = dataclasses.replace(FOLDS, corpus=Synthetic(n_speakers=8, n_sentences=2), splits=sim.STUDY.splits, validation_folds=7)
    kept, declined = feasible(study, study.corpus.load(), {})
    assert [cell.base.split.name for cell in kept] == ["random_80_20"] and declined.keys() == {"unseen_speakers_80_20"}
    assert "with validation_folds=7: it keeps speakers apart, and has 6 in training and validation" in declined["unseen_speakers_80_20"]


def test_a_plan_has_the_folds_and_counts_each_as_a_training(tmp_path: Path) -> None:
    shown = bench("show", study_file(tmp_path, "validation_folds=2"))
    assert "2 cells × 2 trials × 2 validation folds + 4 finals = 12 trainings, at most 24 epochs" in shown.out
    assert "validation folds of unseen_speakers_80_20: 2 of 12 to 24 clips, whole speakers" in shown.out


def test_a_number_of_folds_that_can_t_be_is_refused_by_the_study() -> None:
    with pytest.raises(UsageError, match="validation_folds must be 1, for the validation part of each protocol, or more, not 0"):
        dataclasses.replace(sim.STUDY, validation_folds=0)
