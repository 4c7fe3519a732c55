"""A report brings MLflow's pages up to date, writes nothing twice, and leaves alone what people and earlier versions wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_finals import record, said
from made_records import record as made_record

from harness.evaluation.leaderboard import read_leaderboards
from harness.reports.mlflow_pages import show_in_mlflow, view_keys
from harness.tracking.run_record import RunTags
from harness.tracking.saved_views import VIEW, state_of
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker

NOTE = "mlflow.note.content"


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Two rows with a seed each; validation chooses the first."""
    tracker = Store(tmp_path).experiment("mine")
    study = tracker.start("study", "mine on synthetic", None, RunTags(corpus="synthetic", corpus_fingerprint="0" * 16, question="Which?"))
    tracker.end(study, "finished")
    for cell, share in (("good", 0.7), ("weak", 0.4)):
        final, _ = record(tracker, cell, 0.1, [said(share)])
        tracker.rename(final, f"{cell} · random_80_20")
    return tracker


def show(tracker: Tracker, version: str = "3.17.2") -> None:
    """As a report does, without its pictures."""
    records, boards = read_leaderboards(Store(tracker.home), "mine")
    show_in_mlflow(tracker, "mine.md", records, boards, version)


def finals(tracker: Tracker) -> dict[str, Any]:
    return {final.about.architecture: final for final in tracker.records("final")}


def test_finals_have_interval_rank_size_pictures_and_tables_and_the_one_to_take_is_marked(tracker: Tracker) -> None:
    show(tracker)
    good, weak = finals(tracker)["good"], finals(tracker)["weak"]
    assert (good.name, weak.name) == ("good ★ chosen · random_80_20", "weak · random_80_20")
    assert (good.metrics["rank"], weak.metrics["rank"]) == (1, 2)
    for final in (good, weak):
        assert final.metrics["test/uar_low"] < final.metrics["test/uar"] < final.metrics["test/uar_high"]
        assert final.about.standing == "current" and not final.opened_test
        assert "clips.json" in final.tags["mlflow.loggedArtifacts"] and final.tags["mlflow.loggedImages"] == "True"
    assert len(tracker.openings()) == 2


def test_question_answer_and_views_are_on_the_experiment_and_the_study_s_run(tracker: Tracker) -> None:
    show(tracker)
    tags, study = tracker.experiment_tags, tracker.records("study")[0]
    assert tags[NOTE].startswith("**Which?**") and "**Take good.**" in tags[NOTE] == study.tags[NOTE]
    assert sorted(key for key in tags if key.startswith(VIEW)) == [f"{VIEW}bench-{key}" for key in
                                                                   ("charts", "leaderboard", "search", "seeds")]
    assert "params.`training.learning_rate`" not in state_of(tags[f"{VIEW}bench-leaderboard"])["selectedColumns"]


def test_a_second_report_writes_nothing_again(tracker: Tracker) -> None:
    show(tracker)
    before = tracker.experiment_tags, repr(finals(tracker))  # a text: deviations of one seed are NaN
    show(tracker)
    assert (tracker.experiment_tags, repr(finals(tracker))) == before
    for final in finals(tracker).values():
        assert len(tracker.client.get_metric_history(final.run_id, "rank")) == 1
        assert len(tracker.client.list_artifacts(final.run_id, "images")) == 2


def test_a_later_final_takes_the_mark_and_the_place_of_an_earlier_one(tracker: Tracker) -> None:
    show(tracker)
    later, _ = record(tracker, "weak", 0.2, [said(0.9)])
    tracker.tag(later, RunTags(requested_at=2e9))
    show(tracker)
    found = {final.run_id: (final.name, final.about.standing) for final in tracker.records("final")}
    assert found.pop(later) == ("final ★ chosen", "current")
    assert sorted(found.values()) == [("good · random_80_20", "current"), ("weak · random_80_20", "superseded")]


def test_notes_of_people_and_names_of_earlier_versions_stay(tracker: Tracker) -> None:
    tracker.set_experiment_tag(NOTE, "Ask Anna.")
    tracker.rename(finals(tracker)["good"].run_id, "final good C=0.1")
    show(tracker)
    assert tracker.experiment_tags[NOTE] == "Ask Anna." and finals(tracker)["good"].name == "final good C=0.1"


def test_views_are_left_away_for_pages_that_they_were_not_tried_with(tracker: Tracker) -> None:
    show(tracker, "4.0.0")
    assert not [key for key in tracker.experiment_tags if key.startswith(VIEW)] and NOTE in tracker.experiment_tags


def test_a_store_that_takes_nothing_keeps_no_report_from_being_written(tracker: Tracker, monkeypatch: pytest.MonkeyPatch,
                                                                       caplog: pytest.LogCaptureFixture) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("the server is gone")

    monkeypatch.setattr(Tracker, "log_metrics", away)
    show(tracker)
    assert "MLflow does not take what its pages are to show of mine: the server is gone" in caplog.text


def test_views_show_the_latest_corpus_where_there_are_several_and_compare_pruned_trials_by_what_all_have() -> None:
    earlier, later = ({"corpus_fingerprint": digit * 16} for digit in "01")
    ranges = '{"training.epochs": {}}'
    trials = [made_record("trial", "net", 0, "pruned", {"epoch/validation_uar": 0.3}, {"training.epochs": "3"}, ranges=ranges, **later),
              made_record("trial", "net", 1, params={"svm.C": "1.0", "architecture": "net"}, **earlier)]
    keys = view_keys([made_record("study", "", 0, **earlier), made_record("study", "", 1, **later), *trials])
    assert keys.where == f"tags.`bench.corpus_fingerprint` = '{'1' * 16}'" and keys.searched == (("training.epochs",),)
    assert keys.of_trials == "epoch/validation_uar" and view_keys(trials[1:]).of_trials == "validation/uar"
    assert view_keys(trials[1:]).components == ["architecture"] and view_keys(trials[1:]).where == ""
