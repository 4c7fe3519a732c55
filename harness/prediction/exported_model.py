"""A model that was exported, read from its folder: by ONNX Runtime or LiteRT where that is installed, else by Keras."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np

from harness.prediction.front_end import ABOUT, network_of, prepared
from harness.training import saved_model
from registry.errors import BenchError

FORMAT = 1  # of export.json
ONNX, LITERT, KERAS = "model.onnx", "model.tflite", "keras"  # what lies in the folder
RUNTIMES = {ONNX: "onnxruntime", LITERT: "ai_edge_litert"}


class ExportedModel:
    """Predicts as the model that was exported, by ONNX Runtime or LiteRT. Args: about: what its export.json says."""

    knows_speaker = False

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self.about, self.emotions = about, tuple(about["emotions"])
        self.network = network_of(folder, about)
        settings = json.loads((folder / KERAS / saved_model.SETTINGS).read_text(encoding="utf-8"))
        self.space = None if about["input"] == "waveform" else saved_model.space_of(settings, folder / KERAS)

    @property
    def heard_s(self) -> float:
        """Seconds of a clip that it hears at most."""
        return float(self.about["samples"] / self.about["sample_rate"])

    def too_few(self, clips: int) -> str:
        """Nothing: it knows nothing of speakers."""
        return ""

    def extract(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """Its input for one clip: the prepared waveform, (samples,), or features, (frames, bands)."""
        if self.space is None:
            return np.asarray(prepared(waveform, sample_rate, self.about))
        return self.space.extract(waveform, sample_rate, self.about["samples"])

    def standardised(self, extracted: np.ndarray) -> np.ndarray:
        """The same: nothing depends on other clips."""
        return extracted

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """The probability of each emotion: (clips, emotions)."""
        return self.network(np.asarray(features, np.float32))


def about_export(folder: Path) -> dict[str, Any] | None:
    """What `export.json` in a folder says; None where there is none. Raises: BenchError for a damaged one, or one of another version."""
    path = folder / ABOUT
    if not path.is_file():
        return None
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BenchError(f"{path} is damaged ({error}): export the model again") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT or about.get("network", ONNX) not in RUNTIMES:
        raise BenchError(f"{path} is not of format {FORMAT}, which this version of bench writes and reads: export the model again")
    return about


def load_exported(folder: Path) -> ExportedModel | saved_model.WaveformModel:
    """The model in a folder of `bench export`. Raises: BenchError where its files are missing or damaged."""
    about = about_export(folder)
    if about is None:
        raise BenchError(f"{folder} has no {ABOUT}: it is no folder of `bench export`")
    network = about.get("network", ONNX)  # which earlier versions did not note
    if about["input"] == KERAS or importlib.util.find_spec(RUNTIMES[network]) is None:
        return saved_model.load(folder / KERAS)
    try:
        return ExportedModel(folder, about)
    except BenchError:
        raise
    except Exception as error:  # of the runtime, for a file that is missing or damaged
        raise BenchError(f"{folder / network} can't be read ({type(error).__name__}: {error}): export the model again") from error
