"""What was deleted in MLflow is listed and brought back: a study, its runs, or one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_finals import record, said

from harness.tracking.restore import Deleted, deleted, restore
from harness.tracking.store import Store
from registry.errors import BenchError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two studies; of the first, a seed of two is deleted, and a run that was logged by hand."""
    store = Store(tmp_path)
    tracker = store.experiment("small")
    _, (first, _) = record(tracker, "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    mine = store.client.create_run(tracker.experiment_id).info.run_id
    for run in (first, mine):
        store.client.delete_run(run)
    store.experiment("whole")
    return store


def test_deleted_runs_are_listed_and_those_of_a_study_brought_back(store: Store) -> None:
    found, = deleted(store)
    assert (found.study, found.what, found.name) == ("small", "seed", "seed 0 (finished)") and deleted(store, "small") == [found]
    assert len(store.experiment("small").records("seed")) == 1
    assert restore(store, "small") == [found]
    assert len(store.experiment("small").records("seed")) == 2 and deleted(store) == [] == restore(store, "whole")


def test_one_run_is_brought_back_by_the_start_of_its_id(store: Store) -> None:
    found, = deleted(store)
    assert restore(store, found.id[:12]) == [found] and deleted(store) == []


def test_a_deleted_study_comes_back_with_its_runs(store: Store) -> None:
    number = store.experiment("small").experiment_id
    store.client.delete_experiment(number)
    run = next(each.id for each in deleted(store) if each.what == "final")
    with pytest.raises(BenchError, match=f"run {run} is of small, which was deleted as a whole: bench restore small"):
        restore(store, run)
    assert restore(store, "small")[0] == Deleted("small", "experiment", number, "with all its runs")
    assert store.studies() == ["small", "whole"] and len(store.experiment("small").records("seed")) == 2


def test_what_is_not_deleted_and_what_is_not_the_only_one_is_told(store: Store) -> None:
    with pytest.raises(BenchError, match=r"no deleted study or run of bench is called 'none'.*`bench restore` lists"):
        restore(store, "none")
    store.client.delete_run(store.experiment("small").records("final")[0].run_id)
    starts = [each.id for each in deleted(store)]
    assert len(starts) == 2
