"""A result becomes one run of MLflow with its points, datasets and files, whatever breaks off on the way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow_client import client_of
from outbox_entries import entry, files

from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox, OutboxEntry
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store


def test_a_delivery_that_broke_off_is_completed_without_a_second_run_or_a_doubled_point(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    live = tracker.start("trial", "lr=1", None, RunTags(uid="u1"), {"lr": 1})
    tracker.log_epoch(live, 1, {"validation_uar": 0.4}, at_ms=1000)
    box.commit(entry(run_id=live), files)

    def breaks_off(what: OutboxEntry, folder: Path) -> str:
        to_mlflow(tracker)(what, folder)
        raise ConnectionError("the line broke before the answer came")

    with pytest.raises(ConnectionError):
        box.deliver("u1", breaks_off)
    assert box.waiting() == ["u1"]
    assert box.deliver("u1", to_mlflow(tracker)) == live
    assert [r.run_id for r in tracker.records_of("u1")] == [live]
    curve = client_of(tmp_path).get_metric_history(live, "epoch/validation_uar")
    assert [(point.step, point.value) for point in curve] == [(1, 0.4), (2, 0.5)]


def test_results_that_name_a_new_dataset_at_the_same_moment_are_all_delivered(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    together = threading.Barrier(4, timeout=20)

    def deliver(place: int) -> None:
        for digest in "abcdef":
            inputs = [{"name": "clips", "digest": digest, "source": "s", "profile": "{}", "part": "train"}]
            box.commit(entry(f"{digest}{place}", inputs=inputs), files)
            together.wait()
            box.deliver(f"{digest}{place}", to_mlflow(tracker))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    assert not box.waiting() and {r.state for r in tracker.records()} == {"finished"}


def test_a_run_that_an_earlier_try_of_the_same_work_left_open_ends_as_killed(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    first, second = (tracker.start("trial", "lr=1", None, RunTags(uid="u1")) for _ in range(2))
    box.commit(entry(run_id=second), files)
    assert box.deliver("u1", to_mlflow(tracker)) == second
    assert {r.run_id: r.state for r in tracker.records_of("u1")} == {first: "killed", second: "finished"}
