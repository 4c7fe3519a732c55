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


def class_weights(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Inverse class frequencies with mean one over the clips, (classes,), float32; 0 for a class without clips."""
    counts = np.bincount(y, minlength=n_classes)
    shares = np.zeros(n_classes)
    np.divide(len(y) / np.count_nonzero(counts), counts, out=shares, where=counts > 0)
    return shares.astype(np.float32)


@dataclass(frozen=True)
class Validation:
    """The validation part, and the network that is looked at with it.

    Args: x: shape (clips, frames, bands). y: shape (clips, classes), one-hot.
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
        right = self.y[np.arange(len(self.y)), probabilities.argmax(axis=1)]
        clips = self.y.sum(axis=0)  # of each class
        recalls = (right @ self.y)[clips > 0] / clips[clips > 0]
        return {"loss": float(loss), "wa": float(right.mean()), "uar": float(recalls.mean())}
