"""The question: components, search space, protocols, seeds, and the cells and trials that follow from it."""

from harness.study.cells import Cell, plan
from harness.study.definition import Recipe, Study
from harness.study.trial import Training, Trial

__all__ = ["Cell", "Recipe", "Study", "Training", "Trial", "plan"]
