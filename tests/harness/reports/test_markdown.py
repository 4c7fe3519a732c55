"""Figures, tables and texts become Markdown that nothing in them can break."""

from __future__ import annotations

import math

from made_records import HOSTILE, row_of

from harness.reports.markdown import escape, folded, plural, plus_minus, table, with_spread


def test_hostile_text_loses_its_markup() -> None:
    assert escape(HOSTILE) == "a\\|b 'c' &lt;script> d &amp; e"


def test_a_figure_has_its_deviation_and_its_interval_where_there_are_any() -> None:
    assert [plus_minus(row_of(cell).test["uar"]) for cell in ("good", "weak")] == ["0.550 ± 0.071", "0.400"]
    assert with_spread((0.55, 0.07), (0.4, 0.6)) == "0.550 ± 0.070 [0.400, 0.600]"
    assert with_spread((0.55, math.nan), (math.nan, math.nan)) == "0.550 [–]"


def test_the_last_letter_of_a_tables_alignment_is_that_of_the_columns_that_follow() -> None:
    assert table(["a", "b", "c", "d"], [["1", "2", "3", "4"]], "lcr").splitlines()[1] == "| --- | :-: | --: | --: |"
    assert table(["a"], [], "lr").splitlines() == ["| a |", "| --- |"]


def test_one_thing_is_singular_and_a_folded_part_has_its_summary() -> None:
    assert [plural(n, "seed") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
    assert folded("more", "text") == "<details><summary>more</summary>\n\ntext\n\n</details>"
