"""A search over a cell of the tiny study, and what it proposes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from optuna.distributions import CategoricalDistribution, FloatDistribution
from tiny_study import STUDY

from harness.search.claims import Claims
from harness.search.optuna_study import Proposal, Search, open_searches
from harness.search.storage import storage
from harness.study.cells import Cell, plan
from harness.study.definition import Study
from harness.study.pruning import Pruning
from registry.architectures.residual_1d import Residual1D

HALVING = Pruning("halving", grace_epochs=2)
RATES = FloatDistribution(1e-4, 1.0, log=True)


def cells_of(study: Study = STUDY, **more: object) -> list[Cell]:
    """Two cells of one protocol, in which `more` settings can be searched."""
    searched = {"training.learning_rate": RATES, "training.optimizer": CategoricalDistribution(["adam", "sgd"]), **more}
    return plan(dataclasses.replace(study, architectures=(study.architectures[0], Residual1D()), splits=study.splits[:1], search=searched),
                "clips")


def opened(home: Path, cells: list[Cell] | None = None, pruning: Pruning = HALVING, sampler: str = "tpe") -> list[Search]:
    """The searches of these cells, by default of both of the tiny study."""
    optuna_storage = storage(home)
    return open_searches(home, "tiny", cells or cells_of(), optuna_storage, Claims(optuna_storage.engine), pruning, sampler)


def long_cells() -> list[Cell]:
    """The cells with trainings long enough to be given up."""
    return cells_of(dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, epochs=15)))


def rate(proposal: Proposal | None) -> float:
    """The learning rate of a proposal."""
    assert proposal is not None
    return proposal.trial.training.learning_rate
