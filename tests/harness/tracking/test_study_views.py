"""The four views of a study show what it has: its finals, its searched settings, its protocols."""

from __future__ import annotations

from typing import Any

from harness.tracking.saved_views import to_tag
from harness.tracking.study_views import ViewKeys, study_views

KEYS = ViewKeys(("protocol", "architecture"), (("svm.C",), ("training.epochs", "training.learning_rate")), "tags.`bench.x` = '1'",
                "parameters", "epoch/validation_uar")


def charts(state: Any, kind: str) -> list[dict[str, Any]]:
    return [chart for chart in state["compareRunCharts"] if chart["type"] == kind]


def test_the_leaderboard_is_of_current_finals_best_test_uar_first_with_interval_and_rank() -> None:
    view = study_views(KEYS)["bench-leaderboard"]
    assert view.name == "1 Leaderboard" and view.state["orderByKey"] == "metrics.`test/uar`" and view.state["orderByAsc"] is False
    assert view.state["searchFilter"] == "tags.`bench.kind` = 'final' and tags.`bench.x` = '1' and tags.`bench.standing` = 'current'"
    columns = view.state["selectedColumns"]
    assert columns[:4] == ["metrics.`test/uar`", "metrics.`test/uar_low`", "metrics.`test/uar_high`", "metrics.`rank`"]
    assert columns[-2:] == ["params.`protocol`", "params.`architecture`"]


def test_the_search_has_parallel_coordinates_for_each_set_of_settings_and_looks_at_no_test_figure() -> None:
    state = study_views(KEYS)["bench-search"].state
    assert [chart["selectedParams"] for chart in charts(state, "PARALLEL")] == [["svm.C"], ["training.epochs", "training.learning_rate"]]
    assert all(chart["selectedMetrics"] == ["epoch/validation_uar"] and chart["showAllRuns"] for chart in charts(state, "PARALLEL"))
    assert [chart["xaxis"]["key"] for chart in charts(state, "SCATTER")] == ["svm.C", "training.epochs", "training.learning_rate",
                                                                             "parameters"]
    assert "test/" not in str(state) and "status != 'KILLED'" in state["searchFilter"]


def test_without_a_search_its_view_has_no_chart_of_settings() -> None:
    state = study_views(ViewKeys(("protocol",)))["bench-search"].state
    assert charts(state, "PARALLEL") == charts(state, "SCATTER") == [] and len(charts(state, "LINE")) == 2


def test_every_chart_lies_in_a_section_of_its_view_and_confusions_are_a_grid() -> None:
    for key, view in study_views(KEYS).items():
        sections = {section["uuid"] for section in view.state["compareRunSections"]}
        assert len(sections) == len(view.state["compareRunSections"])
        assert {chart["metricSectionId"] for chart in view.state["compareRunCharts"]} <= sections
        assert len(charts(view.state, "IMAGE")) == (key != "bench-search")


def test_a_view_of_a_wide_search_fits_the_tag_of_the_oldest_server() -> None:
    wide = ViewKeys(("protocol", "recipe", "feature_space", "architecture", "augmentation"),
                    tuple(tuple(f"network_{cell}.setting_{i}" for i in range(12)) for cell in range(6)))
    assert all(len(to_tag(view)) < 5000 for view in study_views(wide).values())
