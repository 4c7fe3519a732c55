"""What is predicted of files, in their order, of short ones together and of long ones by windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.prediction.predict import Prediction, Unreadable, predict_recordings
from harness.prediction.recordings import Recording, Windows

RATE = 8_000


class ByLoudness:
    """`loud` is as likely as a clip's mean magnitude; a model that knows its speaker takes the mean over all clips away first."""

    emotions = ("quiet", "loud", "odd")
    heard_s = 1.0

    def __init__(self, knows_speaker: bool = False) -> None:
        self.knows_speaker, self.batches = knows_speaker, []

    def too_few(self, clips: int) -> str:
        return ""

    def extract(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        return np.array([np.abs(waveform).mean()])

    def standardised(self, extracted: np.ndarray) -> np.ndarray:
        return extracted - extracted.mean() + 0.5 if self.knows_speaker else extracted

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        self.batches.append(len(features))
        return np.concatenate([1 - features, features, 0 * features], axis=1)


def recording(folder: Path, name: str, *levels: float) -> Recording:
    """A second at each level."""
    soundfile.write(folder / name, np.repeat(levels, RATE), RATE, subtype="FLOAT")
    return Recording(name, folder / name)


def test_files_are_predicted_in_their_order_and_one_that_cannot_be_read_is_named_among_them(tmp_path: Path) -> None:
    files = [recording(tmp_path, "a.wav", 0.8), Recording("gone.wav", tmp_path / "gone.wav"), recording(tmp_path, "b.wav", 0.1)]
    first, missing, last = predict_recordings(ByLoudness(), files, Windows.of(1.0))
    assert isinstance(first, Prediction) and isinstance(last, Prediction) and isinstance(missing, Unreadable)
    assert first.ranked[:2] == [("loud", pytest.approx(0.8)), ("quiet", pytest.approx(0.2))] and last.ranked[0][0] == "quiet"
    assert "gone.wav can't be read as audio: the file is not there" in missing.reason
    assert first.seconds == 1 and first.ms > 0 and "windows" not in first.as_json()


def test_a_long_recording_is_predicted_by_window_and_as_a_whole_by_their_mean(tmp_path: Path) -> None:
    (found,) = predict_recordings(ByLoudness(), [recording(tmp_path, "a.wav", 0.0, 0.0, 1.0, 1.0)], Windows.of(1.0))
    assert isinstance(found, Prediction)
    assert [window.probabilities[1] for window in found.windows] == pytest.approx([0, 0, 0, 0.5, 1, 1, 1])
    assert found.probabilities == pytest.approx([0.5, 0.5, 0]) and found.seconds == pytest.approx(4)
    data = found.as_json()
    assert [window["emotion"] for window in data["windows"]] == ["quiet"] * 4 + ["loud"] * 3
    assert data["windows"][1]["start_s"] == 0.5 and data["probabilities"] == {"quiet": 0.5, "loud": 0.5, "odd": 0.0}


def test_short_files_are_predicted_together_in_batches(tmp_path: Path) -> None:
    model, done = ByLoudness(), []
    files = [recording(tmp_path, f"{i}.wav", i / 100) for i in range(40)]
    found = list(predict_recordings(model, files, Windows.of(1.0), done.append))
    assert model.batches == [1, 32, 8] and done == list(range(1, 41))  # the first is silence, before anything is timed
    assert [each.probabilities[1] for each in found if isinstance(each, Prediction)] == pytest.approx([i / 100 for i in range(40)])


def test_a_model_that_knows_its_speaker_hears_all_recordings_before_it_predicts_one(tmp_path: Path) -> None:
    files = [recording(tmp_path, f"{i}.wav", 0.2 + i / 100) for i in range(40)]
    found = list(predict_recordings(ByLoudness(knows_speaker=True), files, Windows.of(1.0)))
    assert np.mean([each.probabilities[1] for each in found if isinstance(each, Prediction)]) == pytest.approx(0.5)


def test_nothing_readable_is_no_crash(tmp_path: Path) -> None:
    (only,) = predict_recordings(ByLoudness(), [Recording("x", tmp_path / "x")], Windows.of(1.0))
    assert isinstance(only, Unreadable)
