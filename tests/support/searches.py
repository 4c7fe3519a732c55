"""A search over the tiny study, and what it proposes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from optuna.distributions import CategoricalDistribution, FloatDistribution
from tiny_study import STUDY

from harness.search.optuna_study import Proposal, Search
from harness.study.cells import Cell, plan
from harness.study.definition import Study
from registry.architectures.residual_1d import Residual1D

RATES = FloatDistribution(1e-4, 1.0, log=True)


def cells_of(study: Study = STUDY) -> list[Cell]:
    """Two cells of one protocol."""
    both = dataclasses.replace(study, architectures=(study.architectures[0], Residual1D()), splits=study.splits[:1],
                               search={"training.learning_rate": RATES, "training.optimizer": CategoricalDistribution(["adam", "sgd"])})
    return plan(both, "clips")



def opened(home: Path, cells: list[Cell] | None = None, prune: bool = True) -> Search:
    return Search(home, "tiny", "random_80_20", cells or cells_of(), prune)



def rate(proposal: Proposal) -> float:
    return proposal.trial.training.learning_rate

