"""The saved views of a study on MLflow's runs page: its leaderboard, charts of its finals, its search, and its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.tracking.saved_views import View

RUN_NAME = "attributes.`Run Name`"  # the first column
FIGURES = ("test/uar", "test/uar_low", "test/uar_high", "rank", "validation/uar", "cost/latency_median_ms", "cost/model_mb", "parameters")


@dataclass(frozen=True)
class ViewKeys:
    """What the runs of a study have that its views show.

    Args:
        components: parameters that name parts of the rows, such as `architecture`.
        searched: the settings of each search; cells may differ in them.
        where: the part of a filter that picks the runs of one corpus; empty where the experiment has one.
        second: the metric that the search seeks beside validation UAR; empty without one.
        of_trials: the figure by which trials are compared: where some were pruned, the latest epoch's, which these have, too.
    """

    components: Sequence[str] = ()
    searched: Sequence[tuple[str, ...]] = ()
    where: str = ""
    second: str = ""
    of_trials: str = "validation/uar"


@dataclass
class _Charts:
    """The charts of a view, in sections; MLflow adds one for every other metric, in sections below that are closed."""

    sections: list[dict[str, Any]] = field(default_factory=list)
    charts: list[dict[str, Any]] = field(default_factory=list)

    def section(self, name: str, columns: int = 3, height: int = 360, closed: bool = False) -> _Charts:
        """Begin a section. Args: columns: charts beside each other. height: of each, in pixels."""
        self.sections.append({"uuid": f"bench-section-{len(self.sections)}", "name": name, "display": not closed, "isReordered": True,
                              "columns": columns, "cardHeight": height})
        return self

    def add(self, kind: str, **settings: Any) -> _Charts:
        """Add a chart to the section."""
        self.charts.append({"type": kind, "uuid": f"bench-chart-{len(self.charts)}", "metricSectionId": self.sections[-1]["uuid"],
                            "deleted": False, "isGenerated": False, "runsCountToCompare": 100, **settings})
        return self

    def scatter(self, x: str, y: str, kind: str = "METRIC") -> _Charts:
        """Add a chart of one figure over another, or over a parameter."""
        return self.add("SCATTER", xaxis={"key": x, "type": kind}, yaxis={"key": y, "type": "METRIC"})

    def curve(self, metric: str) -> _Charts:
        """Add a chart of a figure by epoch, as it was measured."""
        return self.add("LINE", metricKey=metric, selectedMetricKeys=[metric], lineSmoothness=0, useGlobalLineSmoothing=False,
                        xAxisKey="step", scaleType="linear", ignoreOutliers=False)

    def confusions(self) -> _Charts:
        """Add the grid of confusion pictures."""
        return self.section("Confusions", columns=1, height=720).add("IMAGE", imageKeys=["confusion"], step=0, showRunParams=False)

    def state(self, *others: str) -> dict[str, Any]:
        """As the page's state has them. Args: others: names of the closed sections, in which MLflow's own charts go."""
        for name in (*others, "Model metrics", "System metrics"):
            self.section(name, closed=True)
        return {"compareRunSections": self.sections, "compareRunCharts": self.charts, "isAccordionReordered": True}


def study_views(keys: ViewKeys) -> dict[str, View]:
    """Key -> the view. The keys stay, so that links to them do."""
    finals, charts = f"{_of('final', keys)} and tags.`bench.standing` = 'current'", _final_charts()
    settings = [*dict.fromkeys(name for names in keys.searched for name in names)]
    of_trials = dict.fromkeys(["validation/uar", keys.of_trials, *([keys.second] if keys.second else []), "epochs", "seconds/fit"])
    of_seeds = ["test/uar", "validation/uar", "test/wa", "best_epoch", "epochs"]
    return {
        "bench-leaderboard": _view("1 Leaderboard", finals, "test/uar", FIGURES, keys.components, charts),
        "bench-charts": _view("2 Charts of finals", finals, "test/uar", FIGURES, keys.components, charts),
        "bench-search": _view("3 Search", f"{_of('trial', keys)} and attributes.status != 'KILLED'", keys.of_trials, [*of_trials],
                              [*settings, *keys.components], _search_charts(keys, settings)),
        "bench-seeds": _view("4 Seeds", _of("seed", keys), "test/uar", of_seeds, ["seed", *keys.components], _seed_charts())}


def _of(kind: str, keys: ViewKeys) -> str:
    return " and ".join(filter(None, (f"tags.`bench.kind` = '{kind}'", keys.where)))


def _view(name: str, where: str, order: str, metrics: Sequence[str], params: Sequence[str], charts: Mapping[str, Any]) -> View:
    columns = [*(f"metrics.`{metric}`" for metric in metrics), *(f"params.`{param}`" for param in params)]
    return View(name, {
        "searchFilter": where, "orderByKey": f"metrics.`{order}`", "orderByAsc": False, "startTime": "ALL", "lifecycleFilter": "Active",
        "selectedColumns": columns, "columnOrder": [RUN_NAME, *columns],
        "columnWidths": {RUN_NAME: 330, **{column: max(100, 8 * len(column) - 50) for column in columns}},
        "runsHiddenMode": "SHOW_ALL", "hideEmptyCharts": True, **charts})


def _final_charts() -> dict[str, Any]:
    charts = _Charts().section("UAR", columns=2).add("BAR", metricKey="test/uar").add("BAR", metricKey="validation/uar")
    charts.section("UAR and cost", columns=2).scatter("cost/latency_median_ms", "test/uar").scatter("parameters", "test/uar")
    return charts.confusions().state("test", "validation", "cost")


def _search_charts(keys: ViewKeys, searched: Sequence[str]) -> dict[str, Any]:
    charts = _Charts()
    if keys.searched:
        charts.section("Search", columns=1)
    for settings in keys.searched:
        charts.add("PARALLEL", selectedParams=list(settings), selectedMetrics=[keys.of_trials], showAllRuns=True)
    charts.section("Each setting")
    for name in searched:
        charts.scatter(name, keys.of_trials, "PARAM")
    if keys.second:
        charts.scatter(keys.second, keys.of_trials)
    return charts.section("By epoch", columns=2).curve("epoch/validation_uar").curve("epoch/train_loss").state(
        "validation", "epoch", "seconds")


def _seed_charts() -> dict[str, Any]:
    charts = _Charts().section("Seeds", columns=2).add("BAR", metricKey="test/uar").curve("epoch/validation_uar")
    charts.section("Loss", columns=2).curve("epoch/train_loss").curve("epoch/validation_loss")
    return charts.confusions().state("test", "validation", "cost", "epoch", "seconds")
