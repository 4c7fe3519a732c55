"""The Pareto front of a search stands in the report as a table, the fastest first."""

from __future__ import annotations

from typing import Any

from made_records import final, record

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.front_section import front_markdown

SEARCHED = [record("trial", "a", seed, metrics={"validation/uar": uar, "objective/latency_ms": cost}, second_objective="latency_ms")
            for seed, (uar, cost) in enumerate([(0.5, 9.0), (0.4, 3.0), (0.3, 5.0)])]


def test_the_front_is_a_table_with_what_its_figures_mean() -> None:
    drawn: list[Any] = []
    board, = leaderboards(rows(final("a", (0.6, 0.6), 0.1)), {})
    text = front_markdown(board, SEARCHED, lambda *what: drawn.append(what) or "front.png")
    assert "2 trials of 3: no other has both a validation UAR as high and latency in ms as low. The finals have the settings of" in text
    assert text.index("| 0.400 | 3.00 |") < text.index("| 0.500 | 9.00 |") and "| 0.300" not in text
    assert "![Validation UAR against latency in ms](front.png)" in text and "the fastest tenth of 100 predictions" in text
    assert drawn[0][1] == "latency_ms" and len(drawn[0][2]) == 3


def test_a_search_with_one_objective_has_no_front() -> None:
    board, = leaderboards(rows(final("a", (0.6, 0.6), 0.1)), {})
    assert front_markdown(board, final("a", (0.6, 0.6), 0.1), None) == ""
