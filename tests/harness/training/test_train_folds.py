"""A trial with several validation folds is trained once on each, is worth their mean, and never sees a test clip."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_trial import CORPUS, TINY_NET, TRIAL, ignore

from harness.data.corpora import Workspace
from harness.data.features import features
from harness.tracking.run_record import flat_metrics
from harness.training.result import Pruned, Result
from harness.training.run_trial import run_trial
from harness.training.train_folds import train_folds, trials_of_folds
from registry.errors import UsageError
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

FOLDS = dataclasses.replace(TRIAL, architecture=TINY_NET, split=UnseenSpeakers8020(), validation_folds=3)
SPLIT = FOLDS.split(CORPUS)
Ran = tuple[Result, list[tuple[int, int]], list[tuple[int, float]]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A trial of three folds, really trained while features of test clips are NaN; and what was reported."""
    workspace = Workspace(home=tmp_path_factory.mktemp("work"), workers=1)
    arrays = np.array(features(CORPUS, FOLDS.feature_space, workspace.cache))
    epochs: list[tuple[int, int]] = []
    folds: list[tuple[int, float]] = []
    arrays[SPLIT.test] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.training.run_trial.features", lambda *_: arrays)
        result = train_folds(run_trial, FOLDS, workspace, lambda fold, epoch, metrics: epochs.append((fold, epoch)),
                             lambda fold, uar: folds.append((fold, uar)))
    return result, epochs, folds


def test_the_mean_over_the_folds_is_what_the_trial_reached_and_each_fold_is_kept(ran: Ran) -> None:
    result, epochs, folds = ran
    assert result.state == "finished", result.reason
    assert epochs == [(fold, epoch) for fold in (1, 2, 3) for epoch in (1, 2)] and [fold for fold, _ in folds] == [1, 2, 3]
    metrics = flat_metrics(result)
    assert [metrics[f"validation/uar_fold_{fold}"] for fold in (1, 2, 3)] == [uar for _, uar in folds]
    assert metrics["validation/uar"] == pytest.approx(np.mean([uar for _, uar in folds])) and metrics["epochs"] == 6
    assert len({fold.scores.loss for fold in result.folds}) == 3 and len(result.history["validation_uar"]) == 2


def test_each_training_and_validation_clip_is_predicted_once_and_no_test_clip_ever(ran: Ran) -> None:
    result = ran[0]
    predicted = result.predictions["validation"].clips.tolist()
    assert result.predictions.keys() == {"validation"}
    assert predicted == sorted(CORPUS.clips[i].id for i in (*SPLIT.train, *SPLIT.validation))
    assert np.isfinite(result.predictions["validation"].probabilities).all() and result.test is None
    assert result.split_fingerprint == SPLIT.fingerprint(CORPUS) and result.counts == SPLIT.counts


def test_a_fold_has_a_signature_of_its_own_and_the_number_of_folds_is_in_that_of_the_trial() -> None:
    four = dataclasses.replace(FOLDS, validation_folds=4)
    trials = [dataclasses.replace(FOLDS, validation_folds=1), FOLDS, four, *trials_of_folds(FOLDS), *trials_of_folds(four)]
    assert len({trial.signature for trial in trials}) == len(trials) == 10


def test_a_final_is_the_same_whatever_its_search_was_validated_on() -> None:
    assert FOLDS.of_final(1) == dataclasses.replace(FOLDS, validation_folds=1).of_final(1) and FOLDS.of_final(1).opens_test
    with pytest.raises(UsageError, match="a final is trained once"):
        dataclasses.replace(FOLDS, opens_test=True)


def made(uars: list[float], failing: int = 0) -> Any:
    """An objective whose folds reach these UAR; one may fail."""
    def objective(trial: Any, workspace: Any, on_epoch: Any, preparing: Any) -> Result:
        import simulated

        result = simulated.simulated(trial, workspace, on_epoch)
        result.validation = dataclasses.replace(result.validation, uar=uars[trial.split.fold - 1])
        if trial.split.fold == failing:
            result.state, result.reason = "failed", "the loss was no longer finite"
        return result

    return objective


def test_a_pruned_trial_keeps_the_folds_that_it_had_and_no_mean(tmp_path: Path) -> None:
    def on_fold(fold: int, uar: float) -> None:
        if fold == 2:
            raise Pruned("worse than the best")

    result = train_folds(made([0.4, 0.3, 0.9]), FOLDS, Workspace(home=tmp_path), lambda *_: None, on_fold)
    metrics = flat_metrics(result)
    assert (result.state, result.reason) == ("pruned", "worse than the best")
    assert (metrics["validation/uar_fold_1"], metrics["validation/uar_fold_2"]) == (0.4, 0.3)
    assert "validation/uar" not in metrics and "validation/uar_fold_3" not in metrics and metrics["epochs"] == 4


def test_a_fold_that_fails_ends_the_trial_with_its_place_and_reason(tmp_path: Path) -> None:
    result = train_folds(made([0.4, 0.3, 0.9], failing=2), FOLDS, Workspace(home=tmp_path), lambda *_: None, lambda *_: None)
    assert (result.state, result.reason) == ("failed", "fold 2 of 3: the loss was no longer finite") and len(result.folds) == 1


def test_a_trial_of_folds_is_not_mistaken_for_one_on_the_protocol_s_own_parts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one fold after the other"):
        run_trial(FOLDS, Workspace(home=tmp_path), ignore)
