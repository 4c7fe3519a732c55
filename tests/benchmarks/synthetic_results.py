"""Results of trials as large as real ones, made from a seed without training, for the benchmarks of tracking and reports."""

from __future__ import annotations

import numpy as np

from harness.study.trial import Training, Trial
from harness.training.predictions import Predictions
from harness.training.result import Result
from harness.training.scores import Scores, score
from registry.architectures.plain_2d import Plain2D
from registry.corpora.synthetic import EMOTIONS, Synthetic
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.random_80_20 import Random8020

CURVES = ("train_loss", "train_wa", "train_uar", "validation_loss", "validation_wa", "validation_uar")
COUNTS = {"train": 4200, "left_out": 0}
SPEAKERS = {"train": 91, "validation": 91, "test": 91}


def synthetic_result(seed: int, epochs: int = 20, clips: int = 600, opens_test: bool = False) -> Result:
    """A finished trial with its curves and predictions; about half of them are right."""
    rng = np.random.default_rng(seed)
    history = {name: rng.random(epochs).tolist() for name in CURVES}
    result = Result(synthetic_trial(seed, opens_test), history=history, best_epoch=epochs // 2 + 1, parameters=20_000,
                    split_fingerprint=f"{seed:064x}", counts={**COUNTS, "validation": clips, "test": clips}, speakers=SPEAKERS,
                    seconds={"features": 0.1, "fit": 20.0, "score": 0.3})
    result.validation = _scored(result, "validation", clips, rng)
    if opens_test:
        result.test = _scored(result, "test", clips, rng)
    return result


def synthetic_trial(seed: int, opens_test: bool = False) -> Trial:
    """A trial that was never run."""
    return Trial(corpus=Synthetic(), corpus_fingerprint="0" * 64, feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image"),
                 architecture=Plain2D(), split=Random8020(), training=Training(), seed=seed, opens_test=opens_test)


def _scored(result: Result, part: str, clips: int, rng: np.random.Generator) -> Scores:
    truth = np.arange(clips) % len(EMOTIONS)  # the same clips in every run, as in a study
    probabilities = rng.dirichlet(np.ones(len(EMOTIONS)), clips) / 2 + np.eye(len(EMOTIONS))[truth] * rng.random((clips, 1)) / 2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    about = {"speaker": np.array([f"S{i % 91:02d}" for i in range(clips)])}
    result.predictions[part] = Predictions(EMOTIONS, np.array([f"clip_{i:04d}" for i in range(clips)]), truth, probabilities, about)
    return score(truth, probabilities, EMOTIONS)
