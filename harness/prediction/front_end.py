"""From a recording to the emotions in it, with the model in this file's folder: `python front_end.py clip.wav`.

`bench export` puts this file beside a model; it needs no part of bench then. From Python:

    from front_end import load
    model = load()
    model.predict("clip.wav")                 # {"ANG": 0.71, …}
    model.probabilities(waveform, 16_000)     # of a float waveform in [-1, 1], (samples,) or (samples, channels), at any rate

What is done to a recording, in this order: channels are averaged; it is resampled (soxr, high quality) to `sample_rate`; quiet edges are
cut where `trim_db` says so; it is padded with zeros, or cut, to `samples`; the network does the rest. Where the model does not take the
waveform itself (`"input": "features"` in export.json), the features are computed by the folder `code/`, a copy of bench's own source.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ABOUT = "export.json"
LOUDEST = 10.0  # full scale is 1; whole numbers reach further by far
FRAME, HOP = 2048, 512  # of the loudness by which edges are cut, in samples


def mono(waveform: Any) -> np.ndarray:
    """(samples,) or (samples, channels) -> (samples,), float32. Raises: ValueError for what is no recording in full scale."""
    waveform = np.asarray(waveform)
    if waveform.dtype.kind != "f" or waveform.ndim not in (1, 2):
        raise ValueError(f"a waveform is an array of floats, (samples,) or (samples, channels), not {waveform.dtype} {waveform.shape}")
    waveform = waveform.astype(np.float32)
    waveform = waveform if waveform.ndim == 1 else waveform.mean(axis=1)
    if len(waveform) < 100 or not np.isfinite(waveform).all() or np.abs(waveform).max() > LOUDEST:
        raise ValueError("a waveform has 100 samples or more, all finite, and lies in [-1, 1]: divide 16-bit samples by 32768")
    return waveform


def resampled(waveform: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """At another rate: ceil(samples · target / source) samples, float32."""
    if sample_rate == target_rate:
        return waveform
    import soxr

    samples = math.ceil(len(waveform) * (float(target_rate) / sample_rate))
    return fixed(soxr.resample(waveform, sample_rate, target_rate, quality="HQ"), samples).astype(np.float32)


def trimmed(waveform: np.ndarray, trim_db: float | None) -> np.ndarray:
    """Without the edges whose loudness, in frames, lies more than `trim_db` below the loudest frame; None or silence: unchanged."""
    if trim_db is None or not np.any(waveform):
        return waveform
    padded = np.pad(waveform, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    power = np.mean(np.square(frames, dtype=np.float32), axis=1)
    loud = np.flatnonzero(10 * np.log10(np.maximum(power, 1e-10) / max(power.max(), 1e-10)) > -trim_db)
    return waveform[loud[0] * HOP : min(len(waveform), (loud[-1] + 1) * HOP)]


def fixed(waveform: np.ndarray, samples: int) -> np.ndarray:
    """Padded with zeros at its end, or cut, to exactly `samples`."""
    return np.pad(waveform[:samples], (0, max(0, samples - len(waveform))))


def prepared(waveform: Any, sample_rate: int, about: dict[str, Any]) -> np.ndarray:
    """What a model hears of a clip, (samples,) float32. Args: about: `sample_rate` in Hz, `trim_db` and `samples`, as in export.json."""
    return fixed(trimmed(resampled(mono(waveform), sample_rate, about["sample_rate"]), about["trim_db"]), about["samples"])


def network_of(folder: Path, about: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """The network in a folder, on one thread, since for small ones others only wait: (clips, …) float32 -> (clips, emotions)."""
    path = folder / about.get("network", "model.onnx")
    return _litert(path) if path.suffix == ".tflite" else _onnx(path, about["input"])


def _onnx(path: Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda inputs: np.asarray(session.run(None, {name: inputs})[0])


def _litert(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    before, after = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def probabilities(inputs: np.ndarray) -> np.ndarray:
        found = []
        for one in inputs:  # it takes one clip at a time
            interpreter.set_tensor(before, one[None])
            interpreter.invoke()
            found.append(interpreter.get_tensor(after)[0])
        return np.array(found)

    return probabilities


class Model:
    """The model in a folder of `bench export`."""

    def __init__(self, folder: Path) -> None:
        self.about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        self.network = network_of(folder, self.about)
        self.space = _space(folder) if self.about["input"] == "features" else None

    def heard(self, waveform: Any, sample_rate: int) -> np.ndarray:
        """The model's input for one clip."""
        if self.space is None:
            return prepared(waveform, sample_rate, self.about)
        return np.asarray(self.space.extract(mono(waveform), sample_rate, self.about["samples"]))

    def probabilities(self, waveform: Any, sample_rate: int) -> np.ndarray:
        """Of each emotion, in the order of `about["emotions"]`: (emotions,)."""
        return np.asarray(self.network(self.heard(waveform, sample_rate)[None])[0])

    def predict(self, path: str | Path) -> dict[str, float]:
        """Emotion -> probability for a file that libsndfile reads: WAV, FLAC, Ogg, MP3, AIFF, …"""
        import soundfile

        waveform, sample_rate = soundfile.read(path, dtype="float32")
        return dict(zip(self.about["emotions"], map(float, self.probabilities(waveform, sample_rate)), strict=True))


def _space(folder: Path) -> Any:
    """The feature space of the model, from the copy of bench's source in `code/`."""
    sys.path.insert(0, str(folder / "code"))
    from registry.own_layers import read
    from registry.rebuilt_space import space_from

    settings = json.loads((folder / "keras" / "listening.json").read_text(encoding="utf-8"))
    modules, _ = read(folder / "keras")
    return space_from(settings["feature_space"], folder / "keras", modules)


def load(folder: str | Path = Path(__file__).parent) -> Model:
    """The model in a folder."""
    return Model(Path(folder))


if __name__ == "__main__":
    model = load()
    for name in sys.argv[1:]:
        found = sorted(model.predict(name).items(), key=lambda pair: -pair[1])
        sys.stdout.write(" ".join([name, *(f"{emotion} {probability:.3f}" for emotion, probability in found)]) + "\n")
