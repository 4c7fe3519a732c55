"""Multiply–adds are what one counts by hand, and the peak of memory is that of the probe's own process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.training.cost_probe import multiply_adds
from registry.architectures.crops import Crops
from registry.architectures.plain_2d import Plain2D
from registry.architectures.residual_2d import Residual2D
from registry.errors import BenchError


def network(*layers: str, shape: tuple[int, ...] = (10, 4)) -> Any:
    """A sequential model of Keras layers, each as `Dense(3)`."""
    import keras

    return keras.Sequential([keras.Input(shape), *(eval(f"layers.{text}", {"layers": keras.layers}) for text in layers)])


@pytest.mark.parametrize(("layers", "shape", "expected"), [
    (["Dense(6)"], (10,), 10 * 6),
    (["Dense(6)"], (10, 4), 10 * 4 * 6),
    (["Conv1D(8, 3)"], (10, 4), 8 * 3 * 4 * 8),  # 10 steps leave 8 places for a kernel of 3
    (["Conv1D(8, 3, padding='same', strides=2)"], (10, 4), 5 * 3 * 4 * 8),
    (["Conv1D(8, 3, dilation_rate=2)"], (10, 4), 6 * 3 * 4 * 8),
    (["Conv1D(8, 3, padding='same', groups=2)"], (10, 4), 10 * 3 * 2 * 8),
    (["Conv2D(8, (3, 5), padding='same', strides=(2, 1))"], (10, 6, 2), 5 * 6 * 3 * 5 * 2 * 8),
    (["SeparableConv2D(8, 3, padding='same')"], (10, 6, 2), 60 * (9 * 2 + 2 * 8)),
    (["DepthwiseConv2D(3, padding='same')"], (10, 6, 2), 60 * 9 * 2),
    (["Conv1DTranspose(8, 3, strides=2)"], (10, 4), 10 * 3 * 4 * 8),
    (["GRU(5)"], (10, 4), 10 * (4 + 5) * 3 * 5),
    (["Bidirectional(layers.LSTM(5))"], (10, 4), 2 * 10 * (4 + 5) * 4 * 5),
    (["BatchNormalization()", "ReLU()", "MaxPooling1D(2)", "GlobalAveragePooling1D()"], (10, 4), 0)])
def test_multiply_adds_are_what_one_counts_by_hand(layers: list[str], shape: tuple[int, ...], expected: int) -> None:
    assert multiply_adds(network(*layers, shape=shape)) == expected


def test_multiply_adds_of_fitted_layers_are_those_of_their_arrays() -> None:
    from registry.architectures import _fitted_layers as layers

    machine = {"vectors": np.ones((7, 10)), "duals": np.ones((7, 3)), "bias": np.ones(3), "gamma": np.ones(1)}
    vectors, _ = layers.with_arrays(layers.SupportVectors, machine, kernel="rbf")
    assert multiply_adds(layers.model("svm", 10, vectors)) == 7 * 10 + 7 * 3
    forest = {**dict.fromkeys(("feature", "threshold", "left", "right", "value"), np.zeros((5, 9))), "baseline": np.zeros(6),
              "class_of": np.zeros((5, 6))}
    trees, _ = layers.with_arrays(layers.Trees, forest, depth=3)
    assert multiply_adds(layers.model("trees", 10, trees)) == 5 * (3 + 1)


def test_models_inside_a_model_and_layers_called_twice_are_counted_each_time_and_the_model_stays_as_it_was() -> None:
    import keras

    inputs = keras.Input((10, 4))
    inner = network("Conv1D(8, 3)", "GlobalAveragePooling1D()")
    model = keras.Model(inputs, keras.layers.Dense(6)(keras.layers.Concatenate()([inner(inputs), inner(inputs * 2.0)])))
    before = model.to_json()
    assert multiply_adds(model) == 2 * (8 * 3 * 4 * 8) + 16 * 6
    assert model.to_json() == before


def test_what_lies_between_windows_and_their_mean_is_counted_once_for_each_window() -> None:
    inner = Plain2D(filters=(4,))
    crops = Crops(architecture=inner, frames=20, windows=3)
    assert multiply_adds(crops((50, 8, 1), 6)) == 3 * multiply_adds(inner((20, 8, 1), 6))


def test_multiply_adds_of_a_residual_network_are_half_the_operations_that_tensorflow_s_profiler_finds() -> None:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = Residual2D(filters=4)((40, 20, 1), 6)
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec((1, 40, 20, 1)))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    node = tf.compat.v1.profiler.profile(convert_variables_to_constants_v2(traced).graph, options=options, cmd="op")
    found = {}
    while node.children:
        node, = node.children
        found[node.name] = node.float_ops
    assert multiply_adds(model) == (found["Conv2D"] + found["MatMul"]) / 2 > 100_000


def test_a_layer_whose_use_of_its_kernel_is_not_known_is_named_instead_of_counted_as_nothing() -> None:
    with pytest.raises(BenchError, match="a layer EinsumDense are not known: only those of Bidirectional, Conv1D"):
        multiply_adds(network("EinsumDense('abc,cd->abd', (10, 6))"))
    with pytest.raises(BenchError, match="depend on the length of its input"):
        multiply_adds(network("Conv1D(8, 3)", shape=(None, 4)))


def test_a_subclassed_model_in_a_model_is_named_too() -> None:
    import keras

    class Net(keras.Model):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    inputs = keras.Input((4,))
    with pytest.raises(BenchError, match="a layer Net are not known"):
        multiply_adds(keras.Model(inputs, Net()(inputs)))


def test_peak_memory_is_that_of_the_process_and_not_of_the_one_that_started_it() -> None:
    held = np.ones(60_000_000)  # 480 MB
    code = ("from harness.training.cost_probe import np, peak_memory_mb\n"
            "print(peak_memory_mb()); np.ones(25_000_000); print(peak_memory_mb())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    before, after = map(float, done.stdout.split())
    assert before < held.nbytes / 1e6 and after - before == pytest.approx(200, abs=15)
