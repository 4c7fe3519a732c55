"""Clips are trained on the intended emotion, or on the shares of listeners' votes where a corpus has them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution
from tiny_trial import CORPUS, TRIAL, ignore, toy

from harness.data.corpora import Workspace
from harness.study.cells import Cell
from harness.study.trial import Training
from harness.training.fit import fit
from harness.training.run_trial import run_trial
from harness.training.targets import target_reason, targets, vote_lines
from registry.architectures.gradient_boosting import GradientBoosting
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.svm import Svm
from registry.augmentation import Augmentation
from registry.augmentations.mixup import Mixup
from registry.corpus import Corpus
from registry.errors import BenchError

ON_VOTES = Cell(toy(target="votes"), {})


def voted(*votes: dict[str, int] | None) -> Corpus:
    """The synthetic corpus, whose first clips have these votes; the others have none."""
    clips = [dataclasses.replace(clip, votes=tuple(of.items()) if of else None) for clip, of in zip(CORPUS.clips, votes, strict=False)]
    return dataclasses.replace(CORPUS, clips=(*clips, *CORPUS.clips[len(clips):]))


def test_a_clip_is_trained_on_the_shares_of_its_votes_or_without_any_on_its_intended_emotion() -> None:
    corpus = voted({"ANG": 1, "NEU": 3}, {"NEU": 5, "bored": 5}, {"bored": 2}, {"SAD": 0})
    of_votes, intended = targets(corpus, "votes"), targets(corpus, "intent")
    assert intended.tolist() == np.eye(len(CORPUS.emotions))[CORPUS.labels].tolist()
    assert {e: float(s) for e, s in zip(corpus.emotions, of_votes[0], strict=True) if s} == {"ANG": 0.25, "NEU": 0.75}
    assert {e: float(s) for e, s in zip(corpus.emotions, of_votes[1], strict=True) if s} == {"NEU": 1.0}  # of those that it has
    assert of_votes[2:].tolist() == intended[2:].tolist() and of_votes.dtype == np.float32
    assert vote_lines([ON_VOTES], corpus) == ["votes: 46 of 48 clips have none and are trained on the intended emotion"]
    assert vote_lines([Cell(TRIAL, {})], corpus) == [] == vote_lines([ON_VOTES], voted(*[{"SAD": 1}] * 48))


def test_what_can_not_be_trained_on_votes_says_so_before_anything_runs() -> None:
    corpus = voted({"ANG": 1})
    reason = target_reason(ON_VOTES, CORPUS)
    assert reason is not None and reason.startswith("training.target='votes' needs listeners' votes, and no clip of synthetic has any")
    searched = Cell(TRIAL, {"training.target": CategoricalDistribution(["intent", "votes"])})
    assert target_reason(searched, CORPUS) == reason and target_reason(Cell(TRIAL, {}), CORPUS) is None
    of = {cls: target_reason(Cell(dataclasses.replace(ON_VOTES.base, architecture=cls()), {}), corpus)
          for cls in (LogisticRegression, GradientBoosting, Svm)}
    assert of.pop(Svm) == ("svm takes one emotion a clip and can't be trained on the shares of votes: train it on "
                           "training.target='intent', or take logistic_regression, gradient_boosting or a network")
    assert set(of.values()) == {None} and target_reason(ON_VOTES, corpus) is None


@pytest.mark.parametrize("changes", [{}, {"augmentation": Augmentation(on_the_fly=(Mixup(),))}], ids=["plain", "mixup"])
def test_a_network_learns_the_shares_of_clips_that_nothing_tells_apart(changes: dict[str, object]) -> None:
    x, y = np.zeros((64, 8, 2), np.float32), np.tile(np.float32([0.7, 0.3, 0]), (64, 1))
    trial = dataclasses.replace(toy(epochs=12, learning_rate=0.1, label_smoothing=0.1, keep="last", target="votes"), **changes)
    learnt = fit(trial, x, y, x[:8], np.zeros(8, int), 3, ignore).predict(x[:1])[0]
    assert learnt == pytest.approx(0.9 * y[0] + 0.1 / 3, abs=0.03)


def test_an_estimator_learns_the_shares() -> None:
    x, y = np.zeros((40, 4, 1), np.float32), np.tile(np.float32([0.7, 0.3, 0]), (40, 1))
    space = dataclasses.replace(TRIAL.feature_space, join="vector", normalise="per_value")
    trial = dataclasses.replace(toy(target="votes"), architecture=LogisticRegression(), feature_space=space)
    assert trial.training == Training(epochs=1, target="votes")
    assert fit(trial, x, y, x[:8], np.zeros(8, int), 3, ignore).predict(x[:1])[0] == pytest.approx(y[0], abs=1e-3)


def test_a_trial_whose_votes_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="the listeners' votes of synthetic changed since this trial was planned"):
        run_trial(dataclasses.replace(ON_VOTES.base, votes_fingerprint="other"), Workspace(home=tmp_path), ignore)
