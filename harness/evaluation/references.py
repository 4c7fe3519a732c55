"""Reference rows of a table: the figures of guessing, of one constant answer and of human listeners on exactly its test clips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.evaluation.intervals import LEAST_SPEAKERS, Sampled, figures_of, interval, speaker_draws, speaker_intervals
from harness.training.predictions import Predictions
from registry.corpora._listing import some

STRICT, RESOLVED = "human listeners, ties wrong", "human listeners, ties resolved"


@dataclass(frozen=True, eq=False)
class Reference:
    """One reference row.

    Args:
        figures: `wa`, `uar`, `macro_f1` -> (value, low, high), the bounds a 95 % interval over speakers, NaN for too few of them.
        confusion: expected counts, shape (truth, predicted), float64: an answer that is open counts in shares.
        recall: emotion -> share of its clips that were right, of the emotions that occur. basis: where the answers come from.
    """

    name: str
    figures: dict[str, tuple[float, float, float]]
    confusion: np.ndarray
    recall: dict[str, float]
    basis: str


def references(test: Predictions, training_counts: Mapping[str, int] | None = None) -> list[Reference]:
    """Chance, the majority class, and human listeners where every test clip has their votes."""
    return [chance(test), majority_class(test, training_counts), *listeners(test)]


def chance(test: Predictions) -> Reference:
    """Every class guessed equally often, in expectation: WA and UAR are one by the number of classes."""
    classes = len(test.emotions)
    return _reference("chance", test, np.full((len(test.truth), classes), 1 / classes), f"each of {classes} emotions guessed equally often")


def majority_class(test: Predictions, training_counts: Mapping[str, int] | None = None) -> Reference:
    """Always the emotion that most training clips have; emotions that tie (five do in CREMA-D) are answered in equal shares.

    Args:
        training_counts: emotion -> clips of the training part. Without them the test part's own most frequent emotion is
            answered: no constant answer has a higher WA, and an honest one, which has not seen the test part, may have less.
    """
    counts = (np.array([training_counts.get(emotion, 0) for emotion in test.emotions]) if training_counts
              else np.bincount(test.truth, minlength=len(test.emotions)))
    most = counts == counts.max()
    names = some([emotion for emotion, is_most in zip(test.emotions, most, strict=True) if is_most], most=10)
    part = "training part" if training_counts else "test part itself, as these runs did not note the clips of the training part"
    basis = f"always {names}{' in equal shares' if most.sum() > 1 else ''}: the most frequent of the {part}"
    mean = _reference("majority class", test, np.tile(most / most.sum(), (len(test.truth), 1)), basis)
    # Macro-F1 of a mixture of answers is not the mean of theirs: a classifier gives one of them.
    return replace(mean, figures=_of_constant_answers(test, most))


def _of_constant_answers(test: Predictions, answered: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """The mean figures and bounds of classifiers that answer one of these emotions each; answered: shape (classes,), bool."""
    clips = test.counts_by(test.speakers).sum(axis=-1)  # (speakers, classes)
    measured, under = _figures_of_constants(clips.sum(axis=0)), _figures_of_constants(speaker_draws(len(clips)) @ clips)
    figures = {}
    for score, values in measured.items():
        rows = [Sampled(float(values[i]), under[score][:, i], 1, len(clips), False, 0.0, 0.0) for i in np.flatnonzero(answered)]
        bounds = [interval(row, {}) if len(clips) >= LEAST_SPEAKERS else (math.nan, math.nan) for row in rows]
        value, (low, high) = np.mean([row.value for row in rows]), np.mean(bounds, axis=0)
        figures[score] = (float(value), float(low), float(high))
    return figures


def _figures_of_constants(clips: np.ndarray) -> dict[str, np.ndarray]:
    """The figures of answering each class alone, each (…, classes), where the classes have so many clips."""
    total, present = clips.sum(axis=-1, keepdims=True), (clips > 0).sum(axis=-1, keepdims=True)
    return {"wa": clips / total, "uar": (clips > 0) / present, "macro_f1": 2 * clips / (clips + total) / present}


def listeners(test: Predictions) -> list[Reference]:
    """The emotion that most listeners took each voice for, against the intended one; no rows where `why_no_listeners` gives a reason.

    Strict: a tie is wrong and counts, in equal shares, for the tied emotions that were not intended. Resolved: a fair draw
    among the tied emotions, in expectation, so that a tie of two that has the intended one in it is half right.
    """
    if why_no_listeners(test):
        return []
    resolved = np.zeros((len(test.truth), len(test.emotions)))
    for i, vote in enumerate(test.about["human"]):
        resolved[i, [test.emotions.index(emotion) for emotion in vote.split("/")]] = 1
    resolved /= resolved.sum(axis=1, keepdims=True)
    strict = resolved.copy()
    tied = np.count_nonzero(resolved, axis=1) > 1
    strict[tied, test.truth[tied]] = 0
    strict /= strict.sum(axis=1, keepdims=True)
    basis = f"the most frequent vote on the voice alone; {int(tied.sum())} of {len(tied):,} clips tie"
    return [_reference(STRICT, test, strict, f"{basis}, which counts as wrong"),
            _reference(RESOLVED, test, resolved, f"{basis}, which is drawn from in equal shares")]


def why_no_listeners(test: Predictions) -> str:
    """Why there is no row of human listeners, as a sentence; empty where there is one."""
    votes = test.about.get("human", np.full(len(test.truth), ""))
    without = np.count_nonzero(votes == "")
    if without:
        return f"No row of human listeners: {without:,} of {len(votes):,} test clips have no votes."
    strange = sorted({emotion for vote in votes for emotion in vote.split("/")} - set(test.emotions))
    return f"No row of human listeners: they also chose {', '.join(strange)}, which this table does not have." if strange else ""


def _reference(name: str, test: Predictions, answers: np.ndarray, basis: str) -> Reference:
    """The row of answers given in shares: (clips, classes), rows sum to one."""
    speakers, place = np.unique(test.speakers, return_inverse=True)
    counts = np.zeros((len(speakers), len(test.emotions), len(test.emotions)))
    np.add.at(counts, (place, test.truth), answers)
    confusion = counts.sum(axis=0)
    bounds, values = speaker_intervals(counts[np.newaxis]), figures_of(confusion)
    support = confusion.sum(axis=1)
    recall = {emotion: float(confusion[i, i] / support[i]) for i, emotion in enumerate(test.emotions) if support[i]}
    return Reference(name, {score: (float(value), *bounds[score]) for score, value in values.items()}, confusion, recall, basis)
