"""The points are those of earlier versions, and trials stop by what curves say, as in Optuna's own pruner where that is right."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import TrialState
from searches import cells_of, opened
from tiny_study import STUDY

from harness.search import budget
from harness.search.optuna_study import Proposal, Search
from harness.study.cells import Cell
from harness.study.pruning import Pruning

OLD_KEYS = {0.01: ("e2cf5e58", "78a5cbe0"), 5.0: ("9dca6228", "bc3066ff")}  # first learning rate -> of the two cells
SIZES = IntDistribution(8, 64, log=True)
ENDS = [("finished", 0.4), ("finished", 0.6), ("pruned", None), ("failed", None), ("finished", 0.5), ("finished", 0.7), ("finished", 0.75),
        ("pruned", None), ("finished", 0.65), ("finished", 0.3)]
RANDOM = [(0.01, "adam", 16), (0.7649878753952261, "adam", 18), (0.07196083975284909, "sgd", 8), (0.00033489542674034124, "sgd", 32),
          (0.00020887818006766853, "adam", 31), (0.0001907586601830442, "adam", 43), (0.00029094097075987944, "sgd", 34),
          (0.001655214249253207, "adam", 52), (0.00019253509566718584, "sgd", 11), (0.0008284256066222828, "sgd", 13)]
TPE = [*RANDOM[:5], (0.4649558096047017, "adam", 49), (0.1000377588909682, "sgd", 57), (0.01130196465634277, "sgd", 56),
       (0.0005402121008792502, "sgd", 9), (0.0037462111928755213, "sgd", 23)]
SIDE_BY_SIDE = [(0.1000377588909682, "sgd", 57), (0.0003351405713287458, "sgd", 11), (0.008469665389782343, "adam", 43),
                (0.00016822779577494495, "adam", 8)]
OUTSIDE = [(0.8462381614139132, "adam", 16), (0.0003655303141923952, "sgd", 14), (0.030674648555829402, "adam", 12),
           (0.05457267705668439, "sgd", 22), (0.015270429704731346, "sgd", 10), (0.00010813572294667692, "sgd", 33)]
"""Recorded from an earlier version, which searched the cells of a protocol in one study."""


class OldCell(Cell):
    """A cell with the key that an earlier version gave it: seeds of proposals come from it."""

    @property
    def key(self) -> str:
        return OLD_KEYS[self.base.training.learning_rate][self.label.endswith("residual_1d")]


def cells(**training: Any) -> list[Cell]:
    """The cells, searched over a rate, an optimiser and a batch size, with other settings written in the study."""
    study = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, **training))
    return [OldCell(cell.base, cell.search) for cell in cells_of(study, **{"training.batch_size": SIZES})]


def point(proposal: Proposal | None) -> tuple[Any, ...]:
    assert proposal is not None
    training = proposal.trial.training
    return pytest.approx(training.learning_rate, rel=1e-9), training.optimizer, training.batch_size


def points(search: Search, ends: list[tuple[str, float | None]]) -> list[tuple[Any, ...]]:
    """The points of so many trials that end so, each after two epochs."""
    proposed = []
    for place, (state, value) in enumerate(ends, 1):
        proposal = search.propose()
        proposed.append(point(proposal))
        for epoch in (1, 2):
            proposal.should_prune(epoch, 0.3 + 0.05 * place * epoch)
        proposal.record_end(state, value)
    return proposed


@pytest.mark.parametrize(("sampler", "recorded"), [("tpe", TPE), ("random", RANDOM)])
def test_the_same_history_gives_the_points_of_earlier_versions(tmp_path: Path, sampler: str, recorded: list[Any]) -> None:
    assert points(opened(tmp_path, cells(), sampler=sampler)[0], ENDS) == recorded


def test_trials_side_by_side_are_at_the_points_of_earlier_versions(tmp_path: Path) -> None:
    search = opened(tmp_path, cells())[0]
    points(search, ENDS[:6])
    assert [point(search.propose()) for _ in range(4)] == SIDE_BY_SIDE


def test_what_is_written_outside_its_range_gives_the_points_of_earlier_versions(tmp_path: Path) -> None:
    assert points(opened(tmp_path, cells(learning_rate=5.0))[1], ENDS[:6]) == OUTSIDE


def test_the_defaults_of_optuna_do_not_matter(recwarn: pytest.WarningsRecorder) -> None:
    tpe = budget.sampler("tpe", "abc", budget.STARTUP_TRIALS)
    assert isinstance(tpe, optuna.samplers.TPESampler)
    assert (tpe._multivariate, tpe._group, tpe._constant_liar) == (True, False, True) and not recwarn.list


def test_a_cell_s_own_trials_are_what_optuna_judges_settings_by(tmp_path: Path) -> None:
    for search, uar in zip(opened(tmp_path), (0.3, 0.9), strict=True):
        for _ in range(12):
            proposal = search.propose()
            proposal.record_end("finished", uar + 0.01 * (proposal.trial.training.optimizer == "adam"))
        assert len(search.study.trials) == 12 and search.study.user_attrs["cell"] == search.cell.label
        importances = optuna.importance.get_param_importances(search.study)
        assert importances["training.optimizer"] > 0.5


EPOCHS = 15  # rungs after 2 and 6 of them


def halving() -> optuna.Study:
    """A study in memory whose trials are compared at two rungs."""
    return optuna.create_study(direction="maximize", pruner=budget.pruner(Pruning("halving", grace_epochs=2), EPOCHS))


def trained(study: optuna.Study, curve: list[float]) -> int:
    """The epochs that a trial with this curve gets; one that is not given up finishes with its best."""
    trial = study.ask()
    for epoch, uar in enumerate(curve, 1):
        trial.report(uar, epoch)
        if trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return epoch
    study.tell(trial, max(curve))
    return len(curve)


def rising(final: float) -> list[float]:
    """A curve that rises to a final UAR."""
    return [final * epoch / EPOCHS for epoch in range(1, EPOCHS + 1)]


def test_of_three_trials_one_goes_on_at_each_rung() -> None:
    study = halving()
    finals = (0.5, 0.4, 0.6, 0.3, 0.55, 0.59, 0.58, 0.2, 0.1)
    assert [trained(study, rising(final)) for final in finals] == [15, 2, 15, 2, 2, 6, 2, 2, 2]
    # 0.59 is the second of six after epoch 2, where two may go on, and the second of three after epoch 6, where one may.


def test_where_curves_rise_decisions_are_those_of_optuna_s_own_pruner() -> None:
    study, own = halving(), optuna.create_study(direction="maximize",
                                                pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=3))
    finals = np.random.default_rng(0).permutation(60) / 100
    assert [trained(study, rising(final)) for final in finals] == [trained(own, rising(final)) for final in finals]


def test_the_best_so_far_counts_so_that_one_bad_epoch_does_not_end_the_best_trial() -> None:
    study = halving()
    assert trained(study, rising(0.6)) == 15  # 0.08 at epoch 2
    assert trained(study, [0.5, 0.05, *(0.7 for _ in range(13))]) == 15


def test_a_trial_that_stopped_early_still_counts_at_later_rungs() -> None:
    study = halving()
    assert trained(study, [0.5, 0.6, 0.6, 0.6]) == 4  # by training.early_stopping, before epoch 6
    assert trained(study, [0.55, 0.6, 0.5, 0.5, 0.55, 0.59, 0.9]) == 7  # as good as the other, and ties go on
    assert trained(study, [0.61, 0.61, 0.5, 0.5, 0.55, 0.59, 0.9]) == 7
    assert trained(study, [0.6, 0.61, 0.5, 0.5, 0.55, 0.59, 0.9]) == 7
    other = halving()
    assert trained(other, [0.5, 0.6, 0.7, 0.7]) == 4
    assert trained(other, [0.6, 0.65, 0.5, 0.5, 0.6, 0.69, 0.9]) == 6  # alone at epoch 6, but behind what ended with 0.7


def test_a_trial_of_an_earlier_version_counts_by_its_curve() -> None:
    study = halving()
    for final in (0.5, 0.6):
        study.add_trial(optuna.trial.create_trial(state=TrialState.COMPLETE, value=final,
                                                  intermediate_values=dict(enumerate(rising(final), 1))))
    assert trained(study, rising(0.55)) == 2


def test_trials_without_a_curve_do_not_count() -> None:
    study = halving()
    study.add_trial(optuna.trial.create_trial(state=TrialState.COMPLETE, value=0.9))
    assert trained(study, rising(0.5)) == 15


def test_sixteen_trials_cost_a_third_of_their_epochs_and_the_best_is_as_good(recorded: list[list[float]]) -> None:
    """Real curves of 18 settings (`tests/benchmarks/early_ranks.py`) in random orders."""
    rng, spent, lost = np.random.default_rng(0), [], []
    for _ in range(40):
        curves = [recorded[i] for i in rng.permutation(len(recorded))[:16]]
        study = optuna.create_study(direction="maximize", pruner=budget.pruner(Pruning("halving"), EPOCHS))
        spent.append(sum(trained(study, curve) for curve in curves) / (16 * EPOCHS))
        lost.append(max(map(max, curves)) - study.best_value)
    assert np.mean(spent) < 0.30 and np.quantile(spent, 0.9) < 0.40
    assert np.mean(lost) < 0.01  # a validation UAR of 649 clips has an interval of ± 0.04


@pytest.fixture
def recorded() -> list[list[float]]:
    """The validation UAR of each epoch, of each setting."""
    curves: list[list[float]] = json.loads((Path(__file__).parents[2] / "support" / "recorded_curves.json").read_text())
    return curves
