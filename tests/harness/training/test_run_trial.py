"""Training keeps the best epoch, sees the training part only, gives the same numbers twice, and never opens a sealed test part."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_study import STUDY

from harness.data.corpora import Workspace, open_corpus
from harness.data.features import features
from harness.study.cells import plan
from harness.study.trial import Training, Trial
from harness.training.fit import class_weights, fit, optimizer, uar_metric
from harness.training.network import joiner
from harness.training.result import Pruned, Result
from harness.training.run_trial import run_trial
from registry.errors import BenchError

CORPUS = open_corpus(STUDY.corpus, None)
TRIAL = plan(STUDY, CORPUS.fingerprint)[0].base
SPLIT = TRIAL.split(CORPUS)
FINAL = dataclasses.replace(TRIAL, opens_test=True)
TINY_NET = dataclasses.replace(TRIAL.architecture, filters=(2,), batch_norm=False)


def ignore(epoch: int, metrics: dict[str, float]) -> None:
    """Listen to no epoch."""


def toy(**training: Any) -> Trial:
    return dataclasses.replace(TRIAL, training=Training(**{"epochs": 2, "batch_size": 32, **training}))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(home=tmp_path_factory.mktemp("work"), workers=1)


@pytest.fixture(scope="module")
def final(workplace: Workspace) -> Result:
    """A final, trained and scored on its sealed test part."""
    return run_trial(FINAL, workplace, ignore)


@pytest.fixture
def poisoned(workplace: Workspace, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The corpus's features with NaN in every clip of the test part; what trials read from now on."""
    arrays = np.array(features(CORPUS, TRIAL.feature_space, workplace.cache))
    arrays[SPLIT.test] = np.nan
    monkeypatch.setattr("harness.training.run_trial.features", lambda *_: arrays)
    return arrays


def normaliser_of(result: Result) -> tuple[np.ndarray, np.ndarray]:
    import keras

    assert result.model is not None
    layer, = (layer for layer in result.model.layers if isinstance(layer, keras.layers.Normalization))
    return np.ravel(np.asarray(layer.mean)), np.ravel(np.asarray(layer.variance))


def test_a_final_has_scores_and_predictions_of_every_test_clip(final: Result) -> None:
    assert final.state == "finished" and final.test is not None and final.validation is not None
    said = final.predictions["test"]
    assert said.clips.tolist() == [CORPUS.clips[i].id for i in SPLIT.test]
    assert said.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert final.test.wa == pytest.approx((said.predicted == said.truth).mean())
    assert set(final.seconds) >= {"features", "fit", "score"} and final.counts == SPLIT.counts


def test_the_kept_epoch_is_the_first_with_the_best_validation_uar(final: Result) -> None:
    curve = final.history["validation_uar"]
    assert final.validation is not None and len(curve) == 2
    assert final.best_epoch == curve.index(max(curve)) + 1
    assert final.validation.uar == pytest.approx(max(curve))


def test_a_trial_of_the_search_neither_needs_nor_scores_the_test_part(workplace: Workspace, poisoned: np.ndarray) -> None:
    result = run_trial(TRIAL, workplace, ignore)
    assert result.state == "finished" and result.validation is not None
    assert result.test is None and set(result.predictions) == {"validation"}


def test_the_test_part_is_read_only_when_a_final_is_scored(workplace: Workspace, poisoned: np.ndarray, final: Result) -> None:
    """With nothing but the test clips spoilt, training and validation give the very same numbers, and then scoring fails."""
    result = run_trial(FINAL, workplace, ignore)
    assert (result.state, result.test) == ("failed", None) and "test part are not finite" in result.reason
    assert result.validation == final.validation and result.history == final.history


def test_another_seed_gives_other_numbers_and_the_same_trial_the_same_ones_wherever_it_runs(tmp_path: Path, workplace: Workspace,
                                                                                           final: Result) -> None:
    other = run_trial(dataclasses.replace(FINAL, seed=1), workplace, ignore)
    assert other.history["train_loss"] != final.history["train_loss"]
    again = run_trial(FINAL, Workspace(home=tmp_path, workers=2), ignore)
    assert (again.history, again.test) == (final.history, final.test)
    assert np.array_equal(again.predictions["test"].probabilities, final.predictions["test"].probabilities)


def test_the_normaliser_is_fitted_on_the_training_clips_whatever_the_others_are(workplace: Workspace, final: Result,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = np.array(features(CORPUS, TRIAL.feature_space, workplace.cache))
    train = arrays[SPLIT.train].reshape(-1, arrays.shape[2]).astype(np.float64)
    arrays[SPLIT.validation] = 1000 * arrays[SPLIT.validation] + 7
    arrays[SPLIT.test] = 1000 * arrays[SPLIT.test] + 7
    monkeypatch.setattr("harness.training.run_trial.features", lambda *_: arrays)
    changed = run_trial(FINAL, workplace, ignore)
    for result in (final, changed):
        mean, variance = normaliser_of(result)
        np.testing.assert_allclose(mean, train.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(variance, train.var(axis=0), rtol=1e-4)
    assert changed.validation != final.validation


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
    fitted = fit(toy(epochs=30, early_stopping=2), x, y, x, y, 2, ignore)
    assert len(fitted.history["train_loss"]) == 3 and fitted.best_epoch == 1


def test_a_learning_rate_far_too_high_is_a_failed_result_with_its_reason(workplace: Workspace) -> None:
    wild = dataclasses.replace(toy(optimizer="sgd", learning_rate=1e30, epochs=4), architecture=TINY_NET)
    result = run_trial(wild, workplace, ignore)
    assert result.state == "failed" and result.validation is None
    assert "no longer finite in epoch" in result.reason and "smaller training.learning_rate" in result.reason


def test_a_trial_that_the_search_gives_up_is_pruned_with_its_curve_so_far(workplace: Workspace) -> None:
    def give_up(epoch: int, metrics: dict[str, float]) -> None:
        raise Pruned("below the median")

    result = run_trial(TRIAL, workplace, give_up)
    assert (result.state, result.reason, result.validation) == ("pruned", "below the median", None)
    assert len(result.history["validation_uar"]) == 1


def test_a_trial_planned_on_other_clips_is_refused(workplace: Workspace) -> None:
    with pytest.raises(BenchError, match="clips of synthetic changed since this trial was planned"):
        run_trial(dataclasses.replace(TRIAL, corpus_fingerprint="others"), workplace, ignore)


def test_class_weights_have_mean_one_over_the_clips_and_make_every_class_count_the_same() -> None:
    y = np.repeat([0, 1, 3], [6, 3, 1])
    weights = class_weights(y, 4)
    assert weights == pytest.approx({0: 10 / 18, 1: 10 / 9, 2: 0.0, 3: 10 / 3})
    assert np.mean([weights[c] for c in y]) == pytest.approx(1.0)


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


def test_joined_end_to_end_each_band_follows_the_other_as_the_feature_space_says() -> None:
    x = np.array([[[1, 4], [2, 5], [3, 6]]], np.float32)  # (clips, frames, bands)
    joined = x
    for layer in joiner("end_to_end", 3, 2):
        joined = np.asarray(layer(joined))
    assert joined.shape == (1, 6, 1) and joined.ravel().tolist() == [1, 2, 3, 4, 5, 6]
    image, = joiner("image", 3, 2)
    assert np.asarray(image(x)).shape == (1, 3, 2, 1) and np.array_equal(np.asarray(image(x))[..., 0], x)
    assert joiner("channels", 3, 2) == []


def test_the_uar_of_an_epoch_is_that_of_all_its_batches_together() -> None:
    metric = uar_metric(3)
    truth, predicted = np.eye(3)[[0, 0, 0, 1]], np.eye(3)[[0, 0, 1, 1]]
    for batch in (slice(0, 2), slice(2, 4)):
        metric.update_state(truth[batch], predicted[batch])
    assert float(metric.result()) == pytest.approx((2 / 3 + 1) / 2)


def test_a_cosine_schedule_falls_to_zero_over_all_epochs() -> None:
    made = optimizer(Training(learning_rate=0.1, epochs=5), steps=4)
    rates = [float(made._learning_rate(step)) for step in (0, 10, 20)]
    assert rates == pytest.approx([0.1, 0.05, 0.0], abs=1e-7)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimiser_is_the_one_that_its_name_says(name: Any) -> None:
    assert type(optimizer(Training(optimizer=name), steps=1)).__name__.lower() == name


def test_a_fault_of_what_listens_to_epochs_is_not_recorded_as_the_trial_s_own_end(workplace: Workspace) -> None:
    def store_is_away(epoch: int, metrics: dict[str, float]) -> None:
        raise ConnectionError("the store is away")

    with pytest.raises(ConnectionError, match="the store is away"):
        run_trial(TRIAL, workplace, store_is_away)


def test_weight_decay_goes_with_every_optimiser() -> None:
    for name in ("adam", "adamw", "rmsprop", "sgd"):
        assert optimizer(Training(optimizer=name, weight_decay=0.01), steps=1).weight_decay == 0.01


def full_memory(backend: str) -> Exception:
    """What a backend raises when memory is full."""
    if backend == "tensorflow":
        import tensorflow

        return tensorflow.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[64,128,512]")
    if backend == "jax":
        return RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")
    if backend == "torch":
        return type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate 8.00 GiB")
    return MemoryError("Unable to allocate 8.00 GiB for an array")


@pytest.mark.parametrize("backend", ["numpy", "tensorflow", "jax", "torch"])
def test_a_trial_that_memory_does_not_hold_is_failed_with_its_batch_size_and_what_to_do(workplace: Workspace, backend: str,
                                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_in_a_full_memory(*_: Any) -> None:
        raise full_memory(backend)

    monkeypatch.setattr("harness.training.run_trial.fit", fit_in_a_full_memory)
    result = run_trial(TRIAL, workplace, ignore)
    assert result.state == "failed" and result.validation is None
    assert f"out of memory with training.batch_size={TRIAL.training.batch_size}: use a smaller training.batch_size" in result.reason
    assert str(full_memory(backend)) in result.reason


def test_an_error_that_is_not_of_memory_does_not_name_the_batch_size(workplace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_wrongly(*_: Any) -> None:
        raise ValueError("a shape is wrong")

    monkeypatch.setattr("harness.training.run_trial.fit", fit_wrongly)
    assert run_trial(TRIAL, workplace, ignore).reason == "ValueError: a shape is wrong"


def test_other_threads_that_draw_random_numbers_change_no_weights() -> None:
    import random

    import keras

    from harness.training.backend import seeded

    def weights(drawn_meanwhile: int) -> np.ndarray:
        with seeded(7):
            for _ in range(drawn_meanwhile):
                random.random()
            return np.asarray(keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]).get_weights()[0])

    assert np.array_equal(weights(0), weights(3))
