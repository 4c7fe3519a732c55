"""Pictures of a report's first screen: a dot with its interval for each row, and confusion matrices beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.intervals import Figure as Estimate
from harness.training import fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"new speakers": "#1f5fa8", "heard speakers": "#c05020", "nothing known": "#1f5fa8", "speaker known": "#c05020",
           "voices heard": "#1f5fa8", "sentences heard": "#c05020", "copies before the split": "#8c2d8c", "clips known": "#2c8c5a",
           "claimed": "#555555", "reproduced": "#c05020"}
OTHER = "#1f5fa8"
SHORT = 4  # letters of a name that fits below its column
WRITTEN = 14  # emotions at most whose shares are written
Panel = Mapping[str, Mapping[str, Estimate]]


def rows_figure(panels: Mapping[str, Panel], lines: Mapping[str, float], taken: str = "",
                label: str = "test UAR with 95 % interval") -> Figure:
    """A line a row: a figure with its interval, one dot for each kind of speakers, or of leaks.

    Args: panels: protocol -> row -> kind -> (UAR, low, high), bounds NaN where there is none. lines: name -> UAR, of chance and listeners.
        taken: the row whose name is bold. label: of the axis.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    kinds = list(dict.fromkeys(kind for panel in panels.values() for row in panel.values() for kind in row))
    figure = Figure(figsize=(9.6, 1.5 + (0.24 + 0.12 * len(kinds)) * len(names)), layout="constrained")
    for axes, (title, panel) in zip(np.atleast_1d(figure.subplots(1, len(panels), sharey=True, sharex=True)), panels.items(), strict=True):
        _dots(axes, panel, names, kinds)
        for number, (name, uar) in enumerate(lines.items()):
            axes.axvline(uar, color="#888888", linewidth=0.9, linestyle=("--", ":", "-.")[number % 3], label=name)
        axes.set(xlabel=label, title=title)
        axes.title.set_fontsize(11)
        axes.grid(axis="x", color="#eeeeee", linewidth=0.8)
        axes.set_axisbelow(True)
    first = figure.axes[0]
    first.set_yticks(range(len(names)), names, fontsize=10)
    for tick in first.get_yticklabels():
        tick.set_fontweight("bold" if tick.get_text() == taken else "normal")
    first.set_ylim(len(names) - 0.5, -0.5)
    figure.legend(*first.get_legend_handles_labels(), loc="outside upper center", ncols=len(kinds) + len(lines), fontsize=10, frameon=False)
    return figure


def _dots(axes: Axes, panel: Panel, names: Sequence[str], kinds: Sequence[str]) -> None:
    step = min(0.26, 0.8 / len(kinds)) if len(kinds) > 1 else 0.0
    for number, kind in enumerate(kinds):
        inside = "white" if number % 2 else None
        for place, name in enumerate(names):
            if (estimate := panel.get(name, {}).get(kind)) is None:
                continue
            value, low, high = estimate
            bounds = [[value - low], [high - value]] if low == low else None  # NaN: no interval
            at = place + step * (number - (len(kinds) - 1) / 2)
            axes.errorbar(value, at, xerr=bounds, marker="o", markersize=5, capsize=2, elinewidth=1, color=COLOURS.get(kind, OTHER),
                          mfc=inside or COLOURS.get(kind, OTHER))
        axes.plot([], [], "o", color=COLOURS.get(kind, OTHER), mfc=inside or COLOURS.get(kind, OTHER), markersize=5, label=kind)


def confusions_figure(matrices: Mapping[str, np.ndarray], emotions: tuple[str, ...]) -> Figure:
    """Confusion matrices beside each other, in per cent of each true emotion's clips.

    Args: matrices: name -> counts, shape (truth, predicted), which may be shares of clips.
    """
    from matplotlib.figure import Figure

    shown = fonts.codes(emotions)
    names, count = [shown[emotion] for emotion in emotions], len(emotions)
    side, written = max(2.1, (0.34 if count <= WRITTEN else 0.13) * count), count <= WRITTEN
    columns = max(1, min(len(matrices), int(10.4 / (side + 0.3))))
    rows = -(-len(matrices) // columns)
    figure = Figure(figsize=(0.8 + (side + 0.3) * columns, (side + 1.0) * rows), layout="constrained")
    panels = np.atleast_2d(figure.subplots(rows, columns, squeeze=False))
    for place, axes in enumerate(panels.flat):
        if place >= len(matrices):
            axes.set_axis_off()
            continue
        name, counts = list(matrices.items())[place]
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (i, j), share in np.ndenumerate(shares) if written else ():
            axes.text(j, i, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color="white" if share > 0.5 else "black")
        axes.set_xticks(range(count), names, fontsize=8 if written else 6, rotation=90 if max(map(fonts.width, names)) > SHORT else 0)
        axes.set_yticks(range(count), names if place % columns == 0 else [], fontsize=8 if written else 6)
        axes.set_title(name if len(name) < 40 else f"{name[:38]}…", fontsize=9 if len(name) < 26 else 7)
        axes.set_xlabel("taken for", fontsize=8)
    panels[0, 0].set_ylabel("intended emotion, %", fontsize=8)
    return figure
