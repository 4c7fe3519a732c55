"""Trains one trial of the search on each of its validation folds, and takes the mean of what it reaches; no fold has a test clip."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Sequence

from harness.data.corpora import Workspace, open_corpus
from harness.data.features import Progress
from harness.study.trial import Trial
from harness.training.predictions import joined
from harness.training.result import Fold, Pruned, Result
from harness.training.scores import Scores
from registry.validation_fold import validation_folds

OnFoldEpoch = Callable[[int, int, dict[str, float]], None]


def trials_of_folds(trial: Trial) -> tuple[Trial, ...]:
    """A trial for each fold, each with a signature, and so with initial weights, of its own."""
    return tuple(dataclasses.replace(trial, split=fold, validation_folds=1)
                 for fold in validation_folds(trial.split, trial.validation_folds))


def train_folds(objective: Callable[..., Result], trial: Trial, workspace: Workspace, on_epoch: OnFoldEpoch,
                on_fold: Callable[[int, float], None], preparing: Progress | None = None) -> Result:
    """Train and score a trial on its folds, one after the other.

    Args:
        objective: trains and scores a trial, as `run_trial`.
        on_epoch: called with the fold, from 1, the epoch and its metrics. on_fold: called with the fold and its validation UAR; may raise
            Pruned.
    Returns: the mean scores, with predictions of every training and validation clip by the network that was not trained on it, and the
        network of the last fold; of a trial that was pruned or failed, what its folds had given until then.
    """
    whole = Result(trial)
    corpus = open_corpus(trial.corpus, workspace.data, workspace.left_out)
    whole.note_parts(trial.split(corpus), corpus)
    done: list[Result] = []
    for place, part in enumerate(trials_of_folds(trial), 1):
        result = objective(part, workspace, lambda epoch, metrics, fold=place: on_epoch(fold, epoch, metrics), preparing)
        if result.state != "finished" or result.validation is None:
            whole.state, whole.reason = result.state, f"fold {place} of {trial.validation_folds}: {result.reason}"
            break
        done.append(result)
        whole.folds = tuple(map(_fold, done))
        try:
            on_fold(place, result.validation.uar)
        except Pruned as pruned:
            whole.state, whole.reason = "pruned", str(pruned)
            break
    _sum_up(whole, done)
    return whole


def _fold(result: Result) -> Fold:
    assert result.validation
    return Fold(result.validation, result.best_epoch, len(result.history.get("validation_uar", ())))


def _sum_up(whole: Result, done: Sequence[Result]) -> None:
    """What the folds gave, together; scores only where all are done, since the mean of fewer is another figure."""
    if not done:
        return
    whole.seconds = {phase: sum(result.seconds[phase] for result in done) for phase in done[0].seconds}
    whole.history = _mean_history([result.history for result in done])
    whole.best_epoch = round(statistics.fmean(result.best_epoch for result in done))
    whole.parameters, whole.cut, whole.model = done[-1].parameters, done[-1].cut, done[-1].model
    if whole.state == "finished":
        whole.predictions["validation"] = joined([result.predictions["validation"] for result in done])
        whole.validation = _mean_scores(whole.predictions["validation"].scores, [fold.scores for fold in whole.folds])


def _mean_scores(of_all: Scores, of_folds: Sequence[Scores]) -> Scores:
    """Means over the folds; counts, and figures of single emotions, are of all clips together."""
    def mean(name: str) -> float:
        return statistics.fmean(getattr(scores, name) for scores in of_folds)

    return dataclasses.replace(of_all, wa=mean("wa"), uar=mean("uar"), macro_f1=mean("macro_f1"), loss=mean("loss"))


def _mean_history(histories: Sequence[dict[str, list[float]]]) -> dict[str, list[float]]:
    """Mean curves, as far as every fold has them."""
    return {name: [statistics.fmean(values) for values in zip(*(history[name] for history in histories), strict=False)]
            for name in histories[0]}
