"""Fits an architecture on the training clips: a network epoch by epoch, of which validation chooses one, an estimator at once."""

from __future__ import annotations

import functools
import gc
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from harness.study.seeds import seed_for
from harness.study.trial import Training, Trial
from harness.training.backend import seeded
from harness.training.cooldown import cooldown
from harness.training.fitted import Fitted, Validation, each_label, predict, weighed
from harness.training.learner import learner, new_session
from harness.training.network import build, head
from harness.training.result import Diverged
from harness.training.training_clips import TrainingClips
from harness.training.weight_average import weight_average
from registry.architecture import is_shipped
from registry.estimator import is_estimator

if TYPE_CHECKING:
    import keras

OnEpoch = Callable[[int, dict[str, float]], None]


def fit(trial: Trial, x: np.ndarray | TrainingClips, y: np.ndarray, x_validation: np.ndarray, y_validation: np.ndarray, n_classes: int,
        on_epoch: OnEpoch) -> Fitted:
    """Train the trial's architecture.

    Args:
        x, x_validation: shape (clips, frames, bands), float32. y_validation: shape (clips,), class indices.
        y: the same, or the share of each class, shape (clips, classes), float32.
        on_epoch: called with the epoch, from 1, and its metrics; an exception of it ends the training and passes through.
    Raises: Diverged when the loss is not finite.
    """
    import keras

    freeze_loaded_objects()
    new_session()
    keras.config.set_dtype_policy(trial.training.precision)
    one_hot = np.eye(n_classes, dtype=np.float32)
    shares, weights = one_hot[y] if y.ndim == 1 else y, None
    if trial.training.class_weights:
        shares, weights = weighed(shares)
    way = _fit_estimator if is_estimator(trial.architecture) else _fit_network
    return way(trial, TrainingClips.of(x), shares, weights, x_validation, one_hot[y_validation], on_epoch)


def _fit_network(trial: Trial, clips: TrainingClips, y: np.ndarray, weights: np.ndarray | None, x_validation: np.ndarray,
                 y_validation: np.ndarray, on_epoch: OnEpoch) -> Fitted:
    """Train by epochs. Args: y, y_validation: shares, or one-hot, (clips, classes). weights: of the training clips."""
    from harness.training.batches import Batches

    training, n_classes = trial.training, y.shape[1]
    own = is_shipped(trial.architecture)
    with seeded(seed_for(trial.signature, "training"), everything=not own):
        model, architecture = build(trial, clips, n_classes)
        with learner(trial, model, clips, n_classes) as taught:
            history: dict[str, list[float]] = {}
            validation = Validation(taught.network, x_validation, y_validation, training.label_smoothing)
            batches = Batches(clips, y, weights, training.batch_size, seed_for(trial.signature, "order"))
            taught.trained.fit(batches, steps_per_epoch=batches.steps, epochs=training.epochs, shuffle=False, verbose=0,
                               callbacks=callbacks(training, validation, history, on_epoch))
        uar = history["validation_uar"]
        return Fitted(model, taught.network, history, int(np.argmax(uar)) + 1 if training.keep == "best" else len(uar),
                      architecture.count_params())


def _fit_estimator(trial: Trial, clips: TrainingClips, y: np.ndarray, weights: np.ndarray | None, x_validation: np.ndarray,
                   y_validation: np.ndarray, on_epoch: OnEpoch) -> Fitted:
    """Fit at once, on what the normaliser and the join make of the clips; the course has one epoch. Args: as of `_fit_network`."""
    import keras
    from threadpoolctl import threadpool_limits

    inputs, outputs = head(trial.feature_space, clips)
    x = clips[np.arange(len(clips))]  # (clips, 1, values)
    vectors = predict(keras.Model(inputs, outputs), x)
    with threadpool_limits(trial.training.threads):  # which change the order of sums in scikit-learn's libraries, too
        rows, classes, shares = each_label(y, weights)
        network = trial.architecture.fitted(vectors[rows], classes, shares, y.shape[1], seed_for(trial.signature, "training"))
    model = keras.Model(inputs, network(outputs), name="normaliser_join_network")
    course = {f"{part}_{name}": value for part, look in (("train", Validation(model, x, y)), ("validation", Validation(
        model, x_validation, y_validation))) for name, value in look().items()}
    if not all(map(math.isfinite, course.values())):
        raise Diverged("the fitted estimator's loss is not finite: the features hold values that are too large, or C is")
    on_epoch(1, course)
    return Fitted(model, model, {name: [value] for name, value in course.items()}, 1, network.count_params())


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


def callbacks(training: Training, validation: Validation, history: dict[str, list[float]],
              on_epoch: OnEpoch) -> list[keras.callbacks.Callback]:
    """What sets the rate, validates, keeps the best epoch, and adds each epoch to `history` before `on_epoch` is called."""
    import keras

    class Rate(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.model.optimizer.learning_rate = rate(training, epoch)

    class WarmUp(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.epoch, self.full = epoch, float(self.model.optimizer.learning_rate)

        def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if self.epoch < training.warm_up:
                passed = (self.epoch + (batch + 1) / self.params["steps"]) / training.warm_up
                self.model.optimizer.learning_rate = self.full * min(1.0, passed)

        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if self.epoch < training.warm_up:
                self.model.optimizer.learning_rate = self.full  # which schedules read and change after the epoch

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
    averaged = [weight_average(training)] if training.weight_average else []
    warm_up = [WarmUp()] if training.warm_up else []
    return [*averaged, Validate(), of_schedule, *warm_up, keep, Epochs()]
