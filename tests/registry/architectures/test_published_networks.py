"""Networks of the published systems: sizes counted by hand, the double softmax, PyTorch's weight decay, values standardised on train."""

from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.study.cells import plan
from harness.study.trial import Training
from harness.training.fit import fit
from harness.training.network import build, normaliser
from registry.architecture import decline
from registry.architectures.dummynet import DummyNet
from registry.architectures.exponet import ExpoNet
from registry.architectures.four_corpora_1d import FourCorpora1D
from registry.architectures.rezonet import RezoNet
from registry.errors import BenchError

# 22,050 Hz, the longest clip of 110,361 samples and a hop of 160: 1 + 110,361 // 160 = 690 frames
FRAMES = 690
SMALL_DUMMYNET = DummyNet(filters=(8, 8, 8), dense=8)
SMALL_REZONET = RezoNet(filters=(4, 4, 4, 8), dense=(8, 8), weight_decay=0.0)
SMALL_EXPONET = ExpoNet(filters=(8, 8, 8, 8, 8), dense=8, weight_decay=0.0)
SMALL_FOUR_CORPORA = FourCorpora1D(filters=(16, 16, 16, 16, 16), dense=(16,))
SMALL = [(SMALL_DUMMYNET, (60, 3)), (SMALL_REZONET, (60, 3, 1)), (SMALL_EXPONET, (60, 3)), (SMALL_FOUR_CORPORA, (60, 3))]
TRIAL = dataclasses.replace(plan(STUDY, open_corpus(STUDY.corpus, None).fingerprint)[0].base, training=Training(epochs=1))
PER_VALUE = dataclasses.replace(TRIAL, feature_space=dataclasses.replace(TRIAL.feature_space, normalise="per_value"))


def batch(shape: tuple[int, ...], clips: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Noise and one clip of each of six classes."""
    return np.random.default_rng(0).normal(size=(clips, *shape)).astype(np.float32), np.eye(6, dtype=np.float32)[np.arange(clips) % 6]


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def twins(double: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The published model and the corrected one with the same weights."""
    published, corrected = double(shape, 6), dataclasses.replace(double, double_softmax=False)(shape, 6)
    corrected.set_weights(published.get_weights())
    return published, corrected


@pytest.mark.parametrize(("architecture", "input_shape", "classes", "parameters"), [
    # Convolutions 3,072 + 1,311,232 + 327,808; 690 steps: 686, 341, 337, 167, 163, 80; dense 80 · 128 · 256 + 256; 256 · 6 + 6
    (DummyNet(), (FRAMES, 1), 6, 1_642_112 + 2_621_696 + 1_542),
    # 1380 steps: 1376, 686, 682, 339, 335, 166
    (DummyNet(), (2 * FRAMES, 1), 6, 1_642_112 + 5_439_744 + 1_542),
    # Convolutions 100 + 510 + 310, 620 + 1,220, 10,440 + 1,640, 3,280 and batch norm 40 + 80 + 160; 690 frames: 682, 678, 676, pooled
    # 674, 672, 670, pooled 335, 323, pooled 161; dense 161 · 40 · 80 · 80 + 80, 80 · 30 + 30, 30 · 6 + 6
    (RezoNet(), (FRAMES, 40, 1), 6, 18_400 + 41_216_080 + 2_430 + 186),
    # Convolutions 3,072 + 1,311,232 + 655,616 + 196,864 + 98,432, batch norm 4 · 1,664; 28,980 steps: 14,490, 7,245, 3,623, 1,812, 906;
    # dense 906 · 128 · 512 + 512, its batch norm 2,048; 512 · 6 + 6
    (ExpoNet(), (42 * FRAMES, 1), 6, 2_265_216 + 6_656 + 59_376_128 + 2_048 + 3_078),
    # Convolutions 1,536 + 655,872 + 655,616 + 327,936 + 163,968, batch norm 4 · 1,408; 880 steps: 440, 220, 110, 55, 28;
    # dense 28 · 128 · 256 + 256, its batch norm 1,024; 256 · 7 + 7
    (FourCorpora1D(), (880, 1), 7, 1_804_928 + 5_632 + 917_760 + 1_024 + 1_799),
])
def test_a_published_network_has_as_many_parameters_as_its_layers_have_by_hand(
        architecture: Any, input_shape: tuple[int, ...], classes: int, parameters: int) -> None:
    assert architecture(input_shape, classes).count_params() == parameters


@pytest.mark.parametrize(("double", "shape"), SMALL[:3])
def test_the_training_loss_is_that_of_a_cross_entropy_which_takes_a_softmax_for_scores(double: Any, shape: tuple[int, ...]) -> None:
    x, y = batch(shape)
    model, _ = twins(double, shape)
    scores = np.asarray(keras.Model(model.input, model.layers[-3].output)(x, training=True))
    by_hand = -np.log(softmax(softmax(scores))[y == 1]).mean()
    model.compile("adam", keras.losses.CategoricalCrossentropy())
    assert float(model.train_on_batch(x, y)) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize(("double", "shape"), SMALL[:3])
def test_the_second_softmax_changes_no_prediction_but_flattens_the_probabilities(double: Any, shape: tuple[int, ...]) -> None:
    x, _ = batch(shape, clips=32)
    published, corrected = (np.asarray(model(x)) for model in twins(double, shape))
    np.testing.assert_array_equal(published.argmax(axis=1), corrected.argmax(axis=1))
    np.testing.assert_allclose(published, softmax(corrected), rtol=1e-5)
    assert published.max() < np.e / (np.e + 5) < 0.353


def test_no_certainty_brings_the_loss_of_a_double_softmax_below_its_floor() -> None:
    x, y = batch((60, 3))
    for model, floor in zip(twins(SMALL_DUMMYNET, (60, 3)), (np.log(1 + 5 / np.e), 0.0), strict=True):
        scores = model.layers[-3 if floor else -2]
        scores.set_weights([np.zeros((8, 6)), 100 * np.eye(6)[0]])  # sure of the first class
        model.compile(loss=keras.losses.CategoricalCrossentropy())
        assert model.evaluate(x[:1], y[:1], verbose=0) == pytest.approx(floor, abs=1e-6)
    assert np.log(1 + 5 / np.e) == pytest.approx(1.0435918)


@pytest.mark.parametrize(("plain", "shape"), SMALL[1:3])
def test_weight_decay_adds_its_multiple_of_every_weight_to_the_gradient(plain: Any, shape: tuple[int, ...]) -> None:
    """One step of gradient descent at a rate of 1 moves each weight by its gradient: with and without decay."""
    x, y = batch(shape)
    moved = []
    before = [w + 0.05 for w in plain(shape, 6).get_weights()]  # no weight is zero, so that each shows its decay
    for decay in (0.0, 0.3):
        model = dataclasses.replace(plain, weight_decay=decay)(shape, 6)
        model.set_weights(before)
        start = [np.array(w) for w in model.trainable_variables]
        model.compile(keras.optimizers.SGD(1.0), keras.losses.CategoricalCrossentropy())
        model.train_on_batch(x, y)
        moved.append([w0 - np.array(w) for w0, w in zip(start, model.trainable_variables, strict=True)])
    assert len(start) == 2 * {"rezonet": 8 + 3 + 3, "exponet": 5 + 6 + 2}[plain.name]  # convolutions, batch norms, dense layers
    for weight, free, decayed in zip(start, *moved, strict=True):
        np.testing.assert_allclose(decayed - free, 0.3 * weight, atol=2e-6)


def test_weights_begin_as_pytorch_draws_them() -> None:
    """Uniform within 1 / sqrt(inputs of a unit), biases too."""
    keras.utils.set_random_seed(0)
    kernel, bias = DummyNet()((60, 1), 6).layers[3].get_weights()  # 5 · 512 inputs
    for weights in (kernel, bias):
        assert np.abs(weights).max() == pytest.approx(2560**-0.5, rel=0.02)
        assert weights.std() == pytest.approx((3 * 2560) ** -0.5, rel=0.06)


def test_rezonet_convolves_along_time_only() -> None:
    x, _ = batch((60, 5, 1))
    model = SMALL_REZONET((60, 5, 1), 6)
    flatten = next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten))
    bands = keras.Model(model.input, flatten.input)
    changed = x.copy()
    changed[:, :, 2] += 1
    differ = np.abs(np.asarray(bands(changed)) - np.asarray(bands(x))).max(axis=(0, 1, 3))
    assert (differ > 1e-3).tolist() == [False, False, True, False, False] and differ[[0, 1, 3, 4]].max() == 0


@pytest.mark.parametrize(("architecture", "shape"), SMALL)
def test_no_published_network_has_a_shortcut_or_a_dilation(architecture: Any, shape: tuple[int, ...]) -> None:
    layers = architecture(shape, 6).layers
    assert not [layer for layer in layers if isinstance(layer, keras.layers.Add)]
    assert {rate for layer in layers for rate in getattr(layer, "dilation_rate", ())} == {1}


@pytest.mark.parametrize(("architecture", "least", "too_small", "reason"), [
    (SMALL_DUMMYNET, (57, 1), (56, 1), "at least 57 steps"),
    (SMALL_REZONET, (48, 1, 1), (47, 40, 1), "at least 48 frames and 1 bands"),
])
def test_an_input_without_a_step_left_after_the_last_pool_is_declined(
        architecture: Any, least: tuple[int, ...], too_small: tuple[int, ...], reason: str) -> None:
    assert decline(architecture, least) is None and architecture(least, 6).output_shape == (None, 6)
    declined = decline(architecture, too_small)
    assert declined is not None and reason in declined
    with pytest.raises(ValueError):
        architecture(too_small, 6)


def test_with_same_padding_dummynet_takes_a_single_step() -> None:
    architecture = dataclasses.replace(SMALL_DUMMYNET, padding="same")
    assert architecture.minimum_steps == 1 and architecture((1, 2), 6).output_shape == (None, 6)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: DummyNet(filters=(8, 8)), "dummynet.filters must have 3 values, not 2"),
    (lambda: ExpoNet(filters=(8, 8, 0, 8, 8)), "exponet.filters must be 1 or more each"),
    (lambda: RezoNet(dense=(80,)), "rezonet.dense must have 2 values, not 1"),
    (lambda: RezoNet(weight_decay=-0.1), "rezonet.weight_decay must not be negative, not -0.1"),
    (lambda: DummyNet(dense=0), "dummynet.dense must be 1 or more, not 0"),
    (lambda: DummyNet(padding="full"), "'full'"),  # type: ignore[arg-type]
])
def test_a_wrong_field_of_a_published_network_is_refused_with_its_value(make: Any, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        make()


@pytest.mark.parametrize(("architecture", "shape"), SMALL)
def test_a_published_network_learns_where_in_time_the_energy_lies(architecture: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 0.3, (96, *shape)).astype(np.float32), np.arange(96) % 2
    x[y == 1, 20:40] += 1
    keras.utils.set_random_seed(0)
    model = architecture(shape, 2)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=16, epochs=12, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.9


def varied(clips: int = 150) -> np.ndarray:
    """Features (clips, 5 frames, 3 bands) with another mean and spread each; one value is the same in all clips."""
    rng = np.random.default_rng(1)
    x = rng.normal(rng.normal(0, 50, (5, 3)), rng.uniform(0.1, 9, (5, 3)), (clips, 5, 3)).astype(np.float32)
    x[:, 2, 1] = 0.1
    return x


def test_values_are_standardised_as_by_scikit_learn_on_flattened_training_clips() -> None:
    train, other = varied(), varied(20)[::-1] + 1
    scaler = StandardScaler().fit(train.reshape(len(train), -1).astype(np.float64))
    layer, = normaliser("per_value", train)
    for x in (train, other):
        expected = scaler.transform(x.reshape(len(x), -1).astype(np.float64)).reshape(x.shape)
        np.testing.assert_allclose(np.asarray(layer(x)), expected, atol=2e-4)
    assert (np.asarray(layer(train))[:, 2, 1] == 0).all()


def test_the_values_of_validation_clips_do_not_move_the_normaliser() -> None:
    train, y = varied(48), np.arange(48) % 6
    means = []
    for x_validation in (varied(12), 1000 * varied(12)):
        fitted = fit(PER_VALUE, train, y, x_validation, y[:12], 6, lambda *_: None)
        means.append(np.asarray(next(each for each in fitted.model.layers if isinstance(each, keras.layers.Normalization)).mean)[0])
    np.testing.assert_array_equal(*means)
    np.testing.assert_allclose(means[0], train.mean(axis=0, dtype=np.float64), rtol=1e-6)


def test_standardised_values_survive_saving(tmp_path: Path) -> None:
    x = varied()
    model, _ = build(PER_VALUE, x, 6)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(loaded(x)), np.asarray(model(x)), atol=1e-6)


def test_standardising_values_needs_far_less_room_than_the_features_take() -> None:
    x = np.random.default_rng(0).normal(size=(2000, 40, 20)).astype(np.float32)
    tracemalloc.start()
    normaliser("per_value", x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 2
