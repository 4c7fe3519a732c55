"""The ledger of openings: deleting and renaming runs does not shorten it, and no delivery counts twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_finals import record, said
from outbox_entries import entry, files

from harness.tracking.delivery import to_mlflow
from harness.tracking.openings import LEDGER, Opening, all_openings, opening_of
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Store(tmp_path).experiment("small")


def ledger(tracker: Tracker) -> dict[str, str]:
    tags = tracker.client.get_experiment(tracker.experiment_id).tags
    return {key.removeprefix(LEDGER): text for key, text in tags.items() if key.startswith(LEDGER)}


def test_each_scored_seed_is_an_opening_also_when_its_run_was_renamed_or_deleted(tracker: Tracker) -> None:
    _, (first, second) = record(tracker, "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    assert [opening.in_store for opening in tracker.openings()] == [True, True]
    tracker.client.set_tag(first, "mlflow.runName", "mine")
    tracker.client.delete_run(second)
    kept, gone = sorted(tracker.openings(), key=lambda opening: opening.seed)
    assert (kept.run_id, kept.in_store) == (first, True)
    assert (gone.run_id, gone.in_store, gone.cell, gone.seed, gone.signature) == (second, False, "good", "1", "good1")
    assert gone.where == "mel × good on random_80_20"
    tracker.client.restore_run(second)
    assert [opening.in_store for opening in tracker.openings()] == [True, True]


def test_a_run_whose_tags_were_edited_by_hand_is_the_same_opening(tracker: Tracker) -> None:
    _, (run,) = record(tracker, "good", 0.1, [said(0.7)])
    tracker.client.set_tag(run, "bench.uid", "changed")
    assert [(opening.run_id, opening.in_store) for opening in tracker.openings()] == [(run, True)]
    tracker.client.delete_tag(run, "bench.kind")
    assert [(opening.run_id, opening.in_store) for opening in tracker.openings()] == [(run, False)]


def test_a_home_without_a_ledger_counts_its_runs_and_gets_one(tracker: Tracker) -> None:
    record(tracker, "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    for uid in ledger(tracker):
        tracker.client.delete_experiment_tag(tracker.experiment_id, LEDGER + uid)
    assert len(tracker.openings()) == 2 and ledger(tracker) == {}
    assert set(tracker.complete_ledger()) == set(tracker.complete_ledger()) == set(tracker.openings())
    assert len(ledger(tracker)) == 2 == len(tracker.openings())


def test_an_entry_changed_by_hand_still_counts() -> None:
    assert all_openings({f"{LEDGER}u": "not JSON", "bench.kind": "study"}, []) == [Opening("u", in_store=False)]


def test_a_delivery_that_breaks_off_at_any_call_leaves_one_opening_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call that writes to the store breaks off once, before or after it took effect, and the delivery is repeated."""
    tracker, box = Store(tmp_path).experiment("cnn"), Outbox(tmp_path)
    box.commit(entry(kind="seed", study="cnn", metrics={"test/uar": 0.5, "validation/uar": 0.5}), files)

    class Killed(Exception):
        """Stands for the end of the process."""

    broken: set[tuple[str, bool]] = set()

    def breaks_off(name: str, call: object) -> object:
        def once(*args: object, **options: object) -> object:
            for after in (False, True):
                if (name, after) not in broken:
                    broken.add((name, after))
                    if after:
                        call(*args, **options)  # type: ignore[operator]
                    raise Killed
            return call(*args, **options)  # type: ignore[operator]
        return once

    names = ("create_run", "set_experiment_tag", "log_batch", "set_terminated")
    for name in names:
        monkeypatch.setattr(tracker.client, name, breaks_off(name, getattr(tracker.client, name)))
    for _ in range(2 * len(names)):
        with pytest.raises(Killed):
            box.deliver("u1", to_mlflow(tracker))
        figures = [run for run in tracker.records("seed") if run.opened_test]
        assert len(figures) <= len(ledger(tracker)) <= 1  # no figure without its opening, at no moment
    run = box.deliver("u1", to_mlflow(tracker))
    assert list(ledger(tracker)) == ["u1"] and len(tracker.openings()) == 1
    assert opening_of(tracker.record(run)) == tracker.openings()[0]
