"""The dilated convolution is Keras's own in figures, gradients, weights and cost, whatever the length; only quicker."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from harness.training.cost_probe import multiply_adds
from registry.architectures._dilated_convolution import DilatedConv1D, DilatedConv2D
from registry.architectures.dilated_1d import Dilated1D
from registry.architectures.dilated_2d import Dilated2D


def gradients(layer: keras.layers.Layer, x: np.ndarray, kernel: np.ndarray) -> list[np.ndarray]:
    """The outputs of a convolution, and the gradients of their weighted sum in input and kernel."""
    import tensorflow as tf

    layer.build(x.shape)
    layer.set_weights([kernel])
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        total = ops.sum(outputs * np.random.default_rng(1).normal(size=outputs.shape).astype(np.float32))
    return [outputs.numpy(), *(found.numpy() for found in tape.gradient(total, [inputs, layer.kernel.value]))]


@pytest.mark.parametrize(("steps", "dilation", "size"), [
    (48, 8, 3), (47, 8, 3), (47, 4, 5), (9, 2, 3), (7, 3, 3), (5, 8, 3), (1, 4, 3), (47, 8, 2), (10, 3, 4), (6, 1, 3), (12, 5, 1),
    (3, 7, 2)])
@pytest.mark.parametrize("rank", [2, 3])
def test_figures_and_gradients_are_those_of_keras(rank: int, steps: int, dilation: int, size: int) -> None:
    rng, shape = np.random.default_rng(0), (2, steps, *(5, 3)[3 - rank:])
    own, keras_own = ((DilatedConv1D, keras.layers.Conv1D), (DilatedConv2D, keras.layers.Conv2D))[rank - 2]
    options: dict[str, Any] = {"dilation_rate": (dilation, 1)[:rank - 1], "padding": "same", "use_bias": False}
    x = rng.normal(size=shape).astype(np.float32)
    kernel = rng.normal(size=(*(size,) * (rank - 1), 3, 4)).astype(np.float32)
    found, expected = (gradients(kind(4, size, **options), x, kernel) for kind in (own, keras_own))
    for each, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(each, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("network", "shape"), [(Dilated1D(), (94, 40)), (Dilated2D(), (94, 40, 1))])
def test_a_dilated_network_draws_counts_and_predicts_as_one_of_keras_s_convolutions(network: Any, shape: tuple[int, ...],
                                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        return network(shape, 6)

    quick = model()
    for name, kind in (("DilatedConv1D", keras.layers.Conv1D), ("DilatedConv2D", keras.layers.Conv2D)):
        monkeypatch.setattr(f"registry.architectures._dilated_convolution.{name}", kind)
    plain, x = model(), np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    assert {type(layer).__name__ for layer in quick.layers} - {type(layer).__name__ for layer in plain.layers}
    assert all(np.array_equal(one, other) for one, other in zip(quick.get_weights(), plain.get_weights(), strict=True))
    assert multiply_adds(quick) == multiply_adds(plain)
    assert keras.models.clone_model(keras.Sequential([keras.Input(shape), quick])).count_params() == plain.count_params()
    np.testing.assert_allclose(quick(x), plain(x), atol=1e-5)


def test_an_input_of_any_length_takes_keras_s_form() -> None:
    x, options = np.ones((1, 9, 2), np.float32), {"dilation_rate": 4, "padding": "same", "kernel_initializer": "ones"}
    outputs = keras.Sequential([keras.Input((None, 2)), DilatedConv1D(1, 3, **options)])(x)
    assert ops.convert_to_numpy(outputs)[0, :, 0].tolist() == [4, 4, 4, 4, 6, 4, 4, 4, 4]
