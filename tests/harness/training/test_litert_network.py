"""Networks as LiteRT: the same probabilities, recurrent layers too; what can't be written says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry import core
from registry.errors import BenchError, Lacking

pytest.importorskip("ai_edge_litert")  # of the extra [export]

from harness.prediction.front_end import network_of
from harness.training.litert_network import litert_network, require_litert


def small(*layers: Any) -> Any:
    import keras

    inputs = outputs = keras.Input((6, 4), name="features")
    normalise = keras.layers.Normalization(axis=-1, mean=[-40.0, -30, -20, -10], variance=[1.0, 4, 9, 16], dtype="float32")
    for layer in (normalise, *layers, keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")):
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def test_it_gives_the_probabilities_of_the_network_with_layers_that_remember(tmp_path: Path) -> None:
    import keras

    network = small(keras.layers.Conv1D(4, 3, padding="same"), keras.layers.Bidirectional(keras.layers.GRU(3)))
    (tmp_path / "model.tflite").write_bytes(litert_network(network))
    features = np.random.default_rng(0).normal(-25, 9, (5, 6, 4)).astype(np.float32)
    found = network_of(tmp_path, {"network": "model.tflite", "input": "features"})(features)
    np.testing.assert_allclose(found, network.predict_on_batch(features), atol=1e-6)
    assert found.std(axis=0).min() > 1e-3  # the clips differ


@pytest.mark.slow
@pytest.mark.parametrize("name", core.names("architectures"))
def test_every_architecture_can_be_written_as_litert(name: str, tmp_path: Path) -> None:
    import keras

    architecture = core.get("architectures", name)()
    inner = architecture({1: (60,), 2: (96, 20), 3: (96, 20, 1)}[architecture.rank], 6)
    inputs = keras.Input(inner.input_shape[1:])
    network = keras.Model(inputs, inner(inputs))  # as a trained network holds that of its architecture
    (tmp_path / "model.tflite").write_bytes(litert_network(network))
    features = np.random.default_rng(0).normal(size=(3, *network.input_shape[1:])).astype(np.float32)
    found = network_of(tmp_path, {"network": "model.tflite", "input": "features"})(features)
    np.testing.assert_allclose(found, network.predict_on_batch(features), atol=1e-6)


def test_a_network_with_an_operator_that_litert_lacks_says_so() -> None:
    import keras

    class Elsewhere(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            import tensorflow

            return tensorflow.ensure_shape(tensorflow.numpy_function(lambda values: values, [x], tensorflow.float32), x.shape)

    with pytest.raises(BenchError, match=r"can't be written as LiteRT \(.*\): nothing was written; leave out --format, for ONNX"):
        litert_network(small(Elsewhere()))


def test_without_the_extra_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Lacking, match=r"\(ai-edge-litert\): pip install -e '\.\[export\]'"):
        require_litert()
