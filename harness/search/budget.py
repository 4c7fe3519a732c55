"""How a cell is searched: Optuna's sampler for each of its trials, and the pruner that compares them."""

from __future__ import annotations

import warnings

import optuna

from harness.study.seeds import seed_for

STARTUP_TRIALS = 4  # of a cell, before TPE has enough to go by


def sampler(kind: str, cell_key: str, slot: int) -> optuna.samplers.BaseSampler:
    """The sampler of one trial: random points first, then TPE unless `kind` is `random`.

    Its seed comes from the cell and the slot, so that the same history gives the same point. Arguments that Optuna 4 and 5 have
    other defaults for are set here, so that the version does not choose the point.
    """
    seed = seed_for(cell_key, f"proposal {slot}")
    if kind == "random" or slot < STARTUP_TRIALS:
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():  # before Optuna 5 these arguments were experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed, multivariate=True, group=False, constant_liar=True)


def pruner(prune: bool) -> optuna.pruners.BasePruner:
    """Prunes below the median of the cell's completed trials at the same epoch, from its fourth trial and sixth epoch on, or never."""
    return optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=6) if prune else optuna.pruners.NopPruner()
