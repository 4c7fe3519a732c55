"""Pictures of robustness: UAR against noise, and the matrix of what was trained on one corpus and tested on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def noise_figure(lines: Mapping[str, Mapping[str, Sequence[tuple[float, float, float]]]], places: Sequence[str], chance: float) -> Figure:
    """A panel for each kind of noise, a line for each row, with its interval where there is one.

    Args:
        lines: kind of noise -> row -> (UAR, low, high) at each place, NaN where there is none. places: `clean`, `20 dB`, …
    """
    from matplotlib.figure import Figure

    rows = list(dict.fromkeys(row for own in lines.values() for row in own))
    figure = Figure(figsize=(1.2 + 3.4 * len(lines), 3.4 + 0.18 * len(rows)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(lines), sharey=True))
    at = np.arange(len(places))
    for axes, (kind, own) in zip(panels, lines.items(), strict=True):
        for number, (row, points) in enumerate(own.items()):
            value, low, high = np.array(points).T
            drawn = axes.plot(at, value, "o-", markersize=3, linewidth=1.2, color=f"C{number % 10}", label=row)
            axes.fill_between(at, low, high, color=drawn[0].get_color(), alpha=0.15, linewidth=0)
        axes.axhline(chance, color="#888888", linewidth=0.8, linestyle="--", label="chance")
        axes.set_xticks(at, places, fontsize=8)
        axes.set_title(kind, fontsize=10)
        axes.set_xlabel("signal-to-noise ratio")
    panels[0].set_ylabel("UAR")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=7, ncols=1)
    return figure


def matrix_figure(values: np.ndarray, texts: Sequence[Sequence[str]], names: Sequence[str], targets: Sequence[str], title: str) -> Figure:
    """Figures above chance as shade, texts as they are; rows are what was trained on.

    Args:
        values: shape (trained on, tested on): 0 at chance, 1 without errors, NaN where nothing was measured.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.0 + 1.25 * len(targets), 1.3 + 0.75 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    shades = axes.imshow(np.ma.masked_invalid(values), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        axes.text(j, i, texts[i][j], ha="center", va="center", fontsize=8, color="white" if value > 0.5 else "black")
    axes.set_xticks(range(len(targets)), targets, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set(xlabel="tested on", ylabel="trained on")
    axes.set_title(title, fontsize=10)
    figure.colorbar(shades, label="UAR above chance, of what is possible")
    return figure
