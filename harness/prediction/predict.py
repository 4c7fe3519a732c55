"""The emotions in recordings: what a model predicts of each file, or of each window of a long one, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from harness.prediction.recordings import Recording, Windows, stretches
from registry.errors import BenchError

TOGETHER = 32  # stretches that are predicted at once


class Model(Protocol):
    """What predicts: a saved model as `harness.training.saved_model` loads it, or an exported one.

    Attributes: emotions: in the order of the probabilities. heard_s: seconds of a clip that it hears at most. knows_speaker: whether all
        clips given together must be of one speaker.
    """

    emotions: tuple[str, ...]

    @property
    def heard_s(self) -> float: ...

    @property
    def knows_speaker(self) -> bool: ...

    def too_few(self, clips: int) -> str:
        """Why so many clips of a speaker should not be predicted together, in words; empty where they may."""
        ...

    def extract(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """What is computed of one clip, (samples,) float32 in [-1, 1]."""
        ...

    def standardised(self, extracted: np.ndarray) -> np.ndarray:
        """The input of the network for what was computed of some clips, (clips, …)."""
        ...

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """(clips, …) -> (clips, emotions)."""
        ...


class Window(NamedTuple):
    """A stretch of a recording. Args: probabilities: of each emotion, (emotions,)."""

    start_s: float
    end_s: float
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model makes of one file.

    Args: windows: of a long recording all that it was cut into, else the whole. ms: to read, compute and predict it.
    """

    name: str
    emotions: tuple[str, ...]
    windows: tuple[Window, ...]
    ms: float

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return self.windows[-1].end_s

    @property
    def probabilities(self) -> np.ndarray:
        """Of each emotion, (emotions,); of a long recording the mean over its windows."""
        return np.mean([window.probabilities for window in self.windows], axis=0)

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Emotions with their probabilities, the likeliest first."""
        return ranked(self.emotions, self.probabilities)

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs; `windows` of a long recording only."""
        emotion, confidence = self.ranked[0]
        many = [{"start_s": round(w.start_s, 6), "end_s": round(w.end_s, 6), "emotion": ranked(self.emotions, w.probabilities)[0][0],
                 "probabilities": self._named(w.probabilities)} for w in self.windows] if len(self.windows) > 1 else []
        return {"file": self.name, "seconds": round(self.seconds, 6), "emotion": emotion, "confidence": round(confidence, 6),
                "probabilities": self._named(self.probabilities), "ms": round(self.ms, 2), **({"windows": many} if many else {})}

    def _named(self, probabilities: np.ndarray) -> dict[str, float]:
        return {emotion: round(float(p), 6) for emotion, p in zip(self.emotions, probabilities, strict=True)}


class Unreadable(NamedTuple):
    """A file that was not predicted. Args: reason: naming it, and what to do."""

    name: str
    reason: str


class _Heard(NamedTuple):
    recording: Recording
    times: list[tuple[float, float]]
    extracted: list[np.ndarray]
    took_s: float


def ranked(emotions: Sequence[str], probabilities: np.ndarray) -> list[tuple[str, float]]:
    """Emotions with their probabilities, the likeliest first; of equals the earlier."""
    return [(emotions[i], float(probabilities[i])) for i in np.argsort(-probabilities, kind="stable")]


def predict_recordings(model: Model, recordings: Sequence[Recording], windows: Windows,
                       progress: Callable[[int], None] = lambda done: None) -> Iterator[Prediction | Unreadable]:
    """What a model predicts of each recording, in their order; one that can't be read does not keep the others from being predicted.

    A model that knows its speaker gets everything at once: all recordings count as one speaker's. Args: progress: called with files done.
    """
    warm_up(model)
    waiting: list[_Heard | Unreadable] = []
    for done, recording in enumerate(recordings, 1):
        waiting.append(_hear(model, recording, windows))
        progress(done)
        if not model.knows_speaker and sum(len(heard.extracted) for heard in waiting if isinstance(heard, _Heard)) >= TOGETHER:
            yield from _predicted(model, waiting)
            waiting = []
    yield from _predicted(model, waiting)


def warm_up(model: Model) -> None:
    """Predict silence, so that what is done once, as compiling, is not counted as the first clip's time."""
    silence = np.zeros(16_000, np.float32)
    model.probabilities(model.standardised(model.extract(silence, 16_000)[None]))


def _hear(model: Model, recording: Recording, windows: Windows) -> _Heard | Unreadable:
    begin = time.perf_counter()
    times, extracted = [], []
    try:
        for start_s, end_s, waveform, sample_rate in stretches(recording, windows):
            times.append((start_s, end_s))
            extracted.append(model.extract(waveform, sample_rate))
    except BenchError as error:
        return Unreadable(recording.name, str(error))
    return _Heard(recording, times, extracted, time.perf_counter() - begin)


def _predicted(model: Model, waiting: Sequence[_Heard | Unreadable]) -> Iterator[Prediction | Unreadable]:
    extracted = [each for heard in waiting if isinstance(heard, _Heard) for each in heard.extracted]
    if extracted:
        begin = time.perf_counter()
        inputs = model.standardised(np.stack(extracted))
        probabilities = np.concatenate([model.probabilities(inputs[at : at + TOGETHER]) for at in range(0, len(inputs), TOGETHER)])
        each_s = (time.perf_counter() - begin) / len(extracted)
    place = 0
    for heard in waiting:
        if isinstance(heard, Unreadable):
            yield heard
            continue
        of_file = probabilities[place : place + len(heard.extracted)]
        place += len(of_file)
        windows = tuple(Window(*span, p) for span, p in zip(heard.times, of_file, strict=True))
        yield Prediction(heard.recording.name, model.emotions, windows, 1000 * (heard.took_s + each_s * len(of_file)))
