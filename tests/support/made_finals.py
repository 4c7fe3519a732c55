"""Finals of networks that are right on a chosen share of clips."""

from __future__ import annotations

import dataclasses

import numpy as np
from records import bring

from harness.evaluation.find_runs import RunsToCompare
from harness.execution.finals import aggregates
from harness.study.trial import Training, Trial
from harness.tracking.run_record import RunTags, flat_metrics
from harness.tracking.tracker import Tracker
from harness.training.predictions import Predictions
from harness.training.result import Result
from registry.architectures.plain_2d import Plain2D
from registry.corpora.synthetic import Synthetic
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.random_80_20 import Random8020

EMOTIONS = ("ANG", "HAP", "SAD")
SPEAKERS, CLIPS = 12, 20
SPEAKER = np.repeat(np.arange(SPEAKERS), CLIPS)
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, SPEAKERS * CLIPS)
LUCK = RNG.random(SPEAKERS * CLIPS)  # of a clip, the same for every network


def said(recall: float, seed: int = 0, clips: int = SPEAKERS * CLIPS, emotions: tuple[str, ...] = EMOTIONS) -> Predictions:
    """A network that is right on about this share of clips."""
    luck = LUCK + np.random.default_rng(seed).normal(0, 0.05, len(LUCK))
    predicted = np.where(luck < recall, TRUTH, (TRUTH + 1) % 3)[:clips]
    order = [EMOTIONS.index(emotion) for emotion in emotions]
    names = np.array([f"c{i:03d}" for i in range(clips)])
    truth = np.argsort(order)[TRUTH[:clips]]
    return Predictions(emotions, names, truth, np.eye(3)[predicted][:, order], {"speaker": np.char.add("S", SPEAKER[:clips].astype(str))})



def a_side(name: str, *predictions: Predictions, **parameters: str) -> RunsToCompare:
    return RunsToCompare(name, predictions, parameters, tuple(map(str, range(len(predictions)))), {"corpus": "c", "split": "s"},
                         at_once=False)



def record(tracker: Tracker, cell: str, rate: float, seeds: list[Predictions], split: str = "random_80_20",
           corpus: str = "synthetic") -> tuple[str, list[str]]:
    """A final with its seeds, as a run of a study records them; returns their run ids."""
    trial = Trial(corpus=Synthetic(), corpus_fingerprint="0" * 64, feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image"),
                  architecture=Plain2D(), split=Random8020(), training=Training(learning_rate=rate), seed=0, opens_test=True)
    tags = {"feature_space": "mel", "architecture": cell, "split": split, "cell": cell, "corpus": corpus,
            "coverage": "240 clips: whole", "corpus_fingerprint": "0" * 16, "synthetic": "True", "shares_speakers": "True"}
    signatures = [f"{cell}{seed}" for seed in range(len(seeds))]
    final = tracker.start("final", "final", None, RunTags.from_tags({**tags, "signatures": " ".join(signatures)}), {})
    runs, metrics = [], []
    for seed, predictions in enumerate(seeds):
        result = Result(dataclasses.replace(trial, seed=seed), best_epoch=1, split_fingerprint=f"{predictions.truth.size:064x}",
                        validation=predictions.scores, test=predictions.scores, seconds={"fit": 1.0},
                        predictions={"validation": predictions, "test": predictions}, history={"validation_wa": [0.5], "train_loss": [1.0]},
                        counts={"train": 1, "validation": len(predictions.clips), "test": len(predictions.clips)},
                        speakers={"train": 1, "validation": 1, "test": 12})
        runs.append(bring(tracker, result, "seed", f"seed {seed}", final, RunTags.from_tags({**tags, "signature": signatures[seed]}),
                          {"seed": seed, "training.learning_rate": rate}))
        metrics.append(flat_metrics(result))
    tracker.log_metrics(final, aggregates(metrics))
    tracker.end(final, "finished")
    return final, runs

