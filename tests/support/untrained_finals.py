"""A study's finals as real runs record them, with real splits, signatures and configurations; their predictions are drawn, not trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from records import bring

from harness.data.corpora import open_corpus
from harness.study.trial import Training, Trial
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training.predictions import Predictions
from harness.training.result import Result
from registry.architectures.plain_1d import Plain1D
from registry.core import short_label
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

SPACE = FeatureSpace(features=(Mel(n_mels=8),), join="channels", duration_s=0.5)


def finals(home: Path, study: str, skills: Mapping[int, float], seeds: int = 2) -> None:
    """Rows of a study on 40 synthetic speakers. Args: skills: filters of a row's network -> share of clips that it is right on."""
    tracker, corpus = Store(home).experiment(study), open_corpus(Synthetic(n_speakers=40, n_sentences=1), None)
    parent = tracker.start("study", study, None, RunTags(question="Does width help?", study_file=study))
    for filters, skill in skills.items():
        trial = Trial(corpus=Synthetic(n_speakers=40, n_sentences=1), corpus_fingerprint=corpus.fingerprint, feature_space=SPACE,
                      architecture=Plain1D(filters=(filters,)), split=UnseenSpeakers8020(), training=Training(epochs=1), seed=0,
                      opens_test=True)
        split = trial.split(corpus)
        tags = RunTags(cell=f"{filters:08x}", corpus=corpus.name, corpus_label="synthetic[n_speakers=40, n_sentences=1]",
                       corpus_fingerprint=corpus.fingerprint[:16], coverage=corpus.coverage, synthetic=True, shares_speakers=False,
                       split=short_label(trial.split), feature_space=SPACE.label, architecture=short_label(trial.architecture), epochs=1,
                       study_file=study)
        trials = [dataclasses.replace(trial, seed=seed) for seed in range(seeds)]
        final = tracker.start("final", "final", parent, dataclasses.replace(tags, signatures=tuple(each.signature for each in trials),
                                                                            requested_at=1.0))
        for each in trials:
            rng = np.random.default_rng([filters, each.seed])
            parts = {part: drawn([corpus.clips[i] for i in getattr(split, part)], corpus.emotions, skill, rng)
                     for part in ("validation", "test")}
            result = Result(each, history={"validation_wa": [0.5], "train_loss": [1.0], "train_wa": [0.5]}, best_epoch=1,
                            parameters=100 * filters, validation=parts["validation"].scores, test=parts["test"].scores, predictions=parts,
                            seconds={"fit": 1.0})
            result.note_parts(split, corpus)
            bring(tracker, result, "seed", f"seed {each.seed}", final, dataclasses.replace(tags, signature=each.signature),
                  {"seed": each.seed})
        tracker.end(final, "finished")
    tracker.end(parent, "finished")


def drawn(clips: list[Clip], emotions: tuple[str, ...], skill: float, rng: np.random.Generator) -> Predictions:
    """Predictions that are right on about a share of these clips, with probabilities that say so."""
    truth = np.array([emotions.index(clip.emotion) for clip in clips])
    right = rng.random(len(clips)) < skill
    said = np.where(right, truth, (truth + rng.integers(1, len(emotions), len(clips))) % len(emotions))
    probabilities = 0.1 * rng.dirichlet(np.ones(len(emotions)), len(clips)) + 0.9 * np.eye(len(emotions))[said]
    return Predictions.of(clips, emotions, probabilities)
