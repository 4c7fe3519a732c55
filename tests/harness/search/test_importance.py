"""The setting that decides gets nearly all of the importance, and too few trials get none."""

from __future__ import annotations

from searched_cells import search_of

from harness.evaluation.search_results import cell_searches
from harness.search.importance import importances


def test_the_learning_rate_that_alone_decides_has_most_of_the_importance() -> None:
    search, = cell_searches(search_of("a", 24)).values()
    points = [trial.settings for trial in search.ranked]
    found = importances(points, search.ranges)
    assert next(iter(found)) == "training.learning_rate" and found["training.learning_rate"] > 0.6
    assert sum(found.values()) == 1 or abs(sum(found.values()) - 1) < 1e-9
    assert importances(points[:15], search.ranges) == {}
    assert importances(points, {"training.learning_rate": search.ranges["training.learning_rate"]}) == {}
