"""A home that is moved, renamed or copied keeps its artifacts: the addresses in its store follow, and nothing is written elsewhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from copied_home import copied_home

from harness.tracking.addresses import local_folder
from harness.tracking.moved_home import COLUMNS, follow
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from registry.errors import BenchError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two studies, a run with a file in each, a logged model, and experiments that a user made by hand."""
    home = tmp_path_factory.mktemp("made") / "first"
    store = Store(home)
    for kind, name in (("study", "tiny"), ("leakage", "leakage-tiny")):
        tracker = store.experiment(name, kind)
        run = tracker.start("seed", "seed 0", None, RunTags())
        _add_file(tracker, run)
        tracker.end(run, "finished")
    store.client.create_logged_model(tracker.experiment_id, "model", run)
    by_hand = {"in the home": str(home / "mlruns" / "7"), "elsewhere": "/shared/mlartifacts/7", "in a bucket": "s3://bucket/mlartifacts/7",
               "beside": f"{home}-other/mlartifacts/7"}
    for name, place in by_hand.items():
        store.client.create_experiment(name, artifact_location=place)
    with closing(sqlite3.connect(home / "mlflow.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


def _add_file(tracker: Tracker, run: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "figures.csv").write_text("0.5")
        tracker.add_files(run, Path(folder))


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """That home as it was made, at a place of its own that its store knows."""
    home = tmp_path / "home"
    copied_home(made, home)
    follow(home / "mlflow.db", home)
    return home


def addresses(home: Path) -> list[str]:
    """All that the store has, sorted."""
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        return sorted(address for table, column in COLUMNS for address, in store.execute(f"SELECT {column} FROM {table}") if address)


def below(folder: Path, listed: list[str]) -> list[str]:
    """The addresses that lie below a folder."""
    return [address for address in listed if (place := local_folder(address)) and folder in place.parents]


@pytest.mark.parametrize("name", ["renamed", "HOME", "my%20runs", "a?b", "a#b", "ä ö", "50%", "deep/er/home"])
def test_a_renamed_home_has_its_files_and_takes_new_ones(home: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    renamed = home.parent / name
    renamed.parent.mkdir(parents=True, exist_ok=True)
    home.rename(renamed)
    tracker = Store(renamed).experiment("tiny")
    (run,) = tracker.records()
    read = tracker.files(run.run_id, "figures.csv", home.parent)
    assert read is not None and read.read_text() == "0.5"
    assert caplog.messages == [f"this home was {home} and is {renamed} now: 6 addresses of artifacts in mlflow.db follow"]
    assert len(below(renamed, addresses(renamed))) == 6 and below(home, addresses(renamed)) == []
    _add_file(tracker, tracker.start("seed", "seed 1", None, RunTags()))
    assert not home.exists() and len(list(renamed.rglob("artifacts/figures.csv"))) == 3
    caplog.clear()
    assert Store(renamed).studies() == ["tiny"] and caplog.messages == []


def test_what_was_pointed_elsewhere_on_purpose_stays(home: Path) -> None:
    before = addresses(home)
    renamed = home.rename(home.with_name("renamed"))
    follow(renamed / "mlflow.db", renamed)
    assert set(before) - set(addresses(renamed)) == set(below(home, before))
    assert {"/shared/mlartifacts/7", "s3://bucket/mlartifacts/7"} < set(addresses(renamed))


def test_two_homes_from_one_copy_are_two_homes(home: Path) -> None:
    before = addresses(home)
    copy = copied_home(home, home.with_name("copy"))
    _add_file(tracker := Store(copy).experiment("tiny"), tracker.start("seed", "seed 1", None, RunTags()))
    assert addresses(home) == before and len(list(home.rglob("artifacts/figures.csv"))) == 2
    assert below(home, addresses(copy)) == [] and len(below(copy, addresses(copy))) == 7
    assert len(list(copy.rglob("artifacts/figures.csv"))) == 3


def test_a_copy_of_the_store_alone_does_not_write_into_the_original(home: Path) -> None:
    bare = home.with_name("bare")
    bare.mkdir()
    shutil.copyfile(home / "mlflow.db", bare / "mlflow.db")
    _add_file(tracker := Store(bare).experiment("tiny"), tracker.start("seed", "seed 1", None, RunTags()))
    assert len(list(home.rglob("artifacts/figures.csv"))) == 2 and len(list(bare.rglob("artifacts/figures.csv"))) == 1


@pytest.mark.parametrize("opened_between", [True, False])
def test_a_home_may_move_twice_and_back(home: Path, opened_between: bool) -> None:
    at = home
    for name in ("second", "third", "home"):
        at = at.rename(home.with_name(name))
        if opened_between or name == "home":
            follow(at / "mlflow.db", at)
    assert at == home and len(below(home, addresses(home))) == 6


def test_a_home_by_another_name_is_the_same_home(home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    link = home.with_name("link")
    link.symlink_to(home)
    monkeypatch.chdir(home)
    before = addresses(home)
    for name in (link, Path(), Path("../link/../home")):
        assert Store(name).studies() == ["tiny"]
    assert addresses(home) == before and caplog.messages == []


def test_a_link_left_at_the_old_place_is_the_same_home_until_it_goes(home: Path) -> None:
    renamed = home.rename(home.with_name("renamed"))
    home.symlink_to(renamed)
    assert follow(renamed / "mlflow.db", renamed) == "" and len(below(home, addresses(renamed))) == 6
    home.unlink()
    assert "6 addresses" in follow(renamed / "mlflow.db", renamed)


def test_artifacts_that_a_link_leads_to_another_disk_stay_there(home: Path) -> None:
    disk = home.with_name("disk")
    (home / "mlartifacts").rename(disk)
    (home / "mlartifacts").symlink_to(disk)
    _add_file(tracker := Store(home).experiment("more"), tracker.start("seed", "seed 0", None, RunTags()))
    before = addresses(home)
    assert follow(home / "mlflow.db", home) == "" and addresses(home) == before and (disk / "more").is_dir()


@pytest.mark.parametrize("has_a_store_too", [True, False])
def test_files_that_another_home_keeps_for_this_store_stay_with_it(home: Path, has_a_store_too: bool,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    guest = home.with_name("guest")
    if has_a_store_too:
        Store(guest).experiment("own")
    with monkeypatch.context() as context:
        context.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        _add_file(tracker := Store(guest).experiment("guest's"), run := tracker.start("seed", "seed 0", None, RunTags()))
        tracker.start("seed", "seed 1", None, RunTags())  # it goes on, and has no files yet
    tracker = Store(home).experiment("guest's")
    assert tracker.files(run, "figures.csv", home.parent) is not None
    assert len(below(guest, addresses(home))) == 3 and len(below(home, addresses(home))) == 6


def test_a_moved_home_that_the_environment_names_is_followed_to_its_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = home.rename(home.with_name("renamed"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{renamed / 'mlflow.db'}")
    _add_file(tracker := Store(home.with_name("guest")).experiment("tiny"), tracker.start("seed", "seed 1", None, RunTags()))
    assert not home.exists() and len(list(renamed.rglob("artifacts/figures.csv"))) == 3


def test_of_two_processes_that_open_it_at_once_one_rewrites(home: Path) -> None:
    renamed = home.rename(home.with_name("renamed"))
    lines: list[str] = []
    threads = [threading.Thread(target=lambda: lines.append(follow(renamed / "mlflow.db", renamed))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(bool, lines)) == [False, False, False, True] and len(below(renamed, addresses(renamed))) == 6


def test_a_home_that_a_running_start_knows_by_its_other_place_is_left_to_it(home: Path) -> None:
    tracker = Store(home).experiment("tiny")
    running = tracker.start("trial", "lr=1", None, RunTags())
    copy = copied_home(home, home.with_name("copy"))
    renamed = home.rename(home.with_name("renamed"))
    with pytest.raises(BenchError, match=rf"a start of bench that knows this home as {home} may be running \(process {os.getpid()} on "):
        follow(renamed / "mlflow.db", renamed)
    renamed.rename(home)
    assert "7 addresses" in follow(copy / "mlflow.db", copy)  # whose original runs on, as another home
    tracker.end(running, "killed")
    home.rename(renamed)
    assert "7 addresses" in follow(renamed / "mlflow.db", renamed)


def test_a_run_of_another_machine_counts_as_dead_an_hour_after_its_last_sign(home: Path) -> None:
    tracker = Store(home).experiment("tiny")
    running = tracker.start("trial", "lr=1", None, RunTags(host="another", pid="1"))
    tracker.log_epoch(running, 1, {"validation_uar": 0.5})
    renamed = home.rename(home.with_name("renamed"))
    with pytest.raises(BenchError, match=r"process 1 on another"):
        follow(renamed / "mlflow.db", renamed)
    with sqlite3.connect(renamed / "mlflow.db") as store:
        store.execute("UPDATE runs SET start_time = start_time - 3700000")
        store.execute("UPDATE latest_metrics SET timestamp = timestamp - 3700000")
    assert "7 addresses" in follow(renamed / "mlflow.db", renamed)
