"""Fits a network on the training clips and keeps the epoch that validation chooses."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.study.seeds import seed_for
from harness.study.trial import Training, Trial
from harness.training.backend import seeded
from harness.training.network import augmented, build
from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

OnEpoch = Callable[[int, dict[str, float]], None]


class Diverged(BenchError):
    """The training loss was no longer a finite number."""


@dataclass(frozen=True)
class Fitted:
    """A trained network and the course of its training.

    Args:
        model: (batch, frames, bands) -> (batch, classes); the normaliser and the join are its first layers.
        history: metric -> one value an epoch. best_epoch: the epoch, from 1, whose weights were kept.
        parameters: of the architecture alone.
    """

    model: keras.Model
    history: dict[str, list[float]]
    best_epoch: int
    parameters: int


def fit(trial: Trial, x: np.ndarray, y: np.ndarray, x_validation: np.ndarray, y_validation: np.ndarray, n_classes: int,
        on_epoch: OnEpoch) -> Fitted:
    """Train the trial's network.

    Args:
        x, x_validation: shape (clips, frames, bands), float32. y, y_validation: shape (clips,), class indices.
        on_epoch: called with the epoch, from 1, and its metrics; an exception of it ends the training and passes through.
    Raises: Diverged when the loss is not finite.
    """
    import keras

    freeze_loaded_objects()
    keras.utils.clear_session()  # drop what earlier trials of this process left in the backend
    keras.config.set_dtype_policy(trial.training.precision)
    with seeded(seed_for(trial.signature, "training")):
        model, network = build(trial, x, n_classes)
        learner = augmented(model, trial)
        training, one_hot = trial.training, np.eye(n_classes, dtype=np.float32)
        learner.compile(optimizer=optimizer(training, steps=-(-len(x) // training.batch_size)),
                        loss=keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing),
                        metrics=[keras.metrics.CategoricalAccuracy(name="wa"), uar_metric(n_classes)])
        history: dict[str, list[float]] = {}
        learner.fit(x, one_hot[y], batch_size=training.batch_size, epochs=training.epochs, verbose=0,
                    validation_data=(x_validation, one_hot[y_validation]),
                    class_weight=class_weights(y, n_classes) if training.class_weights else None,
                    callbacks=callbacks(training, history, on_epoch))
        uar = history["validation_uar"]
        return Fitted(model, history, int(np.argmax(uar)) + 1 if training.keep == "best" else len(uar), network.count_params())


@functools.cache
def freeze_loaded_objects() -> None:
    """Exempt the loaded libraries from garbage collection: Keras runs a full one before each trial, which else takes most of a second."""
    gc.collect()
    gc.freeze()


def optimizer(training: Training, steps: int) -> keras.Optimizer:
    """The optimiser with its schedule; `steps` is the number of batches an epoch."""
    import keras

    rate: Any = training.learning_rate
    if training.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, decay_steps=steps * training.epochs)
    if training.schedule == "step":
        drops = range(training.drop_epochs, training.epochs, training.drop_epochs)
        rate = keras.optimizers.schedules.PiecewiseConstantDecay(
            [steps * epoch for epoch in drops], [rate * training.drop_factor**n for n in range(len(drops) + 1)]) if drops else rate
    classes = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "rmsprop": keras.optimizers.RMSprop,
               "sgd": keras.optimizers.SGD}
    momentum = {"momentum": 0.9} if training.optimizer == "sgd" else {}
    decay = {"weight_decay": training.weight_decay} if training.weight_decay or training.optimizer == "adamw" else {}
    return classes[training.optimizer](rate, **momentum, **decay)


def class_weights(y: np.ndarray, n_classes: int) -> dict[int, float]:
    """Inverse class frequencies with mean one over the clips; 0 for a class without clips."""
    counts = np.bincount(y, minlength=n_classes)
    present = np.count_nonzero(counts)
    return {c: len(y) / (present * int(n)) if n else 0.0 for c, n in enumerate(counts)}


def uar_metric(n_classes: int) -> keras.Metric:
    """Mean recall over the classes that occurred, accumulated over batches as a confusion matrix."""
    import keras

    class UAR(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="uar")
            self.confusion = self.add_weight(shape=(n_classes, n_classes), initializer="zeros", name="confusion")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            predicted = keras.ops.one_hot(keras.ops.argmax(y_pred, axis=-1), n_classes, dtype="float32")
            self.confusion.assign(self.confusion + keras.ops.matmul(keras.ops.transpose(keras.ops.cast(y_true, "float32")), predicted))

        def result(self) -> Any:
            support = keras.ops.sum(self.confusion, axis=1)
            recall = keras.ops.diagonal(self.confusion) / keras.ops.maximum(support, 1.0)
            return keras.ops.sum(recall) / keras.ops.maximum(keras.ops.sum(keras.ops.cast(support > 0, "float32")), 1.0)

    return UAR()


def callbacks(training: Training, history: dict[str, list[float]], on_epoch: OnEpoch) -> list[keras.callbacks.Callback]:
    """What keeps the best epoch, adapts the rate, and adds each epoch to `history` before `on_epoch` is called."""
    import keras

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
                                         patience=training.early_stopping or training.epochs)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_uar", mode="max", factor=training.drop_factor, patience=training.drop_epochs)
    return [*([plateau] if training.schedule == "plateau" else []), keep, Epochs()]
