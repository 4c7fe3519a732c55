"""Networks in fast form: the same figures as Keras's own layers, in training and in prediction, and the same graph for other numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from harness.training.fast_layers import (
    FastBatchNormalization,
    FastDropout,
    FastNormalization,
    give_weights,
    in_fast_form,
    set_up_as,
    structure,
)
from registry.architectures.dilated_1d import Dilated1D
from registry.architectures.dilated_2d import Dilated2D
from registry.architectures.exponet import ExpoNet
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.architectures.residual_2d import Residual2D
from registry.architectures.rezonet import RezoNet

RNG = np.random.default_rng(0)
NETWORKS = [(Plain1D(filters=(8, 8), dense_dropouts=(0.0,)), (40, 5)), (Plain2D(filters=(4, 4), dense_dropouts=(0.0,)), (24, 12, 1)),
            (Residual2D(filters=4, dropout=0.0), (24, 12, 1)), (Dilated1D(filters=8, dropout=0.0), (45, 5)),
            (Dilated2D(filters=4, dropout=0.0), (31, 12, 1)), (ExpoNet(filters=(8,) * 5, dense=8, weight_decay=0.0), (60, 3)),
            (RezoNet(filters=(4, 4, 4, 8), dense=(8, 8), weight_decay=0.0), (60, 3, 1))]


def forms(make: Any) -> tuple[keras.Model, keras.Model]:
    """A model, and another of its making in fast form with its numbers."""
    keras.utils.set_random_seed(1)
    model = make()
    fast = in_fast_form(make())
    set_up_as(fast, model)
    return fast, model


@pytest.mark.parametrize(("architecture", "shape"), NETWORKS, ids=lambda value: getattr(value, "name", ""))
def test_a_network_in_fast_form_learns_and_predicts_the_same(architecture: Any, shape: tuple[int, ...]) -> None:
    dropouts = {f.name: (0.0,) for f in dataclasses.fields(architecture) if f.name == "dropouts"}
    fast, model = forms(lambda: dataclasses.replace(architecture, **dropouts)(shape, 6))
    x, y = RNG.normal(size=(32, *shape)).astype(np.float32), np.eye(6, dtype=np.float32)[np.arange(32) % 6]
    assert np.allclose(fast.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)
    if any(isinstance(layer, keras.layers.Dropout) and layer.rate for layer in model.layers):
        return  # which draws in another way
    for each in (fast, model):
        each.compile(optimizer=keras.optimizers.SGD(0.01), loss="categorical_crossentropy")
        for _ in range(2):
            each.train_on_batch(x, y)
    assert all(np.allclose(*pair, atol=1e-5) for pair in zip(fast.get_weights(), model.get_weights(), strict=True))


def test_what_a_network_learnt_in_fast_form_is_given_to_one_of_keras_s_own_layers() -> None:
    x = RNG.normal(3, 2, size=(32, 24, 12)).astype(np.float32)

    def make() -> keras.Model:
        inputs = keras.Input((24, 12))
        standard = keras.layers.Normalization(axis=-1, mean=x.mean(axis=(0, 1)), variance=x.var(axis=(0, 1)))(inputs)
        image = keras.layers.Reshape((24, 12, 1))(standard)
        return keras.Model(inputs, Residual2D(filters=4, dropout=0.5)((24, 12, 1), 6)(image))

    fast, model = forms(make)
    inner = fast.layers[-1]
    assert {FastNormalization, FastBatchNormalization, FastDropout} <= {type(layer) for layer in (*fast.layers, *inner.layers)}
    assert next(float(layer.level) for layer in inner.layers if isinstance(layer, FastDropout)) == 0.5
    fast.compile(optimizer="adam", loss="categorical_crossentropy")
    fast.fit(x, np.eye(6, dtype=np.float32)[np.arange(32) % 6], epochs=2, verbose=0)
    before = model.predict(x, verbose=0)
    give_weights(fast, model)
    assert not np.allclose(before, model.predict(x, verbose=0), atol=1e-3)
    assert np.allclose(fast.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)
    assert {type(layer).__module__.split(".")[0] for layer in (*model.layers, *model.layers[-1].layers)} == {"keras"}


def test_dropout_leaves_the_share_that_its_rate_says_and_the_mean() -> None:
    inputs = keras.Input((1000,))
    fast = in_fast_form(keras.Model(inputs, keras.layers.Dropout(0.1)(inputs)))
    layer = fast.layers[-1]
    for rate in (0.25, 0.75):
        layer.level.assign(rate)
        kept = np.asarray(fast(np.ones((100, 1000), np.float32), training=True))
        assert (kept > 0).mean() == pytest.approx(1 - rate, abs=0.01) and kept.max() == pytest.approx(1 / (1 - rate), rel=1e-5)
        assert np.array_equal(np.asarray(fast(np.ones((2, 1000), np.float32))), np.ones((2, 1000)))


def test_batch_normalisation_keeps_the_variance_of_the_clips_as_keras_does() -> None:
    def make() -> keras.Model:
        inputs = keras.Input((3, 2))
        return keras.Model(inputs, keras.layers.BatchNormalization(momentum=0.5)(inputs))

    fast, model = forms(make)
    x = RNG.normal(5, 3, size=(2, 3, 2)).astype(np.float32)
    outputs = [np.asarray(each(x, training=True)) for each in (fast, model)]
    assert np.allclose(*outputs, atol=1e-5) and np.allclose(fast.layers[-1].moving_variance, model.layers[-1].moving_variance, atol=1e-5)
    assert np.allclose(fast.layers[-1].moving_variance, 0.5 + 0.5 * x.var(axis=(0, 1)), atol=1e-4)


def test_networks_that_differ_in_numbers_alone_have_one_structure() -> None:
    def make(dropout: float = 0.3, mean: float = 1.0, filters: int = 4) -> Any:
        from keras.src.utils import naming

        naming.reset_uids()
        inputs = keras.Input((24, 12, 1))
        x = keras.layers.Normalization(axis=-1, mean=[mean], variance=[2.0])(inputs)
        return structure(keras.Model(inputs, Residual2D(filters=filters, dropout=dropout)((24, 12, 1), 6)(x)))

    assert make() == make(dropout=0.5, mean=4.0)
    assert make() != make(filters=5) and make() != make(dropout=0.0)
