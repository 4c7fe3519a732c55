"""The schedule that lets early epochs be compared: the full learning rate, then a fall to zero at the end, whenever that comes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.study.trial import Training

if TYPE_CHECKING:
    import keras

SHARE = 0.2  # of the epochs, at the end, in which the rate falls


def falling_epochs(training: Training) -> int:
    """How many epochs the rate falls: a fifth of all, one at least."""
    return max(1, round(SHARE * training.epochs))


def cooldown(training: Training) -> keras.callbacks.Callback:
    """What sets the rate of each epoch, and stops the training where early stopping says so.

    A training that early stopping would end at the full rate falls to zero first, since that is when it gets its best figures.
    """
    import keras

    class Cooldown(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.falling = falling_epochs(training)
            self.begins = training.epochs - self.falling  # the first epoch, from 0, in which the rate falls
            self.best, self.waited = -math.inf, 0

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            passed = (epoch - self.begins + 0.5) / self.falling if epoch >= self.begins else 0.0  # at the middle of the epoch
            self.model.optimizer.learning_rate = training.learning_rate * (1 + math.cos(math.pi * passed)) / 2

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            uar = (logs or {})["val_uar"]
            self.waited = 0 if uar > self.best else self.waited + 1
            self.best = max(self.best, uar)
            if training.early_stopping and self.waited >= training.early_stopping:
                self.begins = min(self.begins, epoch + 1)
            self.model.stop_training = self.model.stop_training or epoch + 1 >= self.begins + self.falling

    return Cooldown()
