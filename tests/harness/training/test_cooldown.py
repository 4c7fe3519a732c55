"""The rate is full until the last fifth of the epochs, or until early stopping, and falls then."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from tiny_trial import ignore, toy

from harness.study.trial import Training
from harness.training.cooldown import cooldown
from harness.training.fit import fit


def played(training: Training, uars: list[float]) -> list[float]:
    """The rate of each epoch of a training with these validation UARs, until it stops."""
    model, callback, rates = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), cooldown(training), []
    model.compile(loss="mse")
    callback.set_model(model)
    model.stop_training = False
    for epoch, uar in enumerate(uars):
        callback.on_epoch_begin(epoch)
        rates.append(float(model.optimizer.learning_rate))
        callback.on_epoch_end(epoch, {"val_uar": uar})
        if model.stop_training:
            break
    return rates


def test_the_rate_falls_to_zero_over_the_last_fifth_of_the_epochs() -> None:
    rates = played(Training(learning_rate=0.1, epochs=15, early_stopping=None), [0.5] * 15)
    assert rates == pytest.approx([0.1] * 12 + [0.0933, 0.05, 0.0067], abs=1e-4)
    assert played(Training(learning_rate=0.1, epochs=2), [0.5, 0.5]) == pytest.approx([0.1, 0.05])


def test_a_training_that_early_stopping_ends_cools_down_first() -> None:
    rates = played(Training(learning_rate=0.1, epochs=30, early_stopping=3), [0.4, 0.5, *[0.45] * 28])
    assert rates[:5] == pytest.approx([0.1] * 5) and len(rates) == 5 + 6 and rates[-1] < 0.005
    later = played(Training(learning_rate=0.1, epochs=10, early_stopping=3), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.1, 0.1, 0.1, 0.1])
    assert len(later) == 10  # what would stop in the fall does not stop sooner


def test_the_best_epoch_is_kept_whatever_comes_after_it() -> None:
    x, y = np.zeros((12, 8, 2), np.float32), np.arange(12) % 2
    fitted = fit(toy(epochs=10, early_stopping=2, schedule="cooldown"), x, y, x, y, 2, ignore)
    assert len(fitted.history["train_loss"]) == 3 + 2 and fitted.best_epoch == 1
