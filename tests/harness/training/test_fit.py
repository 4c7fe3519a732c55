"""Training keeps the epoch that it should, repeats, and has the loss, optimiser and schedule of its settings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from listed_recipes import LISTED
from threadpoolctl import threadpool_info
from tiny_trial import TINY_NET, ignore, toy

from harness.study.cells import plan
from harness.study.trial import Training
from harness.training.fit import fit, rate
from registry.architectures.logistic_regression import LogisticRegression
from registry.augmentation import Augmentation
from registry.errors import BenchError


def test_training_with_everything_on_the_fly_repeats_and_its_kept_model_is_clean() -> None:
    trial = plan(LISTED, "clips")[1].base
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(48, 31, 2)).astype(np.float32), np.arange(48) % 6
    first, second = (fit(trial, x, y, x[:12], y[:12], 6, ignore) for _ in range(2))
    assert first.history == second.history and len(first.history["train_loss"]) == 2
    assert np.array_equal(first.model.predict(x, verbose=0), second.model.predict(x, verbose=0))
    without = fit(dataclasses.replace(trial, augmentation=Augmentation()), x, y, x[:12], y[:12], 6, ignore)
    assert without.history["train_loss"] != first.history["train_loss"]


def test_the_step_schedule_multiplies_the_rate_after_every_so_many_epochs() -> None:
    training = Training(learning_rate=1e-2, schedule="step", drop_epochs=50, drop_factor=0.1, epochs=120)
    assert [rate(training, epoch) for epoch in (0, 49, 50, 51, 101)] == pytest.approx([1e-2, 1e-2, 1e-3, 1e-3, 1e-4])


def test_a_cosine_schedule_falls_to_zero_over_all_epochs() -> None:
    rates = [rate(Training(learning_rate=0.1, epochs=5, schedule="cosine"), epoch) for epoch in range(5)]
    assert rates[2] == pytest.approx(0.05) and rates[0] + rates[4] == pytest.approx(0.1)
    assert rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.1 * (1 - np.cos(np.pi / 10)) / 2)


def test_an_epoch_is_trained_at_the_rate_of_its_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    rates: list[float] = []
    monkeypatch.setattr(keras.callbacks.EarlyStopping, "on_epoch_end",
                        lambda self, epoch, logs=None: rates.append(float(self.model.optimizer.learning_rate)))
    x, y = np.zeros((12, 8, 2), np.float32), np.arange(12) % 2
    training = {"learning_rate": 0.4, "schedule": "step", "drop_epochs": 1, "epochs": 3, "keep": "last"}
    for _ in range(2):  # the second time with a network that was kept
        fit(toy(**training), x, y, x, y, 2, ignore)
    assert rates == pytest.approx([0.4, 0.2, 0.1] * 2)


def test_the_rate_warms_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    rates: list[float] = []
    monkeypatch.setattr(keras.callbacks.EarlyStopping, "on_train_batch_begin",
                        lambda self, batch, logs=None: rates.append(float(self.model.optimizer.learning_rate)))
    x, y = np.zeros((12, 8, 2), np.float32), np.arange(12) % 2
    fit(toy(learning_rate=0.4, schedule="step", drop_epochs=3, epochs=4, warm_up=2, batch_size=6), x, y, x, y, 2, ignore)
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.2, 0.2])
    rates.clear()
    fit(toy(learning_rate=0.4, schedule="plateau", drop_epochs=1, epochs=5, warm_up=1, early_stopping=None), x, y, x, y, 2, ignore)
    assert rates[0] == pytest.approx(0.4) and rates[-1] < 0.3  # nothing is learnt: the rate falls, as without a warm-up
    with pytest.raises(BenchError, match=r"training\.warm_up must be 0, or fewer than the 4 epochs, not 4"):
        toy(epochs=4, warm_up=4)


def test_mixed_precision_computes_in_half_the_bits_and_leaves_nothing_behind() -> None:
    trial = plan(LISTED, "clips")[0].base
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 31, 2)).astype(np.float32), np.arange(24) % 6
    mixed = fit(dataclasses.replace(trial, training=Training(epochs=1, precision="mixed_bfloat16")), x, y, x, y, 6, ignore).model
    full = fit(trial, x, y, x, y, 6, ignore).model
    inner = [[layer.compute_dtype for layer in model.layers[-1].layers if "conv" in layer.name] for model in (mixed, full)]
    assert inner == [["bfloat16"], ["float32"]]
    assert mixed.predict(x, verbose=0).dtype == np.float32 and np.allclose(mixed.predict(x, verbose=0).sum(axis=1), 1, atol=1e-5)


def test_shuffled_labels_are_recognised_by_chance() -> None:
    """Twenty clips of each emotion, whose label says nothing about them: validation UAR stays within 3 sd of 1/6."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(360, 12, 2)).astype(np.float32)
    y = rng.permutation(np.repeat(np.arange(6), 60))
    fitted = fit(toy(epochs=3, early_stopping=None), x[:180], y[:180], x[180:], y[180:], 6, ignore)
    assert np.mean(fitted.history["validation_uar"]) == pytest.approx(1 / 6, abs=3 * np.sqrt(1 / 6 * 5 / 6 / 180))


def test_labels_that_say_something_are_learnt() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(size=(120, 12, 2)) + 3 * y[:, None, None]).astype(np.float32)
    heard: list[int] = []
    fitted = fit(toy(epochs=20, learning_rate=0.02), x[:90], y[:90], x[90:], y[90:], 3, lambda epoch, _: heard.append(epoch))
    assert max(fitted.history["validation_uar"]) > 0.9
    assert heard == list(range(1, len(heard) + 1))


def test_training_stops_after_so_many_epochs_without_a_better_one() -> None:
    x, y = np.zeros((12, 8, 2), np.float32), np.arange(12) % 2
    fitted = fit(toy(epochs=30, early_stopping=2, schedule="constant"), x, y, x, y, 2, ignore)
    assert len(fitted.history["train_loss"]) == 3 and fitted.best_epoch == 1



@pytest.mark.slow
def test_with_class_weights_a_rare_emotion_is_as_likely_as_a_frequent_one_where_nothing_tells_them_apart() -> None:
    x, y = np.zeros((40, 8, 2), np.float32), np.repeat([0, 1], [36, 4])
    shares = []
    for weighted in (False, True):
        trial = dataclasses.replace(toy(epochs=40, batch_size=40, learning_rate=0.1, early_stopping=None, schedule="constant",
                                        class_weights=weighted), architecture=TINY_NET)
        # Validation UAR is 1/2 whatever is predicted, so the first epoch would be kept: the loss of the last one tells.
        fitted = fit(trial, x, y, x, y, 2, ignore)
        shares.append(fitted.history["validation_loss"][-1])
    prior, even = 0.9 * np.log(1 / 0.9) + 0.1 * np.log(10), np.log(2)
    assert shares == [pytest.approx(prior, abs=0.02), pytest.approx(even, abs=0.02)]


def test_an_estimator_is_fitted_with_the_threads_of_its_training(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    fitted = LogisticRegression.fitted
    monkeypatch.setattr(LogisticRegression, "fitted", lambda *given: (
        threads.extend(library["num_threads"] for library in threadpool_info()), fitted(*given))[1])
    space = dataclasses.replace(toy().feature_space, join="vector")
    x, y = np.random.default_rng(0).normal(size=(24, 1, 4)).astype(np.float32), np.arange(24) % 2
    fit(dataclasses.replace(toy(), architecture=LogisticRegression(), feature_space=space), x, y, x, y, 2, ignore)
    assert threads and {*threads} == {1}
