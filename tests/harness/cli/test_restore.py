"""`bench restore` as people call it."""

from __future__ import annotations

from pathlib import Path

from calls import bench
from made_finals import record, said

from harness.tracking.store import Store


def test_deleted_finals_are_told_by_report_and_audit_listed_and_brought_back(tmp_path: Path) -> None:
    tracker = Store(tmp_path).experiment("small")
    final, seeds = record(tracker, "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    for run in (final, *seeds):
        tracker.client.delete_run(run)
    page = tmp_path / "reports" / "small.md"
    assert bench("report", "--home", tmp_path).code == 0
    assert ("opened 2 times, 2 of them in runs that are no longer in the store: they were deleted, and `bench restore` brings back what "
            "MLflow still has.") in page.read_text()
    audit = bench("audit", "small", "--home", tmp_path)
    assert audit.code == 1 and "its test parts were opened 2 times, in runs that were deleted; `bench restore small` brings" in audit.err
    listed = bench("restore", "small", "--dry-run", "--home", tmp_path)
    assert listed.code == 0 and seeds[0] in listed.out and "3 deleted" in listed.out
    assert bench("restore", "--home", tmp_path).out.count("small") == 3
    brought = bench("restore", "small", "--home", tmp_path)
    assert brought.code == 0 and "3 brought back" in brought.out
    assert "nothing of small is deleted" in bench("restore", "small", "--home", tmp_path).out
    rows = bench("report", "--json", "--home", tmp_path)
    assert '"test_openings": 2' in rows.out and '"deleted_openings": 0' in rows.out
    assert "opened 2 times, once for each seed of each final" in page.read_text()


def test_a_study_deleted_as_a_whole_is_told_wherever_it_is_looked_for(tmp_path: Path) -> None:
    tracker = Store(tmp_path).experiment("small")
    tracker.client.delete_experiment(tracker.experiment_id)
    for call in (("report",), ("report", "--study", "small"), ("audit", "small"), ("noise", "small")):
        outcome = bench(*call, "--home", tmp_path)
        assert outcome.code == 1 and "was deleted in MLflow" in outcome.err and "bench restore" in outcome.err, call
    assert bench("restore", "small", "--home", tmp_path).code == 0
