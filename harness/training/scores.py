"""Scores of a set of predictions: WA, UAR, macro-F1, per-class figures, loss and the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SMALLEST = 1e-12  # probability that a loss is computed with


@dataclass(frozen=True)
class Scores:
    """Figures of one set of predictions.

    Args:
        wa: accuracy (weighted accuracy in the field's words). uar: mean recall over the classes that occur.
        macro_f1: mean F1 over the classes that occur. loss: mean cross-entropy in nats.
        per_class: emotion -> {"precision", "recall", "f1", "support"}.
        confusion: confusion[i][j] counts clips of emotion i predicted as emotion j, in the order of `emotions`.
    """

    wa: float
    uar: float
    macro_f1: float
    loss: float
    emotions: tuple[str, ...]
    per_class: dict[str, dict[str, float]]
    confusion: list[list[int]]

    def flat(self, prefix: str) -> dict[str, float]:
        """The figures under names for tracking: `validation/uar`, …; those of each emotion are a table."""
        return {f"{prefix}/{k}": getattr(self, k) for k in ("wa", "uar", "macro_f1", "loss")}


def score(truth: np.ndarray, probabilities: np.ndarray, emotions: tuple[str, ...]) -> Scores:
    """Score predictions.

    Args:
        truth: shape (clips,), indices into `emotions`. probabilities: shape (clips, classes), rows sum to one.

    >>> score(np.array([0, 1, 1, 1]), np.eye(2)[[0, 0, 1, 1]], ("calm", "angry")).uar
    0.8333333333333333
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    predicted = probabilities.argmax(axis=1)
    classes = list(range(len(emotions)))
    table = precision_recall_fscore_support(truth, predicted, labels=classes, zero_division=0.0)
    precision, recall, f1, support = (np.asarray(column) for column in table)
    likelihood = np.clip(probabilities[np.arange(len(truth)), truth], SMALLEST, 1.0)
    per_class = {emotion: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "support": int(support[i])}
                 for i, emotion in enumerate(emotions)}
    return Scores(wa=float((predicted == truth).mean()), uar=float(recall[support > 0].mean()), macro_f1=float(f1[support > 0].mean()),
                  loss=float(-np.log(likelihood).mean()), emotions=emotions, per_class=per_class,
                  confusion=confusion_matrix(truth, predicted, labels=classes).tolist())


def most_confused(confusion: list[list[int]], emotions: tuple[str, ...], top: int = 3) -> list[tuple[str, str, int, float]]:
    """The most frequent errors: (emotion, predicted as, clips, share of the emotion's clips), largest first; ties by name.

    >>> most_confused([[5, 5], [1, 9]], ("FEA", "SAD"), top=1)
    [('FEA', 'SAD', 5, 0.5)]
    """
    errors: list[tuple[Any, ...]] = [
        (emotions[i], emotions[j], count, count / sum(row))
        for i, row in enumerate(confusion) for j, count in enumerate(row) if i != j and count]
    return sorted(errors, key=lambda e: (-e[2], e[0], e[1]))[:top]
