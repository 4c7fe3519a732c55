"""The picture of the page of all studies: test UAR over the number of parameters, a colour for each kind of row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.reports.figures import spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.evaluation.joint_leaderboards import JointRow

COLORS = {"from scratch": "#1f5fa8", "functionals": "#2c8c5a", "pretrained": "#c05020"}
SHOWN = 3  # rows of each kind, best first, whose names stand in the margin


def size_figure(rows: Sequence[JointRow], names: Mapping[JointRow, str], lines: Mapping[str, float], title: str) -> Figure:
    """UAR with its interval over trained parameters (log); the best rows of each kind have their names in the margin.

    Args: names: of the rows. lines: name -> UAR of chance and listeners.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    for kind in dict.fromkeys(row.kind for row in rows):
        of_kind = [row for row in rows if row.kind == kind]
        known = all(row.uar[1] <= row.uar[0] <= row.uar[2] for row in of_kind)  # not where a row has no interval
        bounds = [[row.uar[0] - row.uar[1] for row in of_kind], [row.uar[2] - row.uar[0] for row in of_kind]]
        axes.errorbar([row.data["parameters"] for row in of_kind], [row.uar[0] for row in of_kind], yerr=bounds if known else None,
                      fmt="o", markersize=5, capsize=2, elinewidth=0.8, color=COLORS.get(kind, "#555555"), label=kind)
    for number, (name, uar) in enumerate(lines.items()):
        axes.axhline(uar, color="#888888", linewidth=0.8, linestyle=("--", ":", "-.")[number % 3], label=name)
    axes.set(xlabel="trained parameters (log), without frozen encoders", ylabel="test UAR with 95 % interval")
    axes.set_title(title, fontsize=10)
    shown = [row for kind in COLORS for row in [row for row in rows if row.kind == kind][:SHOWN]]
    shown.sort(key=lambda row: -row.uar[0])
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    heights = spread([(row.uar[0] - low) / (high - low) for row in shown], 1 / max(len(shown), 14))
    for row, height in zip(shown, heights, strict=True):
        axes.annotate(names[row], (row.data["parameters"], row.uar[0]), (1.03, height), textcoords="axes fraction", va="center", fontsize=7,
                      color=COLORS.get(row.kind, "#555555"),
                      arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), "color": "#cccccc", "linewidth": 0.5, "shrinkA": 1, "shrinkB": 4})
    figure.legend(loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    return figure
