"""Which rows are worth their cost: the Pareto front of UAR against latency, and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Point:
    """A row: its latency of one clip in ms, and its UAR with its 95 % interval, where there is one."""

    label: str
    latency_ms: float
    uar: float
    interval: tuple[float, float] | None = None


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, the fastest first: none is as fast and as good, and better in one of the two.

    >>> [each.label for each in front([Point("b", 9, 0.5), Point("slow", 10, 0.5), Point("a", 3, 0.4), Point("weak", 9, 0.3)])]
    ['a', 'b']
    """
    return sorted((a for a in points if not any(_beats(b, a) for b in points)), key=lambda each: (each.latency_ms, each.label))


def _beats(one: Point, other: Point) -> bool:
    return (one.latency_ms <= other.latency_ms and one.uar >= other.uar
            and (one.latency_ms, one.uar) != (other.latency_ms, other.uar))


def pareto_figure(points: Sequence[Point], title: str) -> Figure:
    """UAR with its interval against latency, the front as a staircase; names stand in the margin, the best on top."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure = Figure(figsize=(8.2, max(3.4, 1.2 + 0.24 * len(points))), layout="constrained")
    axes = figure.add_subplot()
    best = front(points)
    axes.set_xscale("log")
    axes.set(xlim=_widened([each.latency_ms for each in points]), xlabel="latency of one clip, median in ms (log)", ylabel="test UAR")
    axes.step([*(each.latency_ms for each in best), axes.get_xlim()[1]], [*(each.uar for each in best), best[-1].uar], where="post",
              color="#c05020", linewidth=1)
    for each in points:
        low, high = each.interval or (each.uar, each.uar)
        axes.errorbar(each.latency_ms, each.uar, yerr=[[each.uar - low], [high - each.uar]], marker="o", markersize=5, capsize=2,
                      elinewidth=0.8, color="#c05020" if each in best else "#888888")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    _name(axes, points, best)
    axes.set_title(f"{title}\n(on the line: no other row is both faster and better)", fontsize=10)
    return figure


def _widened(latencies: Sequence[float]) -> tuple[float, float]:
    return min(latencies) / 1.3, max(latencies) * 1.3


def _name(axes: Axes, points: Sequence[Point], best: Sequence[Point]) -> None:
    """Each row's name in the right margin, as near to the height of its point as the others allow, and a line to the point."""
    low, high = axes.get_ylim()
    ordered = sorted(points, key=lambda each: (-each.uar, each.latency_ms))
    heights = spread([(each.uar - low) / (high - low) for each in ordered], 1 / max(len(points), 14))
    for each, height in zip(ordered, heights, strict=True):
        axes.annotate(each.label, (each.latency_ms, each.uar), (1.03, height), textcoords="axes fraction", va="center", fontsize=8,
                      color="black" if each in best else "#555555",
                      arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), "color": "#bbbbbb", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 4})


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Heights between 0 and 1 near the wanted ones, which fall, and at least `gap` apart.

    >>> [round(height, 2) for height in spread([0.9, 0.88, 0.01, 0.0], 0.1)]
    [0.9, 0.8, 0.15, 0.05]
    """
    heights: list[float] = []
    for place, height in enumerate(wanted):
        room_below = (len(wanted) - 1 - place + 0.5) * gap
        heights.append(max(min(height, heights[-1] - gap if heights else 1 - gap / 2), room_below))
    return heights
