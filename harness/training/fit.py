"""Fits a network on the training clips and keeps the epoch that validation chooses."""

from __future__ import annotations

import functools
import gc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.study.seeds import seed_for
from harness.study.trial import Training, Trial
from harness.training.backend import seeded
from harness.training.cooldown import cooldown
from harness.training.learner import learner, new_session
from harness.training.network import build
from harness.training.result import Diverged
from harness.training.training_clips import TrainingClips

if TYPE_CHECKING:
    import keras

PREDICTED_AT_ONCE = 64  # clips
OnEpoch = Callable[[int, dict[str, float]], None]


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


def fit(trial: Trial, x: np.ndarray | TrainingClips, y: np.ndarray, x_validation: np.ndarray, y_validation: np.ndarray, n_classes: int,
        on_epoch: OnEpoch) -> Fitted:
    """Train the trial's network.

    Args:
        x, x_validation: shape (clips, frames, bands), float32. y, y_validation: shape (clips,), class indices.
        on_epoch: called with the epoch, from 1, and its metrics; an exception of it ends the training and passes through.
    Raises: Diverged when the loss is not finite.
    """
    import keras

    from harness.training.batches import Batches

    freeze_loaded_objects()
    new_session()
    keras.config.set_dtype_policy(trial.training.precision)
    clips, training, one_hot = TrainingClips.of(x), trial.training, np.eye(n_classes, dtype=np.float32)
    weights = class_weights(y, n_classes)[y] if training.class_weights else None
    own = type(trial.architecture).__module__.startswith("registry.")
    with seeded(seed_for(trial.signature, "training"), everything=not own):
        model, architecture = build(trial, clips, n_classes)
        with learner(trial, model, clips, n_classes) as taught:
            history: dict[str, list[float]] = {}
            validation = Validation(taught.network, x_validation, one_hot[y_validation], training.label_smoothing)
            batches = Batches(clips, one_hot[y], weights, training.batch_size, seed_for(trial.signature, "order"))
            taught.trained.fit(batches, steps_per_epoch=batches.steps, epochs=training.epochs, shuffle=False, verbose=0,
                               callbacks=callbacks(training, validation, history, on_epoch))
        uar = history["validation_uar"]
        return Fitted(model, taught.network, history, int(np.argmax(uar)) + 1 if training.keep == "best" else len(uar),
                      architecture.count_params())


def predict(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Probabilities, (clips, classes). All batches have one size, so that one graph serves all."""
    padded = np.concatenate([x, np.zeros((-len(x) % PREDICTED_AT_ONCE, *x.shape[1:]), x.dtype)])
    batches = [network.predict_on_batch(padded[start:start + PREDICTED_AT_ONCE]) for start in range(0, len(padded), PREDICTED_AT_ONCE)]
    return np.concatenate(batches)[:len(x)]


@functools.cache
def freeze_loaded_objects() -> None:
    """Exempt the loaded libraries from garbage collection: Keras runs a full one before each trial, which else takes most of a second."""
    gc.collect()
    gc.freeze()


def rate(training: Training, epoch: int) -> float:
    """The learning rate in an epoch, from 0, where the schedule follows the epochs alone."""
    if training.schedule == "cosine":  # of the middle of the epoch
        return training.learning_rate * (1 + math.cos(math.pi * (epoch + 0.5) / training.epochs)) / 2
    if training.schedule == "step":
        return training.learning_rate * training.drop_factor ** (epoch // training.drop_epochs)
    return training.learning_rate


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
    label_smoothing: float

    def __call__(self) -> dict[str, float]:
        """Cross-entropy, as the training's loss, accuracy and UAR."""
        probabilities = predict(self.network, self.x)
        wanted = self.y * (1 - self.label_smoothing) + self.label_smoothing / self.y.shape[1]
        loss = -(wanted * np.log(np.maximum(probabilities, 1e-7))).sum(axis=1, dtype=np.float64).mean()
        right = self.y[np.arange(len(self.y)), probabilities.argmax(axis=1)]
        clips = self.y.sum(axis=0)  # of each class
        recalls = (right @ self.y)[clips > 0] / clips[clips > 0]
        return {"loss": float(loss), "wa": float(right.mean()), "uar": float(recalls.mean())}


def callbacks(training: Training, validation: Validation, history: dict[str, list[float]],
              on_epoch: OnEpoch) -> list[keras.callbacks.Callback]:
    """What sets the rate, validates, keeps the best epoch, and adds each epoch to `history` before `on_epoch` is called."""
    import keras

    class Rate(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.model.optimizer.learning_rate = rate(training, epoch)

    class Validate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if logs is not None:  # which the callbacks after this one read
                logs |= {f"val_{name}": value for name, value in validation().items()}

    class Epochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            named = {k.replace("val_", "validation_") if k.startswith("val_") else f"train_{k}": float(v)
                     for k, v in (logs or {}).items() if k != "learning_rate"}
            if not np.isfinite(named["train_loss"]) or not np.isfinite(named["validation_loss"]):
                raise Diverged(f"the loss was no longer finite in epoch {epoch + 1}: try a smaller training.learning_rate")
            for key, value in named.items():
                history.setdefault(key, []).append(value)
            on_epoch(epoch + 1, named)

    keep = keras.callbacks.EarlyStopping(monitor="val_uar", mode="max", restore_best_weights=training.keep == "best",
                                         patience=(training.early_stopping if training.schedule != "cooldown" else 0) or training.epochs)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_uar", mode="max", factor=training.drop_factor, patience=training.drop_epochs)
    of_schedule = {"plateau": plateau, "cooldown": cooldown(training)}.get(training.schedule) or Rate()
    return [Validate(), of_schedule, keep, Epochs()]
