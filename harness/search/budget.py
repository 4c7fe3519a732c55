"""How a cell is searched: Optuna's sampler for each of its trials, and the pruner that compares them by their curves."""

from __future__ import annotations

import warnings
from collections.abc import Collection

import optuna
from optuna.trial import FrozenTrial, TrialState

from harness.study.pruning import MEDIAN_FROM, MEDIAN_STARTUP, Pruning
from harness.study.seeds import seed_for

STARTUP_TRIALS = 4  # of a cell, before TPE has enough to go by
POPULATION = 8  # trials of a generation of NSGA-II: its first is random, and a search has some dozens of trials
WORSE_P = 0.3  # that of two folds, both worse, is 0.25; simulated searches lost nothing by it, and saved a third of their trainings


def sampler(kind: str, cell_key: str, slot: int) -> optuna.samplers.BaseSampler:
    """The sampler of one trial: random points first, then TPE, or NSGA-II's, unless `kind` is `random`.

    Its seed comes from the cell and the slot, so that the same history gives the same point. Arguments that Optuna 4 and 5 have
    other defaults for are set here, so that the version does not choose the point.
    """
    seed = seed_for(cell_key, f"proposal {slot}")
    if kind == "nsgaii":
        return optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    if kind == "random" or slot < STARTUP_TRIALS:
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():  # before Optuna 5 these arguments were experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed, multivariate=True, group=False, constant_liar=True)


def pruner(pruning: Pruning, steps: int) -> optuna.pruners.BasePruner:
    """What compares the trials of a cell, each of at most so many epochs, or folds."""
    if pruning.kind == "halving":
        return Halving(pruning.looks(steps), pruning.reduction_factor)
    if pruning.kind == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=MEDIAN_STARTUP, n_warmup_steps=MEDIAN_FROM)
    if pruning.kind == "wilcoxon":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.pruners.WilcoxonPruner(p_threshold=WORSE_P)
    return optuna.pruners.NopPruner()


class Halving(optuna.pruners.BasePruner):
    """Asynchronous successive halving, decided by the curves in the storage alone: a search that was stopped goes on as it would have.

    Where each trial's UAR only rises and none was killed or ended by itself, it decides as Optuna's `SuccessiveHalvingPruner`. That one
    compares the UAR of the rung's epoch; here it is the best so far, by which a trial is chosen in the end, so that none is given up
    that was better than all others. It also counts twice what was killed and run again, and forgets what ended before a rung.

    Args:
        rungs: epochs after which trials are compared. reduction_factor: one of so many goes on.
    Reference: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning.
    """

    def __init__(self, rungs: Collection[int], reduction_factor: int) -> None:
        self.rungs, self.reduction_factor = rungs, reduction_factor

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether a trial stops here; one that stands at no rung goes on."""
        epoch = trial.last_step
        if epoch is None or epoch not in self.rungs:
            return False
        others = [best_so_far(other, epoch) for other in study.get_trials(deepcopy=False)
                  if other.number != trial.number and _came_to(other, epoch)]
        ahead = sum(uar > best_so_far(trial, epoch) for uar in others)
        return ahead >= max(1, (len(others) + 1) // self.reduction_factor)


def best_so_far(trial: FrozenTrial, epoch: int) -> float:
    """The best validation UAR of a trial up to an epoch."""
    return max(uar for at, uar in trial.intermediate_values.items() if at <= epoch)


def _came_to(trial: FrozenTrial, epoch: int) -> bool:
    """Whether a trial counts at an epoch: it came there, or ended before with a value that stays; not one that was killed."""
    if trial.last_step is None or min(trial.intermediate_values) > epoch or not trial.user_attrs.get("ended", True):
        return False
    return trial.last_step >= epoch or trial.state is TrialState.COMPLETE
