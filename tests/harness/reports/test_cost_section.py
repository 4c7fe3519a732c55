"""Cost stands beside quality: the front in words, the table with dashes where nothing was measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from made_records import final

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.pareto import Point
from harness.evaluation.rows import rows
from harness.reports.cost_section import cost_markdown
from harness.tracking.run_record import RunRecord


def with_cost(cell: str, uar: float, latency: float, **cost: float) -> list[RunRecord]:
    """A cell's final and its seeds, the second of them measured."""
    first, second, whole = final(cell, (uar, uar), 0.1)
    figures = {"latency_median_ms": latency, "latency_p95_ms": 2 * latency, "multiply_adds": 1.5e6, "model_mb": 0.25,
               "peak_memory_mb": 700.0, "cores": 2.0, "clip_s": 2.5, **cost}
    metrics = {**second.metrics, **{f"cost/{key}": value for key, value in figures.items()}}
    return [first, dataclasses.replace(second, metrics=metrics), whole]


def told(*cells: list[RunRecord]) -> tuple[str, str, list[Point]]:
    """The sentence and the folded text of a leaderboard, and the points that were drawn."""
    drawn: list[Point] = []

    def draw(protocol: str, points: Sequence[Point]) -> str:
        drawn.extend(points)
        return f"{protocol}.png"

    board, = leaderboards(rows([record for cell in cells for record in cell]), {})
    return *cost_markdown(board, draw), drawn


def test_the_rows_of_the_front_are_named_the_fastest_first_and_rows_without_cost_show_dashes() -> None:
    sentence, text, drawn = told(with_cost("quick", 0.5, 4.0), with_cost("good", 0.6, 20.0), with_cost("poor", 0.45, 9.0),
                                 final("old", (0.7,), 0.1))
    assert "better and faster: quick (0.500 at 4.0 ms), good (0.600 at 20.0 ms). It" in sentence
    assert "| good | ✓ | 0.600 | 20.0 | 40.0 | 1.50 | 0.25 | 700 | 12,345 | 62 |" in text
    assert "| poor |  | 0.450 | 9.0 | 18.0 |" in text
    assert "| old |  | 0.700 | – | – | – | – | – | 12,345 | 61 |" in text
    assert "one clip of 2.50 s on 2 cores" in text and "![Test UAR against latency](unseen_speakers_80_20.png)" in text and "⚠" not in text
    assert sorted((point.latency_ms, point.label) for point in drawn) == [(4.0, "quick"), (9.0, "poor"),
                                                                          (20.0, "good")]


def test_rows_of_different_machines_have_no_front_and_a_busy_machine_is_told() -> None:
    sentence, text, drawn = told(with_cost("quick", 0.5, 4.0), with_cost("good", 0.6, 20.0, cores=16.0, others_cores=1.26))
    assert sentence == "" and drawn == [] and "✓" not in text and "measured on different machines" in text and "on 2 to 16 cores" in text
    assert "⚠ Other processes kept up to 1.3 cores busy" in text


def test_a_lone_measured_row_makes_no_front_and_rows_that_were_never_measured_say_so() -> None:
    sentence, text, drawn = told(with_cost("good", 0.6, 20.0))
    assert (sentence, drawn) == ("", []) and "| mel × good |  | 0.600 | 20.0 |" in text
    sentence, text, drawn = told(final("old", (0.7, 0.6), 0.1))
    assert (sentence, drawn) == ("", []) and "were not measured" in text
