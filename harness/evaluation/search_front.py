"""What a search with two objectives found: its trials by both, those that no other beats, and a picture of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evaluation.pareto import Point, front
from harness.study.objectives import SECOND, metric_of
from harness.tracking.run_record import RunRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def search_points(records: Sequence[RunRecord]) -> dict[str, list[Point]]:
    """Second objective -> the completed trials of searches for it; a point's `latency_ms` is that objective, whatever it is."""
    trials = [run for run in records if run.kind == "trial" and run.state == "finished" and run.about.second_objective in SECOND]
    points: dict[str, list[Point]] = {}
    for run in trials:
        cost, uar = run.metrics.get(metric_of(run.about.second_objective)), run.validation_uar
        if cost is not None and uar is not None:
            points.setdefault(run.about.second_objective, []).append(Point(_label(run), cost, uar))
    return points


def _label(run: RunRecord) -> str:
    """The row and the settings of a trial."""
    settings = [f"{name.rpartition('.')[2]}={_short(value)}" for name, value in run.params.items() if "." in name]
    return ", ".join([run.about.label, *settings])


def _short(value: str) -> str:
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value


def front_figure(points: Sequence[Point], objective: str) -> Figure:
    """Validation UAR of each trial against its second objective, the front as a staircase."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4))
    axes = figure.add_axes((0.1, 0.16, 0.87, 0.72))
    best = front(points)
    axes.plot([point.latency_ms for point in points], [point.uar for point in points], "o", color="#888888", markersize=5, label="trial")
    stairs = [*((point.latency_ms, point.uar) for point in best), (max(point.latency_ms for point in points), best[-1].uar)]
    axes.step(*zip(*stairs, strict=True), where="post", color="#c05020", linewidth=1)
    axes.plot([point.latency_ms for point in best], [point.uar for point in best], "o", color="#c05020", markersize=6,
              label="no other trial beats it in both")
    axes.set(xlabel=f"{SECOND[objective]} of the network, for one clip" if objective != "parameters" else "parameters of the network",
             ylabel="validation UAR")
    axes.set_title(f"Validation UAR against {SECOND[objective]}: {len(points)} trials", fontsize=10)
    axes.legend(fontsize=8)
    return figure
