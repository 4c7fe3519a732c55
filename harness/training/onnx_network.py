"""A network as ONNX, which other programs run without Keras: from what a feature space gives to probabilities."""

from __future__ import annotations

import importlib.util
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.safe_text import first_line
from harness.study.trial import keras_backend
from harness.training.backend import set_up
from registry.errors import BenchError, Lacking

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 18  # of ONNX: the first with both a short-time Fourier transform and maxima over given axes
PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
MISSING = "ONNX needs packages that are not installed ({name}): pip install -e '.[export]' -c constraints.txt"


def onnx_network(network: keras.Model) -> onnx.ModelProto:
    """The network as ONNX: `features` (batch, frames, bands), float32 -> `probabilities` (batch, emotions).

    Raises: Lacking without the extra `[export]`; BenchError for a network that can't be written so, with the reason.
    """
    require_packages()
    set_up()
    import onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    if keras_backend() != "tensorflow":
        raise BenchError(f"networks are written as ONNX on TensorFlow, not on {keras_backend()}: leave KERAS_BACKEND unset")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tf2onnx, about NumPy
        try:
            plain = with_constants(network)
            plain.predict_on_batch(np.zeros((1, *network.input_shape[1:]), np.float32))  # Keras exports what was called
            plain.export(str(Path(folder) / "network.onnx"), format="onnx", verbose=False, opset_version=OPSET)
            model = onnx.load(Path(folder) / "network.onnx")
        except Exception as error:  # of Keras, of tf2onnx, or of a user's own layer
            raise BenchError(f"its network can't be written as ONNX ({type(error).__name__}: {first_line(error)})") from error
    if len(model.graph.input) != 1:
        names = ", ".join(sorted(each.name for each in list(model.graph.input)[1:]))
        raise BenchError(f"its network can't be written as ONNX: some of its layers keep arrays that are no weights ({names}); make them "
                         "weights with add_weight")
    return _named(model)


def require_packages() -> None:
    """Raises: Lacking where a package of the extra `[export]` is missing. None is loaded: TensorFlow, loaded after ONNX, is not quiet."""
    for name in PACKAGES:
        if importlib.util.find_spec(name) is None:
            raise Lacking(MISSING.format(name=name))


def with_constants(network: keras.Model) -> keras.Model:
    """The same network, its normaliser computing with constants: Keras's own keeps tensors, which become inputs of the graph."""
    import keras

    class Standardise(keras.layers.Layer):
        def __init__(self, layer: keras.layers.Normalization) -> None:
            super().__init__(name=layer.name, dtype="float32")
            self.mean_and_deviation = (keras.ops.convert_to_numpy(layer.mean), np.maximum(
                np.sqrt(keras.ops.convert_to_numpy(layer.variance)), np.float32(keras.config.epsilon())))

        def call(self, inputs: Any) -> Any:
            mean, deviation = self.mean_and_deviation
            return (inputs - mean) / deviation

    inputs = outputs = keras.Input(network.input_shape[1:], name="features")
    for layer in network.layers[1:]:  # one after the other, as `harness.training.network.build` makes them
        outputs = (Standardise(layer) if isinstance(layer, keras.layers.Normalization) else layer)(outputs)
    return keras.Model(inputs, outputs, name=network.name)


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with an input `features` and an output `probabilities`, whatever tf2onnx calls them, for any number of clips."""
    renamed = {model.graph.input[0].name: "features", model.graph.output[0].name: "probabilities"}
    for value in (*model.graph.input, *model.graph.output):
        value.name = renamed[value.name]
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                names[place] = renamed.get(name, name)
    return model
