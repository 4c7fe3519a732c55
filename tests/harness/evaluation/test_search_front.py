"""The trials of a search with two objectives are its points; others, and those without a figure, are none."""

from __future__ import annotations

from made_records import record

from harness.evaluation.pareto import front
from harness.evaluation.search_front import front_figure, search_points

TRIALS = [record("trial", "a", seed, metrics={"validation/uar": uar, "objective/multiply_adds": cost}, feature_space="mel",
                 architecture="plain_2d", second_objective="multiply_adds")
          for seed, (uar, cost) in enumerate([(0.5, 90), (0.4, 30), (0.3, 50)])]
ONE_OBJECTIVE = record("trial", "a", 3, metrics={"validation/uar": 0.9}, feature_space="mel", architecture="plain_2d")


def test_points_are_the_trials_with_both_figures() -> None:
    points = search_points([*TRIALS, ONE_OBJECTIVE])["multiply_adds"]
    assert [(point.uar, point.latency_ms) for point in points] == [(0.5, 90), (0.4, 30), (0.3, 50)]
    assert [(point.uar, point.latency_ms) for point in front(points)] == [(0.4, 30), (0.5, 90)]
    assert search_points([ONE_OBJECTIVE]) == {}


def test_the_picture_names_its_axes_and_draws_the_front_as_stairs() -> None:
    axes, = front_figure(search_points(TRIALS)["multiply_adds"], "multiply_adds").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("multiply–adds of the network, for one clip", "validation UAR")
    assert axes.lines[1].get_xydata().tolist() == [[30, 0.4], [90, 0.5], [90, 0.5]]  # type: ignore[union-attr]
