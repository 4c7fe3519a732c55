"""What is validated and kept is the moving average of the weights, and training goes on from the weights themselves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tiny_trial import ignore, toy

from harness.study.trial import Training
from harness.training.fit import fit
from harness.training.learner import optimizer
from harness.training.weight_average import weight_average

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = 3 * X.sum(axis=1)


class Seen(keras.callbacks.Callback):
    """The weights after each step, and after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[np.ndarray] = []
        self.epochs: list[np.ndarray] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps.append(self.model.get_weights()[0])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(self.model.get_weights()[0])
        self.model.stop_training = epoch == 2


def taught(training: Training) -> tuple[Seen, np.ndarray]:
    model, seen = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")]), Seen()
    model.compile(optimizer(training), "mse")
    model.fit(X, Y, batch_size=4, epochs=training.epochs, shuffle=False, verbose=0, callbacks=[weight_average(training), seen])
    return seen, model.get_weights()[0]


@pytest.mark.parametrize("epochs", [3, 5])  # stopped after 3
def test_after_each_epoch_the_network_has_the_average_over_all_steps_and_at_the_end_that_of_the_last(epochs: int) -> None:
    seen, kept = taught(Training(optimizer="sgd", learning_rate=0.05, weight_average=0.8, epochs=epochs, keep="last"))
    average, averages = seen.steps[0], []
    for step, weights in enumerate(seen.steps):
        average = 0.8 * average + 0.2 * weights if step else weights
        averages += [average] if step % 3 == 2 else []
    assert len(seen.epochs) == 3
    np.testing.assert_allclose(seen.epochs, averages, rtol=1e-5)
    np.testing.assert_allclose(kept, averages[-1], rtol=1e-5)
    assert np.abs(averages[-1] - seen.steps[-1]).max() > 1e-3


def test_a_network_that_was_kept_begins_its_average_anew() -> None:
    trial = toy(epochs=3, weight_average=0.9, early_stopping=None)
    x, y = np.random.default_rng(1).normal(size=(24, 8, 2)).astype(np.float32), np.arange(24) % 2
    first, second = (fit(trial, x, y, x, y, 2, ignore) for _ in range(2))
    assert first.history == second.history
    np.testing.assert_array_equal(first.model.predict(x, verbose=0), second.model.predict(x, verbose=0))
    assert first.history["validation_loss"] != fit(toy(epochs=3, early_stopping=None), x, y, x, y, 2, ignore).history["validation_loss"]
