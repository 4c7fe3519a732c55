"""The status of a study counts what is done, running and left, tells living owners from dead ones, and writes nothing."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from begun_study import begun
from outbox_entries import entry

from harness.evaluation.study_status import StudyStatus, study_status
from harness.search.claims import Claims
from harness.search.storage import storage
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store


def status(home: Path) -> StudyStatus:
    return study_status(Store(home, new=False), "mine")


def test_a_study_that_runs_says_which_process_is_at_work_and_what_is_left(tmp_path: Path) -> None:
    claims = Claims(storage(tmp_path).engine)
    begun(tmp_path, claims.id)
    running = status(tmp_path)
    assert running.owners == {f"process {os.getpid()} on {socket.gethostname()}": 1} and running.dead == 0
    assert running.cells[0].trials == {"finished": 1, "failed": 1, "running": 1}
    assert running.left == (2, 2) and running.not_begun == ["bbbbbbbb"]
    assert running.failures == ["trial failed (mel × plain_2d on random_80_20): it diverged"]
    assert running.command == f"bench run --study mine.py --home {tmp_path}" and running.obstacle == ""
    claims.close()
    stopped = status(tmp_path)
    assert stopped.owners == {} and stopped.dead == 1


def test_looking_at_a_study_claims_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    status(tmp_path)
    assert not (tmp_path / "optuna.db").exists()


def test_trials_that_the_search_knew_already_count_as_done(tmp_path: Path) -> None:
    """Slots 0 to 3 of the search have ended, two of them by trials of equal settings that were not trained again."""
    claims = Claims(storage(tmp_path).engine)
    begun(tmp_path, claims.id)
    for slot in range(4):
        claims.take(f"slot mine random_80_20 ffffffff aaaaaaaa 0a1b2c {slot}", "uid")
        claims.end(f"slot mine random_80_20 ffffffff aaaaaaaa 0a1b2c {slot}", state="finished")
    claims.close()
    assert status(tmp_path).left == (0, 2)


def test_results_that_wait_for_mlflow_are_counted(tmp_path: Path) -> None:
    begun(tmp_path)
    box = Outbox(tmp_path)
    for study in ("mine", "other"):
        box.commit(entry(f"uid of {study}", study=study))
    assert status(tmp_path).waiting == 1


def test_a_study_file_that_is_gone_stands_in_the_way_and_a_call_of_earlier_versions_has_no_plan(tmp_path: Path) -> None:
    begun(tmp_path, study_file="gone/mine.py", command="", planned={})
    old = status(tmp_path)
    assert old.left is None and "the study file gone/mine.py is not there" in old.obstacle
    assert old.command.startswith("bench run --study gone/mine.py")
    (tmp_path / "b").mkdir()
    begun(tmp_path / "b", study_file="nothing")
    assert "no study is called 'nothing' here" in status(tmp_path / "b").obstacle
