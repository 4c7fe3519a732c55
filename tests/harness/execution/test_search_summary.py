"""The study's own run has the curves, figures, pictures and best trials of its searches, each once however often it is continued."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from calls import Ran
from searched_cells import search_of

from harness.evaluation.search_results import cell_searches
from harness.execution.search_summary import metric_names
from harness.tracking.store import Store


def test_a_really_run_study_has_what_its_search_found_on_its_own_run(ran: Ran, tmp_path: Path) -> None:
    tracker = Store(ran.home).experiment("tiny_study")
    run, = tracker.records("study")
    trials = [record for record in tracker.records("trial") if record.about.split == "random_80_20"]
    names = sorted(name for name in run.metrics if name.startswith("random_80_20/search_"))
    assert [name.partition("/")[2].partition("/")[0] for name in names] == [
        "search_best_so_far", *(5 * ["search_epochs"]), "search_uar"]
    assert [run.metrics[f"random_80_20/search_epochs/{name}"] for name in ("trained", "full", "saved_share")] == [4, 4, 0.0]
    points = tracker.client.get_metric_history(run.run_id, names[-1])
    assert [(point.step, point.value) for point in points] == [(n, trial.validation_uar) for n, trial in enumerate(trials, 1)]
    folder = tracker.files(run.run_id, "search/random_80_20", tmp_path)
    assert folder and sorted(path.name for path in folder.iterdir()) == ["best_trials.csv", "trials.png"]
    with (folder / "best_trials.csv").open(encoding="utf-8") as file:
        best = list(csv.DictReader(file))
    assert [line["state"] for line in best] == ["finished"] * 2
    assert float(best[0]["validation_uar"]) >= float(best[1]["validation_uar"]) and float(best[0]["training.learning_rate"]) > 0


def test_each_trial_of_a_run_notes_the_range_that_its_point_was_drawn_from(ran: Ran) -> None:
    for record in Store(ran.home).experiment("tiny_study").records("trial", "seed", "final"):
        rate = record.about.ranges["training.learning_rate"]
        assert (rate["attributes"]["low"], rate["attributes"]["high"], rate["attributes"]["log"]) == (1e-3, 1e-1, True)


def test_cells_of_one_label_have_metrics_of_their_own() -> None:
    first, second, other = cell_searches([*search_of("a", 1), *search_of("b", 1), *search_of("c", 1)]).values()
    assert metric_names([first, replace(second, label=first.label), other]) == [
        f"mel_image-a-{first.cell}", f"mel_image-a-{second.cell}", "mel_image-c"]
