"""A batch norm that trains by one operation gives Keras's figures, gradients and moving averages, and is saved as Keras's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.training.batch_norm import quicken


def trained(x: np.ndarray, quick: bool, policy: str = "float32", **options: Any) -> list[np.ndarray]:
    """Outputs in training and after it, the gradient in the input and the weights, after two steps on batches of two sizes."""
    import keras
    import tensorflow as tf

    layer = keras.layers.BatchNormalization(momentum=0.9, dtype=policy, **options)
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.random.default_rng(place).random(weight.shape) for place, weight in enumerate(layer.get_weights())])
    if quick:
        quicken(model)
        assert "call" in vars(layer)

    @tf.function
    def step(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            outputs = model(batch, training=True)
            total = tf.reduce_sum(tf.cast(outputs, "float32") ** 3)
        return outputs, *tape.gradient(total, [batch, *(weight.value for weight in layer.trainable_weights)])

    step(tf.constant(x[: len(x) // 2]))
    return [np.asarray(each, np.float32) for each in (*step(tf.constant(x)), *layer.get_weights(), model(x))]


@pytest.mark.parametrize(("shape", "options"), [((6, 7, 5, 3), {}), ((6, 9, 3), {}), ((6, 3), {}), ((4, 5, 3), {"scale": False}),
                                                ((4, 5, 3), {"center": False, "epsilon": 1e-5})])
def test_figures_gradients_and_moving_averages_are_those_of_keras(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    x = (np.random.default_rng(0).normal(size=shape) * 3 + 2).astype(np.float32)
    for found, expected in zip(trained(x, True, **options), trained(x, False, **options), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_in_mixed_precision_statistics_stay_in_float32() -> None:
    x = (np.random.default_rng(0).normal(size=(8, 9, 3)) + 20).astype(np.float32)
    found, expected = (trained(x, quick, "mixed_bfloat16") for quick in (True, False))
    for one, other in zip(found[-5:-1], expected[-5:-1], strict=True):  # the weights
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[0], expected[0], atol=0.02)


def test_other_axes_stay_with_keras_and_a_saved_model_has_keras_s_layer(tmp_path: Path) -> None:
    import keras

    x = np.random.default_rng(0).normal(size=(6, 3, 5)).astype(np.float32)
    for found, expected in zip(trained(x, True, axis=1), trained(x, False, axis=1), strict=True):
        np.testing.assert_array_equal(found, expected)
    inputs = keras.Input((3, 5))
    model = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
    quicken(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[1]) is keras.layers.BatchNormalization and "call" not in vars(loaded.layers[1])
    np.testing.assert_array_equal(loaded(x), model(x))
