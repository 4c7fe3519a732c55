"""Pictures of one run: confusion matrix and learning curves, as Matplotlib figures without global state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.training import fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COUNTED = 30  # emotions at most whose counts are written: more are read by their shade alone
NAMED = 150  # names at most on an axis


def confusion_figure(confusion: list[list[int]], emotions: tuple[str, ...], title: str) -> Figure:
    """Counts as numbers, recall as shade; rows are the true emotions.

    More than `COUNTED` emotions have no numbers, of more than `NAMED` some have no name; names that no font has are E1, E2, … in order.
    """
    from matplotlib.figure import Figure

    counts = np.asarray(confusion)
    recall = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    written, shown = len(emotions) <= COUNTED, fonts.codes(emotions)
    names = [shown[emotion] for emotion in emotions]
    side = max(3.3, round((0.33 if written else 0.13) * min(len(emotions), NAMED), 2))  # inches, as the margins are:
    longest = (0.08 if written else 0.06) * max(map(fonts.width, names))  # a layout engine takes as long as the drawing
    slanted = 0.9 * longest > side / len(emotions)
    left, bottom = 0.55 + longest, 0.6 + ((0.6 if written else 1) * longest if slanted else 0)
    figure = Figure(figsize=(left + side + 0.25, bottom + side + 0.35))
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    axes.imshow(recall, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts) if written else ():
        axes.text(j, i, str(count), ha="center", va="center", fontsize=9, color="white" if recall[i, j] > 0.5 else "black")
    places = range(0, len(emotions), math.ceil(len(emotions) / NAMED))
    axes.set_xticks(places, names[:: places.step], fontsize=None if written else 7)
    axes.set_yticks(places, names[:: places.step], fontsize=None if written else 7)
    for label in axes.get_xticklabels() if slanted else []:
        label.set(rotation=35 if written else 90, ha="right" if written else "center", rotation_mode="anchor" if written else "default")
    axes.set(xlabel="predicted", ylabel="true")
    about = "" if written else f"; shade is recall, white 0, dark blue 1; no counts of {len(emotions)} emotions"
    axes.set_title(title + about, fontsize=10)
    return figure


def curves_figure(history: Mapping[str, Sequence[float]], best_epoch: int, title: str) -> Figure:
    """Loss and UAR by epoch, training beside validation, with the kept epoch marked."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 2.8))
    both = figure.subplots(1, 2, gridspec_kw={"left": 0.095, "right": 0.98, "bottom": 0.17, "top": 0.87, "wspace": 0.24})
    for axes, metric in zip(both, ("loss", "uar"), strict=True):
        for part, colour in (("train", "#888888"), ("validation", "#1f5fa8")):
            values = history.get(f"{part}_{metric}", [])
            axes.plot(range(1, len(values) + 1), values, color=colour, label=part)
        if best_epoch:
            axes.axvline(best_epoch, color="#c05020", linewidth=0.8, linestyle="--", label="kept epoch")
        axes.set(xlabel="epoch", ylabel="loss" if metric == "loss" else "UAR")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the figure alone."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(90)
    fonts.choose_fonts(figure)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})  # savefig would give the same bytes after drawing twice
