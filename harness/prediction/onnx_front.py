"""Mel spectrograms and MFCCs inside an ONNX model, which then takes the waveform itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.training.onnx_network import OPSET
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import SMALLEST_AMPLITUDE, Mel, mel_filters
from registry.feature_spaces.mfcc import Mfcc

if TYPE_CHECKING:
    import onnx

WHOLE = [1, 2]  # the axes of a clip: frames and bands


def can_be_inside(space: FeatureSpace) -> bool:
    """Whether the features of a space can be computed in the model: one mel spectrogram or MFCCs of clips of a fixed length."""
    return len(space.features) == 1 and type(space.features[0]) in (Mel, Mfcc) and space.join != "vector"


def with_front(network: onnx.ModelProto, space: FeatureSpace, samples: int) -> onnx.ModelProto:
    """The model that takes `waveform`, (batch, samples) float32 at the space's rate, padded or cut to so many, and computes its features.

    The transform is computed in float64, so that it differs from librosa's, in float32, by the latter's rounding alone.
    """
    import onnx

    graph, (feature,) = _Graph(), space.features
    assert isinstance(feature, Mel | Mfcc)
    values = _features(graph, feature, space.sample_rate)
    graph.add("Cast", values, to=onnx.TensorProto.FLOAT, output="computed")
    front = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "front", [_value("waveform", ["batch", samples])], [_value("computed", ["batch", None, None])],
                               graph.constants), opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=network.ir_version)
    del network.opset_import[:]
    network.opset_import.extend(front.opset_import)
    merged = onnx.compose.merge_models(front, network, io_map=[("computed", "features")])
    onnx.checker.check_model(merged)
    return merged


def _value(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
    import onnx

    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: Any, dtype: Any = np.float64) -> str:
        import onnx

        name = f"front_constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        import onnx

        name = output or f"front_{len(self.nodes)}_{kind.lower()}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def largest(self, values: str) -> str:
        return self.add("ReduceMax", values, self.constant(WHOLE, np.int64), keepdims=1)


def _features(graph: _Graph, feature: Mel | Mfcc, sample_rate: int) -> str:
    """(batch, samples) -> (batch, frames, bands), float64."""
    if isinstance(feature, Mel):
        return _mel(graph, feature, sample_rate)
    from scipy.fft import dct

    decibels = _mel(graph, feature.mel, sample_rate)
    cosines = dct(np.eye(feature.n_mels), axis=0, norm="ortho")[: feature.n_mfcc].T
    return graph.add("MatMul", decibels, graph.constant(cosines))


def _mel(graph: _Graph, mel: Mel, sample_rate: int) -> str:
    bank = mel_filters(sample_rate, mel.n_fft, mel.n_mels, mel.fmin_hz, mel.fmax_hz)
    bands = graph.add("MatMul", _spectrogram(graph, mel), graph.constant(bank.T))
    values = _decibels(graph, bands, mel) if mel.scale == "db" else bands
    return _min_max(graph, values) if mel.per_clip == "min_max" else values


def _spectrogram(graph: _Graph, mel: Mel) -> str:
    """Magnitudes to a power of the centred transform with a periodic Hann window: (batch, frames, 1 + n_fft // 2)."""
    import onnx
    from scipy.signal import get_window

    half = mel.n_fft // 2
    padded = graph.add("Pad", "waveform", graph.constant([0, half, 0, half], np.int64))
    signal = graph.add("Unsqueeze", graph.add("Cast", padded, to=onnx.TensorProto.DOUBLE), graph.constant([2], np.int64))
    window = graph.constant(get_window("hann", mel.n_fft))
    transform = graph.add("STFT", signal, graph.constant(mel.hop_length, np.int64), window, graph.constant(mel.n_fft, np.int64), onesided=1)
    squares = graph.add("ReduceSum", graph.add("Mul", transform, transform), graph.constant([3], np.int64), keepdims=0)
    return squares if mel.power == 2 else graph.add("Pow", squares, graph.constant(mel.power / 2))


def _decibels(graph: _Graph, bands: str, mel: Mel) -> str:
    floor = graph.constant(SMALLEST_AMPLITUDE**mel.power)
    raised = graph.add("Max", bands, floor)
    if mel.reference == "clip_max":
        raised = graph.add("Div", raised, graph.add("Max", graph.largest(bands), floor))
    decibels = graph.add("Mul", graph.add("Log", raised), graph.constant(20 / mel.power / math.log(10)))
    if mel.top_db is None:
        return decibels
    return graph.add("Max", decibels, graph.add("Sub", graph.largest(decibels), graph.constant(mel.top_db)))


def _min_max(graph: _Graph, values: str) -> str:
    low = graph.add("ReduceMin", values, graph.constant(WHOLE, np.int64), keepdims=1)
    span = graph.add("Sub", graph.largest(values), low)
    is_flat = graph.add("Equal", span, graph.constant(0))
    above = graph.add("Sub", values, low)
    return graph.add("Div", above, graph.add("Where", is_flat, graph.constant(1), span))
