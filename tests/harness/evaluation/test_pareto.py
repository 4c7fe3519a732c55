"""The rows that are worth their cost are those that no other beats."""

from __future__ import annotations

from harness.evaluation.pareto import Point, front


def test_equal_points_are_both_on_the_front_and_one_that_is_only_slower_is_not() -> None:
    points = [Point("a", 5, 0.5), Point("b", 5, 0.5), Point("c", 6, 0.5), Point("d", 7, 0.6)]
    assert [each.label for each in front(points)] == ["a", "b", "d"]
