"""The emotions of a long recording over time, as a table and as a picture."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.prediction.predict import Prediction, ranked
from harness.safe_text import safe_file_name
from harness.training import fonts
from harness.training.figures import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MINUTES_FROM_S = 300  # from here on the axis counts minutes


def write_curve(prediction: Prediction, folder: Path, taken: Collection[str] = ()) -> tuple[Path, Path]:
    """The curve of a recording as `NAME.csv`, a row a window, and as `NAME.png`, in a folder that is made when it is not there.

    Args: taken: names in lower case that other recordings have there.
    """
    name = safe_file_name(Path(prediction.name).stem if prediction.name != "-" else "stdin", taken)
    folder.mkdir(parents=True, exist_ok=True)
    table, picture = folder / f"{name}.csv", folder / f"{name}.png"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["start_s", "end_s", "emotion", "confidence", *prediction.emotions])
        for window in prediction.windows:
            emotion, confidence = ranked(prediction.emotions, window.probabilities)[0]
            writer.writerow([f"{window.start_s:.3f}", f"{window.end_s:.3f}", emotion, f"{confidence:.4f}",
                             *(f"{p:.6f}" for p in window.probabilities)])
    save(curve_figure(prediction), picture)
    return table, picture


def curve_figure(prediction: Prediction) -> Figure:
    """A row an emotion, a column a stretch of time: shade is the probability, a dot marks the likeliest emotion.

    A stretch is as long as a hop and shows the mean of the windows that hear it.
    """
    from matplotlib.figure import Figure

    edges, shades = _over_time(prediction)
    unit, scale = ("min", 60.0) if prediction.seconds >= MINUTES_FROM_S else ("s", 1.0)
    shown = fonts.codes(prediction.emotions)
    names = [shown[emotion] for emotion in prediction.emotions]
    height, left = 1.15 + 0.3 * len(names), 0.35 + 0.1 * max(map(fonts.width, names))  # inches
    figure = Figure(figsize=(9.0, height))
    axes = figure.add_axes((left / 9.0, 0.62 / height, (8.85 - left) / 9.0, (height - 0.62 - 0.4) / height))
    axes.pcolormesh(edges / scale, np.arange(len(names) + 1) - 0.5, shades.T, cmap="Blues", vmin=0, vmax=1)
    axes.plot((edges[:-1] + edges[1:]) / 2 / scale, shades.argmax(axis=1), ".", color="#c05020", markersize=4 if len(shades) < 200 else 2)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"time, {unit}")
    windows = prediction.windows
    axes.set_title(f"{Path(prediction.name).name}: probability of each emotion (white 0, dark blue 1; dot: the likeliest) in windows of "
                   f"{windows[0].end_s - windows[0].start_s:.3g} s", fontsize=9)
    return figure


def _over_time(prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """The times at which windows begin or end, (stretches + 1,), and the mean of those that hear each stretch, (stretches, emotions)."""
    starts = np.array([window.start_s for window in prediction.windows])
    ends = np.array([window.end_s for window in prediction.windows])
    probabilities = np.array([window.probabilities for window in prediction.windows])
    edges = np.unique(np.round([*starts, *ends], 3))
    middles = (edges[:-1] + edges[1:]) / 2
    total, count = np.zeros((len(middles), probabilities.shape[1])), np.zeros((len(middles), 1))
    for first, last, of_window in zip(np.searchsorted(middles, starts), np.searchsorted(middles, ends), probabilities, strict=True):
        total[first:last] += of_window
        count[first:last] += 1
    return edges, total / count
