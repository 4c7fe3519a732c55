"""Mel spectrograms and MFCCs inside an ONNX model give what librosa gives outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exportable import sound

from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.zcr import ZeroCrossingRate

onnx = pytest.importorskip("onnx")  # of the extra [export]
onnxruntime = pytest.importorskip("onnxruntime")

from harness.prediction.onnx_front import can_be_inside, with_front  # noqa: E402
from harness.training.onnx_network import OPSET  # noqa: E402

RATE, SAMPLES = 16_000, 12_000


def identity() -> Any:
    """A network that gives its features."""
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Identity", ["features"], ["probabilities"])
    shape = ["batch", None, None]
    graph = onnx.helper.make_graph([node], "identity", [value("features", 1, shape)], [value("probabilities", 1, shape)])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=8)


@pytest.mark.parametrize("feature", [
    Mel(), Mel(n_mels=20, n_fft=400, hop_length=160, fmin_hz=50, fmax_hz=7_000, top_db=None), Mel(reference="clip_max", power=1.0),
    Mel(scale="power", power=2.0), Mel(per_clip="min_max"), Mfcc(n_mfcc=13, n_mels=40)], ids=str)
def test_the_features_of_several_clips_are_those_of_the_feature_space(feature: Any) -> None:
    space = FeatureSpace(features=(feature,), join="channels", sample_rate=RATE, duration_s=SAMPLES / RATE)
    session = onnxruntime.InferenceSession(with_front(identity(), space, SAMPLES).SerializeToString())
    clips = np.stack([sound(SAMPLES / RATE, RATE), sound(SAMPLES / RATE, RATE, 1) * 0.01, np.zeros(SAMPLES, np.float32)])
    (found,) = session.run(None, {"waveform": clips})
    expected = np.stack([space.extract(clip, RATE, SAMPLES) for clip in clips])
    np.testing.assert_allclose(found, expected, atol=2e-3 if not isinstance(feature, Mel) or feature.scale == "db" else 1e-4, rtol=1e-4)


def test_one_mel_spectrogram_can_be_inside_and_other_features_and_vectors_cannot() -> None:
    assert can_be_inside(FeatureSpace(features=(Mel(),), join="image"))
    assert not can_be_inside(FeatureSpace(features=(ZeroCrossingRate(),), join="channels"))
    assert not can_be_inside(FeatureSpace(features=(Mel(),), join="vector"))
