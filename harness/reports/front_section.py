"""The trials of one leaderboard that no other beats in validation UAR and the second objective of their search: table and picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.pareto import Point, front
from harness.evaluation.search_front import search_points
from harness.reports.markdown import escape, folded, plural, table
from harness.study.objectives import SECOND
from harness.tracking.run_record import RunRecord

Draw = Callable[[str, str, Sequence[Point]], str]
LATENCY = (" Latency is that of one clip, from features to probabilities, in a worker: the fastest tenth of 100 predictions, measured once "
           "for each network. Other work on the machine blurs it.")


def front_markdown(board: Leaderboard, records: Sequence[RunRecord], draw: Draw | None) -> str:
    """A folded part for each second objective; empty where the searches had one objective.

    Args: draw: protocol, objective and points -> path of the picture; None: there is none.
    """
    cells = {row.cell for of in board.folds or (board,) for row in of.rows}
    found = search_points([run for run in records if run.about.cell in cells])
    return "\n\n".join(_section(board.rows[0].protocol, objective, points, draw) for objective, points in found.items())


def _section(protocol: str, objective: str, points: Sequence[Point], draw: Draw | None) -> str:
    best, form = front(points), ".2f" if objective == "latency_ms" else ",.0f"
    lines = [[escape(point.label), f"{point.uar:.3f}", f"{point.latency_ms:{form}}"] for point in best]
    text = (f"{plural(len(best), 'trial')} of {len(points)}: no other has both a validation UAR as high and {SECOND[objective]} as low. "
            f"The finals have the settings of highest validation UAR.{LATENCY if objective == 'latency_ms' else ''}")
    picture = [f"![Validation UAR against {SECOND[objective]}]({draw(protocol, objective, points)})"] if draw else []
    return folded(f"Pareto front of the search: validation UAR against {SECOND[objective]}",
                  "\n\n".join([text, table(["trial", "validation UAR", SECOND[objective]], lines, "lrr"), *picture]))
