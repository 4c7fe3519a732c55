"""A path becomes an address and the address the path again, whatever the folder is called."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from harness.search.storage import storage
from harness.tracking.addresses import local_folder, sqlite_address, sqlite_file
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.errors import BenchError

NAMES = ["my%20runs", "a?b", "a#b", "ä ö", "50%", "%2Fx", "a%3Fb", "q'\"q", "x@y:z", "[a]", "a\nb", " lead", "back\\slash", "a+b;c=d&e",
         "%(here)s", "{SCHEMA_DIR}", "file:", "日本"]


@pytest.mark.parametrize("name", NAMES)
def test_an_address_stands_for_the_file_and_the_folder_that_it_was_made_of(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "mlflow.db"
    assert sqlite_file(sqlite_address(file)) == file and make_url(sqlite_address(file)).database == str(file)
    assert local_folder(file.as_uri()) == file == local_folder(str(file))


@pytest.mark.parametrize("name", ["my%20runs", "a?b", "a#b", "ä ö", "50%", "q'\"x@y:z"])
def test_a_home_of_any_name_keeps_everything_within_it(tmp_path: Path, name: str) -> None:
    home, files = tmp_path / "homes" / name, tmp_path / "files"
    files.mkdir()
    (files / "figures.csv").write_text("0.5")
    tracker = Store(home).experiment("study")
    run = tracker.start("seed", "seed 0", None, RunTags())
    tracker.add_files(run, files)
    storage(home)
    assert {path.name.partition("-")[0] for path in home.iterdir()} == {"mlflow.db", "optuna.db", "mlartifacts"}
    assert [path.name for path in (tmp_path / "homes").iterdir()] == [name]
    assert {path.name for path in tmp_path.iterdir()} == {"files", "homes"}
    with tempfile.TemporaryDirectory() as folder:
        read = tracker.files(run, "figures.csv", Path(folder))
        assert read is not None and read.read_text() == "0.5"


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"can't be the path of a database: it holds bytes that are no text in UTF-8. Rename its folder"):
        sqlite_address(tmp_path / os.fsdecode(b"\xff") / "mlflow.db")


@pytest.mark.parametrize("address", ["http://127.0.0.1:5000", "postgresql://a@b/c", "sqlite://", "sqlite:///:memory:", "file:///runs", ""])
def test_an_address_of_something_else_is_no_sqlite_file(address: str) -> None:
    assert sqlite_file(address) is None


@pytest.mark.parametrize("address", ["s3://bucket/x", "mlflow-artifacts:/1", "http://h/x", "", None])
def test_artifacts_elsewhere_lie_in_no_local_folder(address: str | None) -> None:
    assert local_folder(address) is None
