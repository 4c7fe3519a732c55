"""Networks as ONNX: the same probabilities, for any number of clips; what can't be written says why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exportable import saved

from harness.training import saved_model
from registry.errors import BenchError, Lacking

onnxruntime = pytest.importorskip("onnxruntime")  # of the extra [export]

from harness.training.onnx_network import onnx_network, require_packages  # noqa: E402


def test_it_gives_the_probabilities_of_the_network_for_any_number_of_clips(tmp_path: Path) -> None:
    network = saved_model.load(saved(tmp_path)).network
    session = onnxruntime.InferenceSession(onnx_network(network).SerializeToString())
    assert [each.name for each in (*session.get_inputs(), *session.get_outputs())] == ["features", "probabilities"]
    for clips in (1, 5):
        features = np.random.default_rng(clips).normal(-45, 15, (clips, *network.input_shape[1:])).astype(np.float32)
        (found,) = session.run(None, {"features": features})
        np.testing.assert_allclose(found, network.predict_on_batch(features), atol=1e-6)


def test_a_layer_that_keeps_a_tensor_is_an_error_that_names_the_remedy() -> None:
    import keras

    class Shift(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.by = keras.ops.arange(4, dtype="float32") + 0.5

        def call(self, x: Any) -> Any:
            return x + self.by

    inputs = keras.Input((3, 4), name="features")
    network = keras.Model(inputs, keras.layers.Flatten()(Shift()(inputs)))
    with pytest.raises(BenchError, match=r"some of its layers keep arrays that are no weights \(.*\); make them weights with add_weight"):
        onnx_network(network)


def test_without_the_extra_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(Lacking, match=r"\(tf2onnx\): pip install -e '\.\[export\]'"):
        require_packages()
