"""Pictures for runs and reports: confusion matrices, learning curves and reliability, as Matplotlib figures without global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.calibration import Bin


def confusion_figure(confusion: list[list[int]], emotions: tuple[str, ...], title: str) -> Figure:
    """Counts as numbers, recall as shade; rows are the true emotions."""
    from matplotlib.figure import Figure

    counts = np.asarray(confusion)
    recall = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side, longest = 3.3, 0.08 * max(map(len, emotions))  # inches, as the margins are: a layout engine takes as long as the drawing
    slanted = 0.9 * longest > side / len(emotions)
    left, bottom = 0.55 + longest, 0.6 + (0.6 * longest if slanted else 0)
    figure = Figure(figsize=(left + side + 0.25, bottom + side + 0.35))
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    axes.imshow(recall, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        axes.text(j, i, str(count), ha="center", va="center", fontsize=9, color="white" if recall[i, j] > 0.5 else "black")
    axes.set_xticks(range(len(emotions)), emotions)
    for label in axes.get_xticklabels() if slanted else []:
        label.set(rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(emotions)), emotions)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, fontsize=10)
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


def reliability_figure(bins: list[Bin], title: str) -> Figure:
    """Share of right answers against confidence, perfect calibration being the diagonal; below, how many answers each bin has."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.6), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    centres, widths = [(b.low + b.high) / 2 for b in bins], [b.high - b.low for b in bins]
    upper.plot((0, 1), (0, 1), color="#888888", linewidth=0.8, linestyle="--", label="perfect calibration")
    upper.bar(centres, [b.accuracy for b in bins], widths, color="#1f5fa8", alpha=0.35, edgecolor="white")
    upper.plot([b.confidence for b in bins], [b.accuracy for b in bins], "o-", color="#1f5fa8", markersize=3, label="measured")
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of right answers")
    upper.legend(fontsize=8)
    lower.bar(centres, [b.clips for b in bins], widths, color="#888888", edgecolor="white")
    lower.set(xlabel="confidence", ylabel="answers")
    upper.set_title(title, fontsize=10)
    return figure


def critical_difference_figure(labels: list[str], average_ranks: np.ndarray, critical_difference: float, title: str) -> Figure:
    """Rows on an axis of average ranks, the best on the left; a bar joins rows that lie no further apart than the critical difference.

    Reference: Demšar 2006, figure 1.
    """
    from matplotlib.figure import Figure

    order = np.argsort(average_ranks, kind="stable")
    ranks, count = average_ranks[order], len(labels)
    bars = joined(ranks, critical_difference)
    figure = Figure(figsize=(7.2, 0.9 + 0.24 * count + 0.14 * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    for place, (rank, name) in enumerate(zip(ranks, [labels[i] for i in order], strict=True)):
        level = len(bars) * 0.6 + 1 + place
        axes.plot([rank, rank, count + 0.2], [0, level, level], color="#666666", linewidth=0.8)
        axes.text(count + 0.25, level, f"{name} ({rank:.2f})", va="center", fontsize=8)
    for level, (first, last) in enumerate(bars, 1):
        axes.plot([ranks[first] - 0.04, ranks[last] + 0.04], [level * 0.6] * 2, color="#1f5fa8", linewidth=3)
    axes.plot([1, 1 + critical_difference], [-0.8, -0.8], color="#c05020", linewidth=2)
    axes.text(1 + critical_difference / 2, -1.0, f"critical difference {critical_difference:.2f}", ha="center", va="bottom", fontsize=8)
    axes.set(xlim=(0.8, count + 0.2), ylim=(len(bars) * 0.6 + count + 0.6, -2), yticks=[], xticks=range(1, count + 1))
    axes.xaxis.tick_top()
    axes.spines[["left", "right", "bottom"]].set_visible(False)
    axes.set_title(f"{title}: average rank over blocks", fontsize=10)
    return figure


def joined(ranks: np.ndarray, critical_difference: float) -> list[tuple[int, int]]:
    """First and last place of each longest run of sorted ranks that span no more than the critical difference; runs of one are none.

    >>> joined(np.array([1.0, 1.5, 2.2, 4.0]), 1.0)
    [(0, 1), (1, 2)]
    """
    last = [int(np.searchsorted(ranks, rank + critical_difference, side="right")) - 1 for rank in ranks]
    return [(i, end) for i, end in enumerate(last) if end > i and (i == 0 or end > last[i - 1])]


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the figure alone."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(90)
    FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})  # savefig would give the same bytes after drawing twice
