"""The points are those of earlier versions, and the sampler and pruner are Optuna's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import IntDistribution
from searches import cells_of, opened
from tiny_study import STUDY

from harness.search import budget
from harness.search.optuna_study import Proposal, Search
from harness.study.cells import Cell

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


def cells(**training: Any) -> list[Cell]:
    """The cells, searched over a rate, an optimiser and a batch size, with other settings written in the study."""
    study = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, **training))
    return cells_of(study, **{"training.batch_size": SIZES})


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
        for _ in range(6):
            proposal = search.propose()
            proposal.record_end("finished", uar + 0.01 * (proposal.trial.training.optimizer == "adam"))
        assert len(search.study.trials) == 6 and search.study.user_attrs == {"cell": search.cell.label}
        importances = optuna.importance.get_param_importances(search.study)
        assert importances["training.optimizer"] > 0.5
