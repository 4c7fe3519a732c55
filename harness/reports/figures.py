"""Pictures of reports: reliability, critical differences, the Pareto front, recall in noise, transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.pareto import Point, front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.evaluation.calibration import Bin
    from harness.evaluation.voices import VoicesOfRow


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


def pareto_figure(points: Sequence[Point], title: str) -> Figure:
    """UAR with its interval against latency, the front as a staircase; names stand in the margin, the best on top."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure = Figure(figsize=(8.2, max(3.4, 1.2 + 0.24 * len(points))), layout="constrained")
    axes = figure.add_subplot()
    best = front(points)
    axes.set_xscale("log")
    latencies = [point.latency_ms for point in points]
    axes.set(xlim=(min(latencies) / 1.3, max(latencies) * 1.3), xlabel="latency of one clip, median in ms (log)", ylabel="test UAR")
    axes.step([*(point.latency_ms for point in best), axes.get_xlim()[1]], [*(point.uar for point in best), best[-1].uar], where="post",
              color="#c05020", linewidth=1)
    for point in points:
        low, high = point.interval or (point.uar, point.uar)
        axes.errorbar(point.latency_ms, point.uar, yerr=[[point.uar - low], [high - point.uar]], marker="o", markersize=5, capsize=2,
                      elinewidth=0.8, color="#c05020" if point in best else "#888888")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    _write_names(axes, points, best)
    axes.set_title(f"{title}\n(on the line: no other row is both faster and better)", fontsize=10)
    return figure


def _write_names(axes: Axes, points: Sequence[Point], best: Sequence[Point]) -> None:
    """Each row's name in the right margin, as near to the height of its point as the others allow, and a line to the point."""
    low, high = axes.get_ylim()
    ordered = sorted(points, key=lambda point: (-point.uar, point.latency_ms))
    heights = spread([(point.uar - low) / (high - low) for point in ordered], 1 / max(len(points), 14))
    for point, height in zip(ordered, heights, strict=True):
        axes.annotate(point.label, (point.latency_ms, point.uar), (1.03, height), textcoords="axes fraction", va="center", fontsize=8,
                      color="black" if point in best else "#555555",
                      arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), "color": "#bbbbbb", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 4})


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Heights between 0 and 1 near the given ones, which fall, and at least `gap` apart.

    >>> [round(height, 2) for height in spread([0.9, 0.88, 0.01, 0.0], 0.1)]
    [0.9, 0.8, 0.15, 0.05]
    """
    apart: list[float] = []
    for place, height in enumerate(heights):
        room_below = (len(heights) - 1 - place + 0.5) * gap
        apart.append(max(min(height, apart[-1] - gap if apart else 1 - gap / 2), room_below))
    return apart


def layers_figure(rows: Sequence[tuple[int, VoicesOfRow]], title: str) -> Figure:
    """UAR with its interval on new and on heard speakers against the layer of an encoder; below, what heard voices are worth.

    Args: rows: layer, and the row that has it, in order.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    layers = [layer for layer, _ in rows]
    for kind, figures, color, inside in (("new speakers", [row.new for _, row in rows], "#1f5fa8", "#1f5fa8"),
                                         ("heard speakers", [row.heard for _, row in rows], "#c05020", "white")):
        value, low, high = np.array(figures).T
        upper.plot(layers, value, "o-", color=color, mfc=inside, markersize=5, linewidth=1.2, label=kind)
        upper.fill_between(layers, low, high, color=color, alpha=0.12, linewidth=0)
    value, low, high = 100 * np.array([row.gain for _, row in rows]).T
    lower.axhline(0, color="#888888", linewidth=0.8, linestyle="--")
    lower.errorbar(layers, value, yerr=[value - low, high - value], fmt="o-", color="black", markersize=4, capsize=3, elinewidth=0.9)
    upper.set(ylabel="test UAR")
    upper.legend(fontsize=8, frameon=False)
    lower.set(xlabel="layer", ylabel="points gained\nfrom heard voices", xticks=layers)
    upper.set_title(f"{title}\n(with 95 % intervals over speakers)", fontsize=10)
    return figure


def enrolment_figure(lines: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """What known clips of the speakers are worth against how many there are, a line for each composition.

    Args: lines: of which emotions -> how many -> points of UAR with their interval, NaN where there is none; numbers in order.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    numbers = max(lines.values(), key=len)
    places = {number: place for place, number in enumerate(dict.fromkeys(["0", *numbers, *(n for line in lines.values() for n in line)]))}
    for shift, (name, line) in enumerate(lines.items()):
        value, low, high = np.array([(0.0, 0.0, 0.0), *line.values()]).T
        at = np.array([0, *(places[number] for number in line)]) + 0.08 * (shift - (len(lines) - 1) / 2)
        axes.errorbar(at, value, yerr=[value - low, high - value], fmt="o-", markersize=4, capsize=3, elinewidth=0.9, linewidth=1.2,
                      label=name)
    axes.axhline(0, color="#888888", linewidth=0.8, linestyle="--")
    axes.set(xticks=list(places.values()), xticklabels=list(places), xlabel="known clips of each speaker, without labels",
             ylabel="points of UAR gained")
    axes.legend(fontsize=8, frameon=False, title="of which emotions", title_fontsize=8)
    return figure


def noise_figure(lines: Mapping[str, Mapping[str, Sequence[tuple[float, float, float]]]], places: Sequence[str], chance: float) -> Figure:
    """A panel for each kind of noise, a line for each row, with its interval where there is one.

    Args:
        lines: kind of noise -> row -> (UAR, low, high) at each place, NaN where there is none. places: `clean`, `20 dB`, …
    """
    from matplotlib.figure import Figure

    rows = list(dict.fromkeys(row for of_kind in lines.values() for row in of_kind))
    figure = Figure(figsize=(1.2 + 3.4 * len(lines), 3.4 + 0.18 * len(rows)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(lines), sharey=True))
    at = np.arange(len(places))
    for axes, (kind, of_kind) in zip(panels, lines.items(), strict=True):
        for number, (row, points) in enumerate(of_kind.items()):
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
