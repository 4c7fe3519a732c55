"""What a training leaves, and how clips are predicted, weighed and scored in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

PREDICTED_AT_ONCE = 64  # clips


@dataclass(frozen=True)
class Fitted:
    """A trained network and the course of its training.

    Args:
        model: (batch, frames, bands) -> (batch, classes); the normaliser and the join are its first layers.
        network: what computes the same faster, until the next training of this process.
        history: metric -> one value an epoch. best_epoch: the epoch, from 1, whose weights were kept.
        parameters: of the architecture alone.
    """

    model: keras.Model
    network: keras.Model
    history: dict[str, list[float]]
    best_epoch: int
    parameters: int

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities, (clips, classes), of the kept epoch."""
        return predict(self.network, x)


def predict(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Probabilities, (clips, classes). All batches have one size, so that one graph serves all."""
    padded = np.concatenate([x, np.zeros((-len(x) % PREDICTED_AT_ONCE, *x.shape[1:]), x.dtype)])
    batches = [network.predict_on_batch(padded[start:start + PREDICTED_AT_ONCE]) for start in range(0, len(padded), PREDICTED_AT_ONCE)]
    return np.concatenate(batches)[:len(x)]


def class_weights(y: np.ndarray) -> np.ndarray:
    """Inverse class frequencies with mean one over the clips, (classes,), float32; 0 for a class without clips.

    Args: y: one-hot, or the share of each class, shape (clips, classes).
    """
    counts = y.sum(axis=0, dtype=np.float64)
    weights = np.zeros(len(counts))
    np.divide(len(y) / np.count_nonzero(counts), counts, out=weights, where=counts > 0)
    return weights.astype(np.float32)


def weighed(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares and weights of clips, (clips, classes) and (clips,), with which each class counts the same: share times class weight."""
    shares = y * class_weights(y)
    weights = shares.sum(axis=1)
    return shares / weights[:, np.newaxis], weights


def each_label(y: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """What an estimator is fitted on that takes one class a clip: a clip stands there once for each of its classes, weighed by its share.

    The cross-entropy of these is that of the shares.
    Args: y: one-hot, or shares, (clips, classes). weights: of the clips.
    Returns: place of the clip, class and weight of each; None for equal weights.
    """
    clips, classes = np.nonzero(y)
    if len(clips) == len(y):
        return clips, classes, weights
    return clips, classes, y[clips, classes] * (1 if weights is None else weights[clips])


@dataclass(frozen=True)
class Validation:
    """The validation part, and the network that is looked at with it.

    Args: x: shape (clips, frames, bands). y: shape (clips, classes), one-hot; of shares, the largest is taken to be right, the first of
        equals.
    """

    network: keras.Model
    x: np.ndarray
    y: np.ndarray
    label_smoothing: float = 0.0

    def __call__(self) -> dict[str, float]:
        """Cross-entropy, as the training's loss, accuracy and UAR."""
        probabilities = predict(self.network, self.x)
        wanted = self.y * (1 - self.label_smoothing) + self.label_smoothing / self.y.shape[1]
        loss = -(wanted * np.log(np.maximum(probabilities, 1e-7))).sum(axis=1, dtype=np.float64).mean()
        truth = np.eye(self.y.shape[1], dtype=np.float32)[self.y.argmax(axis=1)]
        right = truth[np.arange(len(truth)), probabilities.argmax(axis=1)]
        clips = truth.sum(axis=0)  # of each class
        recalls = (right @ truth)[clips > 0] / clips[clips > 0]
        return {"loss": float(loss), "wa": float(right.mean()), "uar": float(recalls.mean())}
