"""The picture of the page of all studies: test UAR over parameters and over training time, a colour for each kind of row."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.reports.figures import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.evaluation.joint_leaderboards import JointRow

COLORS = {"from scratch": "#1f5fa8", "functionals": "#2c8c5a", "pretrained": "#c05020"}
SHOWN = 3  # rows of each kind, best first, whose names stand in the margin
LONGEST = 80  # characters of such a name: the panels need the room


def size_figure(rows: Sequence[JointRow], names: Mapping[JointRow, str], lines: Mapping[str, float], title: str) -> Figure:
    """UAR with its interval over trained parameters and over seconds of training, without its features; the best of each kind are named.

    Args: names: of the rows. lines: name -> UAR of chance and listeners.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, rows, lines, "parameters")
    _draw(right, rows, lines, "fit_seconds")
    left.set(xlabel="trained parameters (log)", ylabel="test UAR with 95 % interval")
    right.set(xlabel="seconds of training (log)")
    figure.suptitle(title, fontsize=10)
    shown = [row for kind in COLORS for row in [row for row in rows if row.kind == kind][:SHOWN]]
    shown.sort(key=lambda row: -row.uar[0])
    low, high = left.get_ylim()
    left.set_ylim(low, high)
    heights = spread([(row.uar[0] - low) / (high - low) for row in shown], 1 / max(len(shown), 14))
    for row, height in zip(shown, heights, strict=True):
        name = textwrap.shorten(names[row], LONGEST, placeholder=" …")
        right.annotate(f"{name} {row.uar[0]:.3f}", (row.data["fit_seconds"], row.uar[0]), (1.03, height),
                       textcoords="axes fraction", va="center", fontsize=7, color=COLORS.get(row.kind, "#555555"),
                       arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), "color": "#cccccc", "linewidth": 0.5, "shrinkA": 1, "shrinkB": 4})
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    return figure


def _draw(axes: Axes, rows: Sequence[JointRow], lines: Mapping[str, float], over: str) -> None:
    """The points of one panel. Args: over: the field of a row's record that is its place."""
    axes.set_xscale("log")
    for kind in dict.fromkeys(row.kind for row in rows):
        of_kind = [row for row in rows if row.kind == kind]
        known = all(row.uar[1] <= row.uar[0] <= row.uar[2] for row in of_kind)  # not where a row has no interval
        bounds = [[row.uar[0] - row.uar[1] for row in of_kind], [row.uar[2] - row.uar[0] for row in of_kind]]
        axes.errorbar([row.data[over] for row in of_kind], [row.uar[0] for row in of_kind], yerr=bounds if known else None,
                      fmt="o", markersize=5, capsize=2, elinewidth=0.8, color=COLORS.get(kind, "#555555"), label=kind)
    for number, (name, uar) in enumerate(lines.items()):
        axes.axhline(uar, color="#888888", linewidth=0.8, linestyle=("--", ":", "-.")[number % 3], label=name)
