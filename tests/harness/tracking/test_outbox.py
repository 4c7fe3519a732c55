"""The outbox keeps a result whole or not at all, hands it over once, and forgets it only when both stores know of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow_client import client_of
from outbox_entries import entry, files

from harness.tracking.outbox import Outbox, OutboxEntry
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store

SUPPORT = Path(__file__).parents[2] / "support"


def test_what_is_committed_is_read_back_with_its_files_and_a_second_commit_changes_nothing(tmp_path: Path) -> None:
    box = Outbox(tmp_path)
    folder = box.commit(entry(), files)
    assert (folder / "files" / "history.csv").read_text() == "epoch\n1\n"
    box.commit(entry(state="failed"))
    found = box.get("u1")
    assert found and found.state == "finished" and found.metrics == {"validation/uar": 0.5}
    assert box.waiting() == ["u1"] and not list(box.folder.glob("*.tmp"))


def test_a_process_killed_while_it_commits_leaves_no_entry_and_its_draft_is_swept(tmp_path: Path) -> None:
    program = (f"import os, sys; sys.path.insert(0, {str(SUPPORT)!r})\nfrom pathlib import Path\n"
               f"from harness.tracking.outbox import Outbox\n"
               f"from outbox_entries import entry\nOutbox(Path({str(tmp_path)!r})).commit(entry(), lambda folder: os.kill(os.getpid(), 9))")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    box = Outbox(tmp_path)
    assert box.get("u1") is None and box.uids() == [] and len(list(box.folder.glob("*.tmp"))) == 1
    assert box.sweep(lambda coordinator: False) == 1 and not list(box.folder.glob("*.tmp"))


def test_an_entry_is_delivered_once_however_many_try_and_goes_when_the_search_has_it_too(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    box.commit(entry(), files)
    threads = [threading.Thread(target=box.deliver, args=("u1", tracker.write)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.state for r in tracker.records_of("u1")] == ["finished"]
    assert box.waiting() == [] and box.uids() == ["u1"]
    box.mark_recorded("u1")
    assert box.uids() == [] and not (box.folder / "u1").exists()


def test_a_delivery_that_broke_off_is_completed_without_a_second_run_or_a_doubled_point(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    live = tracker.start("trial", "lr=1", None, RunTags(uid="u1"), {"lr": 1})
    tracker.log_epoch(live, 1, {"validation_uar": 0.4}, at_ms=1000)
    box.commit(entry(run_id=live), files)

    def breaks_off(what: OutboxEntry, folder: Path) -> str:
        tracker.write(what, folder)
        raise ConnectionError("the line broke before the answer came")

    with pytest.raises(ConnectionError):
        box.deliver("u1", breaks_off)
    assert box.waiting() == ["u1"]
    assert box.deliver("u1", tracker.write) == live
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
            box.deliver(f"{digest}{place}", tracker.write)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    assert not box.waiting() and {r.state for r in tracker.records()} == {"finished"}


def test_a_run_that_an_earlier_try_of_the_same_work_left_open_ends_as_killed(tmp_path: Path) -> None:
    box, tracker = Outbox(tmp_path), Store(tmp_path).experiment("tiny")
    first, second = (tracker.start("trial", "lr=1", None, RunTags(uid="u1")) for _ in range(2))
    box.commit(entry(run_id=second), files)
    assert box.deliver("u1", tracker.write) == second
    assert {r.run_id: r.state for r in tracker.records_of("u1")} == {first: "killed", second: "finished"}
