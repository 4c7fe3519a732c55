"""Tables leave out what says nothing, and filters have the values that lines have."""

from __future__ import annotations

from harness.reports.html.tables import Cell, Column, Line, Table, choices, number, telling


def line(first: str, seeds: str, **keys: str) -> Line:
    return Line([Cell(first), Cell("a"), Cell(seeds)], keys)


def test_a_column_that_is_to_differ_goes_where_all_lines_show_the_same() -> None:
    columns = [Column("kind", telling=True), Column("name"), Column("seeds", telling=True)]
    table = telling(Table("t", "", columns, [line("x", "3"), line("y", "3")], [line("", "")], head_column=1))
    assert [column.head for column in table.columns] == ["kind", "name"] and table.head_column == 1
    assert [len(each.cells) for each in (*table.lines, *table.below)] == [2, 2, 2]


def test_a_filter_has_each_value_once_and_there_is_none_for_a_single_value() -> None:
    lines = [line("x", "3", study="a\nb", kind="k"), line("y", "3", study="b", kind="k"), Line([])]
    found, = choices("study", "Study", lines)
    assert dict(found.values) == {"": "all", "a": "a", "b": "b"} and choices("kind", "Kind", lines) == []
    assert dict(choices("study", "Study", lines, several=True)[0].values) == {"a": "a", "b": "b"}


def test_a_missing_figure_is_sorted_last_by_an_empty_value() -> None:
    assert number(float("nan")) == number(None) == Cell("–", "") and number(0.12345) == Cell("0.123", "0.12345")
