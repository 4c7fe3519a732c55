"""The emotions of a long recording as a table and a picture."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from harness.prediction.curves import _over_time, curve_figure, write_curve
from harness.prediction.predict import Prediction, Window

TWO = ("quiet", "loud")


def prediction(name: str, *loud: float, hop_s: float = 1.0) -> Prediction:
    """Windows of two seconds."""
    return Prediction(name, TWO, tuple(Window(i * hop_s, i * hop_s + 2, np.array([1 - p, p])) for i, p in enumerate(loud)), 5.0)


def test_the_table_has_a_row_a_window(tmp_path: Path) -> None:
    table, picture = write_curve(prediction("folder/talk.mp3", 0.0, 0.75), tmp_path / "new")
    assert (table, picture) == (tmp_path / "new" / "talk.csv", tmp_path / "new" / "talk.png")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {"start_s": "1.000", "end_s": "3.000", "emotion": "loud", "confidence": "0.7500", "quiet": "0.250000",
                       "loud": "0.750000"}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_recordings_of_one_name_have_files_of_their_own_and_standard_input_is_called_so(tmp_path: Path) -> None:
    names = [write_curve(prediction(name, 0.5, 0.5), tmp_path, {"talk"} if name == "b/talk.wav" else set())[0].stem
             for name in ("a/talk.wav", "b/talk.wav", "-")]
    assert names[0] == "talk" and names[1].startswith("talk-") and names[2] == "stdin"


def test_the_picture_shows_the_mean_of_the_windows_that_hear_a_stretch() -> None:
    edges, shades = _over_time(prediction("a", 0.0, 1.0, 0.5))
    assert edges == pytest.approx([0, 1, 2, 3, 4])
    assert shades[:, 1] == pytest.approx([0, 0.5, 0.75, 0.5]) and shades.sum(axis=1) == pytest.approx(np.ones(4))


def test_the_axis_names_the_emotions_and_counts_minutes_of_what_lasts_five_or_more() -> None:
    short, long = curve_figure(prediction("a", 0.1, 0.9)), curve_figure(prediction("a", *[0.5] * 400))
    assert [label.get_text() for label in short.axes[0].get_yticklabels()] == list(TWO)
    assert (short.axes[0].get_xlabel(), long.axes[0].get_xlabel()) == ("time, s", "time, min")
