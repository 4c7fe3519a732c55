"""Which rows are worth their cost: the Pareto front of UAR against latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.evaluation.rows import Row


@dataclass(frozen=True)
class Point:
    """A row: its latency of one clip in ms, and its UAR with its 95 % interval, where there is one."""

    label: str
    latency_ms: float
    uar: float
    interval: tuple[float, float] | None = None


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, the fastest first: none is as fast and as good, and better in one of the two.

    >>> [point.label for point in front([Point("b", 9, 0.5), Point("slow", 10, 0.5), Point("a", 3, 0.4), Point("weak", 9, 0.3)])]
    ['a', 'b']
    """
    return sorted((a for a in points if not any(_beats(b, a) for b in points)), key=lambda point: (point.latency_ms, point.label))


def measured_alike(rows: Sequence[Row]) -> bool:
    """Whether the costs of rows, each measured, can be set side by side: on as many cores, by one backend, of clips of one length."""
    return len({(row.cost["cores"], row.cost["clip_s"], row.backend) for row in rows}) == 1


def _beats(a: Point, b: Point) -> bool:
    return a.latency_ms <= b.latency_ms and a.uar >= b.uar and (a.latency_ms, a.uar) != (b.latency_ms, b.uar)
