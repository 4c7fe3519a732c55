"""Pictures for runs and reports: confusion matrices and learning curves, as Matplotlib figures without global state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion_figure(confusion: list[list[int]], emotions: tuple[str, ...], title: str) -> Figure:
    """Counts as numbers, recall as shade; rows are the true emotions."""
    from matplotlib.figure import Figure

    counts = np.asarray(confusion)
    recall = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(recall, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        axes.text(j, i, str(count), ha="center", va="center", fontsize=9, color="white" if recall[i, j] > 0.5 else "black",
                  in_layout=False)  # it lies inside the axes: measuring it for the margins would take as long as drawing it
    axes.set_xticks(range(len(emotions)), emotions)
    axes.set_yticks(range(len(emotions)), emotions)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, fontsize=10)
    return figure


def curves_figure(history: dict[str, list[float]], best_epoch: int, title: str) -> Figure:
    """Loss and UAR by epoch, training beside validation, with the kept epoch marked."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 2.8), layout="constrained")
    for position, metric in enumerate(("loss", "uar"), 1):
        axes = figure.add_subplot(1, 2, position)
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
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})  # savefig would give the same bytes after drawing twice
