"""The outbox keeps a result whole or not at all, hands it over once, and forgets it only when both stores know of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

from outbox_entries import entry, files

from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox
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
    threads = [threading.Thread(target=box.deliver, args=("u1", to_mlflow(tracker))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.state for r in tracker.records_of("u1")] == ["finished"]
    assert box.waiting() == [] and box.uids() == ["u1"]
    box.mark_recorded("u1")
    assert box.uids() == [] and not (box.folder / "u1").exists()
