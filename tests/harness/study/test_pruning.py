"""When trials are compared follows from the epochs of a training, and a study says it in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from tiny_study import STUDY

from harness.search.budget import pruner
from harness.study.pruning import Pruning
from registry.errors import UsageError


@pytest.mark.parametrize(("pruning", "epochs", "looks"), [
    (Pruning("halving"), 15, (1, 3, 9)), (Pruning("halving"), 30, (2, 6, 18)), (Pruning("halving"), 100, (4, 12, 36)),
    (Pruning("halving"), 9, (1, 3)), (Pruning("halving"), 5, (1, 3)), (Pruning("halving"), 2, ()), (Pruning("halving"), 1, ()),
    (Pruning("halving", grace_epochs=1), 2, (1,)), (Pruning("halving", grace_epochs=2), 15, (2, 6)),
    (Pruning("halving", grace_epochs=3, reduction_factor=2), 15, (3, 6, 12)),
    (Pruning("halving", grace_epochs=20), 15, ()), (Pruning("median"), 8, (6, 7)), (Pruning("wilcoxon"), 5, (2, 3, 4)),
    (Pruning("none"), 15, ())])
def test_trials_are_compared_three_times_unless_a_study_says_otherwise_and_never_after_the_last_epoch(
        pruning: Pruning, epochs: int, looks: tuple[int, ...]) -> None:
    assert pruning.looks(epochs) == looks


def test_a_study_prunes_by_halving_and_takes_what_earlier_versions_called_true_and_false() -> None:
    assert STUDY.pruning == Pruning("halving", None, 3)
    assert dataclasses.replace(STUDY, validation_folds=3).pruning.kind == "wilcoxon"
    assert dataclasses.replace(STUDY, validation_folds=3, prune="none").pruning.kind == "none"
    assert [dataclasses.replace(STUDY, prune=prune).prune for prune in (True, False, "none")] == ["median", "none", "none"]


@pytest.mark.parametrize(("changes", "reason"), [
    ({"prune": "halfing"}, "Did you mean 'halving'.*All: auto, halving, median, none, wilcoxon"),
    ({"prune": 1}, "All: auto, halving, median, none, wilcoxon"),
    ({"prune": "wilcoxon"}, "prune='wilcoxon' compares trials fold by fold: give validation_folds=5 with it, or leave prune out"),
    ({"prune": "halving", "validation_folds": 3}, "prune='halving' compares trials epoch by epoch, but with validation_folds=3 each is"),
    ({"grace_epochs": 0}, "grace_epochs must be 1 or more, or None, not 0"),
    ({"reduction_factor": 1}, "reduction_factor must be 2 or more, not 1")])
def test_what_can_not_be_is_refused_with_what_can(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        dataclasses.replace(STUDY, **changes)


@pytest.mark.parametrize(("pruning", "epochs", "words"), [
    (Pruning("halving", 2), 15, "halving: after epochs 2 and 6 the best 1/3 of the trials goes on"),
    (Pruning("halving", 2), 5, "halving: after epoch 2 the best 1/3 of the trials goes on"),
    (Pruning("halving"), 15, "halving: after epochs 1, 3 and 9 the best 1/3 of the trials goes on"),
    (Pruning("median"), 15, "median: from epoch 6 on, a trial below the median of the completed ones stops"),
    (Pruning("wilcoxon"), 4, "wilcoxon: from its second fold on, a trial that is worse than the best one stops"),
    (Pruning("halving"), 2, "none: every trial is trained to its end"), (Pruning("none"), 15, "none: every trial is trained to its end")])
def test_a_plan_says_in_words_when_trials_stop(pruning: Pruning, epochs: int, words: str) -> None:
    assert pruning.in_words(epochs) == words


def test_the_share_of_epochs_that_halving_leaves_is_what_its_pruner_leaves() -> None:
    """By searches of 16 trials whose UAR stays what it is, as the real pruner judges them."""
    pruning, epochs, rng, trained, searches = Pruning("halving"), 15, np.random.default_rng(0), 0, 8
    judge = pruner(pruning, epochs)
    for _ in range(searches):
        study = optuna.create_study(pruner=judge, direction="maximize")
        for uar in rng.random(16):
            trial = study.ask()
            for epoch in range(1, epochs + 1):
                trial.report(uar, epoch)
                trained += 1
                if trial.should_prune():
                    study.tell(trial, state=TrialState.PRUNED)
                    break
            else:
                study.tell(trial, uar)
    assert pruning.expected_share(16, epochs) == pytest.approx(trained / (searches * 16 * epochs), abs=0.06)
    assert [pruning.expected_share(1, epochs), Pruning("none").expected_share(16, epochs), pruning.expected_share(0, epochs)] == [1, 1, 1]


def test_of_trials_below_the_median_half_stop_once_there_are_some_to_compare_with() -> None:
    assert Pruning("median").expected_share(16, 15) == pytest.approx(1 - 13 / 16 * (9 / 15) / 2)
    assert Pruning("median").expected_share(3, 15) == Pruning("median").expected_share(16, 6) == 1.0
