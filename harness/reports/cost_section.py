"""The cost of the rows of one leaderboard beside their quality: the table, the Pareto front in words, and its picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.pareto import Point, front, measured_alike
from harness.evaluation.rows import Row
from harness.reports.markdown import escape, table
from harness.training.cost import LATENCY

FORMS = {LATENCY: ".1f", "latency_p95_ms": ".1f", "multiply_adds": ",.2f", "model_mb": ".2f", "peak_memory_mb": ",.0f"}
UNITS = {"multiply_adds": 1e6}  # in which a figure is shown, where it is another than that of its name
BUSY_CORES = 0.25  # kept busy by other processes: more of them are worth a warning
Draw = Callable[[str, Sequence[Point]], str]


def cost_markdown(board: Leaderboard, draw: Draw | None) -> tuple[str, str]:
    """The Pareto front in a sentence, nothing where there is none; and the picture and the table, for a folded part.

    Args: draw: protocol and its points -> path of the picture; None: there is no picture.
    """
    measured = [row for row in board.finished if row.cost]
    names = {row.cell: board.short(row) for row in board.finished}
    points = {row.cell: Point(names[row.cell], row.cost[LATENCY], row.test["uar"][0], None if math.isnan(interval[0]) else interval)
              for row in measured for interval in [board.interval(row)]}
    comparable = measured_alike(measured)
    has_front = comparable and len(points) > 1
    best = front(list(points.values())) if has_front else []
    heads = ["network", "front", "UAR", "ms", "p95 ms", "10⁶ mult–adds", "model MB", "memory MB", "parameters", "training s"]
    lines = [_line(row, names[row.cell], points.get(row.cell) in best) for row in board.finished]
    picture = [f"![Test UAR against latency]({draw(board.rows[0].protocol, list(points.values()))})"] if has_front and draw else []
    return (_front_sentence(best) if has_front else ""), "\n\n".join([*picture, table(heads, lines, "llr"), *_notes(measured, comparable)])


def _line(row: Row, name: str, on_front: bool) -> list[str]:
    costs = [format(row.cost[key] / UNITS.get(key, 1), form) if key in row.cost else "–" for key, form in FORMS.items()]
    return [escape(name), "✓" if on_front else "", f"{row.test['uar'][0]:.3f}", *costs, f"{row.parameters:,}", f"{row.fit_seconds:.0f}"]


def _front_sentence(best: Sequence[Point]) -> str:
    names = ", ".join(f"{escape(point.label)} ({point.uar:.3f} at {point.latency_ms:.1f} ms)" for point in best)
    return (f"Pareto front of test UAR against latency, where no other row is both better and faster: {names}. It goes by the figures "
            "alone: rows that share a rank can't be told apart there either, and a row is chosen by validation UAR.")


def _notes(measured: Sequence[Row], comparable: bool) -> list[str]:
    """What the figures are, and what makes them doubtful."""
    if not measured:
        return ["Latency, multiply–adds, size and memory were not measured. Training seconds are the mean over seeds."]
    cores, lengths = ({row.cost[key] for row in measured} for key in ("cores", "clip_s"))
    notes = [f"Latency: one clip of {_range(lengths, '.2f')} s on {_range(cores, '.0f')} cores, on the CPU, one thread, from "
             "waveform to probabilities: resampling, features, normalisation and network. Multiply–adds: of the network's kernels for that "
             "clip. Model: the saved files, in 10⁶ bytes. Peak memory: of the whole process that predicted, Python and backend included. "
             "All were measured once a row, at the end of the run; training seconds are the mean over seeds."]
    busy = max(row.cost.get("others_cores", 0.0) for row in measured)
    if busy > BUSY_CORES:
        notes.append(f"⚠ Other processes kept up to {busy:.1f} cores busy during the measurements: latencies are higher than on an idle "
                     "machine, and what differs between rows may be theirs.")
    if not comparable:  # latencies of other clips or machines
        notes.append("There is no Pareto front: the rows were measured on different machines, backends or lengths of clip.")
    return notes


def _range(values: set[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
