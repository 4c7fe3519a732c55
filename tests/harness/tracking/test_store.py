"""The store of a home: opened once it is needed, checked before anything is written to it, and read by study and by run."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from mlflow import MlflowClient
from records import bring
from tiny_study import STUDY

from harness.search.storage import TABLES, storage
from harness.study.cells import plan
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store, check_sqlite_file
from harness.training.result import Result
from registry.errors import BenchError


def test_a_store_is_opened_when_it_is_first_used_and_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert store.studies() == [] and (tmp_path / "home" / "mlflow.db").is_file()
    assert store.client is store.client


def test_a_home_without_runs_is_an_error_where_runs_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchError, match=r"there are no runs in .*: run a study first, or give its --home"):
        Store(tmp_path, new=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/typo/mlflow.db")
    with pytest.raises(BenchError, match=r"MLFLOW_TRACKING_URI names /.*/typo/mlflow.db, which is not there: check the address"):
        Store(tmp_path, new=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    Store(tmp_path).studies()
    assert Store(tmp_path, new=False).studies() == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert Store(tmp_path / "elsewhere", new=False).uri == "http://127.0.0.1:9"


def test_results_wait_for_a_store_by_its_address_without_secrets_and_by_no_name_for_the_home_s_own(tmp_path: Path) -> None:
    assert Store(tmp_path).name == "" == Store(tmp_path, f"sqlite:///{(tmp_path / 'mlflow.db').resolve()}").name
    assert Store(tmp_path, "http://anna:s3cret@127.0.0.1:5000").name == "http://***@127.0.0.1:5000"


def test_the_home_s_own_file_is_its_own_by_whatever_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my%20runs").mkdir()
    (tmp_path / "link").symlink_to("my%20runs")
    monkeypatch.chdir(tmp_path)
    own = Store(tmp_path / "my%20runs").uri
    for address in ("sqlite:///my%2520runs/mlflow.db", f"sqlite:///{tmp_path}/link/../link/mlflow.db"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        for home in (Path("my%20runs"), tmp_path / "link"):
            assert (Store(home).name, Store(home).uri) == ("", own)


def test_experiments_of_others_are_no_studies_and_a_run_is_known_to_be_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tracker = store.experiment("one")
    run_id = tracker.start("trial", "lr=1", None, RunTags())
    store.experiment("leakage-one", "leakage").start("trial", "lr=1", None, RunTags())
    store.client.create_experiment("somebody's own")
    assert store.studies() == ["one"] and store.studies("leakage") == ["leakage-one"]
    assert store.experiment_of(run_id) == "one" and store.experiment_of("0" * 32) is None


def test_one_tracker_leaves_no_setting_behind_for_another(tmp_path: Path) -> None:
    Store(tmp_path / "one").experiment("a")
    assert "MLFLOW_TRACKING_URI" not in os.environ
    other = Store(tmp_path / "two").experiment("b")
    assert (tmp_path / "two" / "mlflow.db").is_file() and other.records() == []


def test_another_sqlite_file_is_used_when_the_environment_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'elsewhere' / 'runs.db'}")
    tracker = Store(tmp_path / "home").experiment("tiny")
    failed = Result(plan(STUDY, "clips")[0].base, state="failed", reason="out of memory")
    run_id = bring(tracker, failed, "trial", "lr=1", "", RunTags(cell="c"), {"lr": 1})
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    run = MlflowClient(f"sqlite:///{tmp_path / 'elsewhere' / 'runs.db'}").get_run(run_id)
    assert (run.info.status, run.data.tags.get("bench.reason", ""), run.data.params) == ("FAILED", "out of memory", {"lr": "1"})
    assert run.info.artifact_uri.startswith((tmp_path / "home").resolve().as_uri())
    assert not (tmp_path / "home" / "mlflow.db").exists()


def test_a_store_that_cannot_be_opened_is_refused_with_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(BenchError, match=r"mlflow\.db is damaged.*nothing was written to it.*move it away"):
        Store(tmp_path).experiment("tiny")


def test_a_file_that_does_not_exist_or_is_empty_is_new_and_a_sound_one_is_read_once(tmp_path: Path,
                                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "optuna.db").touch()
    check_sqlite_file(tmp_path / "optuna.db", TABLES)
    check_sqlite_file(tmp_path / "gone.db", TABLES)
    storage(tmp_path)
    check_sqlite_file(tmp_path / "optuna.db", TABLES)

    def connect(*_: object, **__: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(sqlite3, "connect", connect)
    check_sqlite_file(tmp_path / "optuna.db", TABLES)


def test_a_store_that_another_process_holds_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "optuna.db", isolation_level=None) as holder:
        holder.execute("CREATE TABLE studies (x)")
        holder.execute("BEGIN EXCLUSIVE")
        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: connect(path, timeout=0.1))
        with pytest.raises(BenchError, match=r"optuna\.db can't be opened \(database is locked\): check whether another process"):
            check_sqlite_file(tmp_path / "optuna.db", TABLES)
        holder.execute("ROLLBACK")
    check_sqlite_file(tmp_path / "optuna.db", TABLES)
