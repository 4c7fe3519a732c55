"""Tables of another MLflow or Optuna: the versions and the command are named, and the store stays as it is."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow.db import commands
from postgres import Postgres, programs
from web_server import answering

from harness.search.storage import storage
from harness.tracking.store import Store, connect
from harness.tracking.store_versions import MLFLOW, OPTUNA, check_versions
from registry.errors import BenchError

NO_SERVER = pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both stores, of the installed versions."""
    home = tmp_path_factory.mktemp("stores")
    Store(home).studies()
    storage(home)
    return home


@pytest.fixture
def home(stores: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    for name in ("mlflow.db", "optuna.db"):
        with sqlite3.connect(stores / name) as source, sqlite3.connect(tmp_path / name) as copy:
            source.backup(copy)
    return tmp_path


def change(path: Path, revision: str, *statements: str) -> bytes:
    """Give a store another revision; returns its bytes."""
    with sqlite3.connect(path) as connection:
        for statement in (f"UPDATE alembic_version SET version_num = '{revision}'", *statements):
            connection.execute(statement)
    connection.close()
    return path.read_bytes()


def fault(home: Path) -> str:
    with pytest.raises(BenchError) as raised:
        Store(home).studies()
    assert "damaged" not in str(raised.value) and "away" not in str(raised.value)
    return str(raised.value)


def test_an_older_mlflow_s_store_is_refused_with_the_command_that_upgrades_it(home: Path) -> None:
    before = change(home / "mlflow.db", "1bd49d398cd23")
    text = fault(home)
    uri = f"sqlite:///{(home / 'mlflow.db').resolve()}"
    assert f"has the tables of an older MLflow (revision 1bd49d398cd23), and the installed MLflow {MLFLOW.installed} needs " in text
    assert text.endswith(f"Nothing was written to it. Keep a copy of it, then upgrade its tables: mlflow db upgrade {shlex.quote(uri)}")
    assert (home / "mlflow.db").read_bytes() == before


def test_a_store_that_really_is_of_an_older_mlflow_is_upgraded_by_the_command_of_the_message(tmp_path: Path) -> None:
    import sqlalchemy as sql
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sql.create_engine(f"sqlite:///{tmp_path / 'mlflow.db'}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "84291f40a231")
    engine.dispose()
    words = shlex.split(fault(tmp_path).rpartition("tables: ")[2])
    assert words[:2] == ["mlflow", "db"] and CliRunner().invoke(commands, words[2:]).exit_code == 0
    assert Store(tmp_path).studies() == []


def test_a_newer_mlflow_s_store_is_refused_with_the_versions_and_what_to_install(home: Path) -> None:
    before = change(home / "mlflow.db", "ffffffffffff",
                    "INSERT INTO runs (run_uuid, name, lifecycle_stage) VALUES ('r', 'r', 'active')",
                    "INSERT INTO tags VALUES ('bench.versions', 'keras 3.15.0, mlflow 3.99.1', 'r')")
    text = fault(home)
    assert (f"has the tables of a newer MLflow (revision ffffffffffff, last written by MLflow 3.99.1) than the installed MLflow "
            f"{MLFLOW.installed}") in text
    assert text.endswith("Nothing was written to it. Install the newer one: pip install -U 'mlflow>=3.99.1'")
    assert (home / "mlflow.db").read_bytes() == before


def test_an_optuna_store_of_another_version_is_refused_with_the_versions_and_the_command(home: Path) -> None:
    path = (home / "optuna.db").resolve()
    before = change(path, "v2.6.0.a", "UPDATE version_info SET library_version = '2.6.0'")
    with pytest.raises(BenchError) as older:
        storage(home)
    assert "an older Optuna (revision v2.6.0.a, last written by Optuna 2.6.0), and the installed Optuna" in str(older.value)
    assert str(older.value).endswith(f"upgrade its tables: optuna storage upgrade --storage {shlex.quote(f'sqlite:///{path}')}")
    assert path.read_bytes() == before
    change(path, "v9.0.0.a", "UPDATE version_info SET library_version = '9.1.2'")
    with pytest.raises(BenchError, match=r"a newer Optuna \(revision v9.0.0.a, last written by Optuna 9.1.2\) .*pip .* 'optuna>=9.1.2'$"):
        storage(home)


def test_one_database_for_both_libraries_is_refused_either_way(home: Path) -> None:
    with pytest.raises(BenchError, match=r"is the database of MLflow, and both keep .*: give Optuna a database of its own"):
        storage(home, f"sqlite:///{home / 'mlflow.db'}")
    with pytest.raises(BenchError, match=r"is the database of Optuna, and both keep .*: give MLflow a database of its own"):
        check_versions(f"sqlite:///{home / 'optuna.db'}", MLFLOW)


def test_a_new_database_and_one_of_the_installed_versions_pass(home: Path, tmp_path: Path) -> None:
    check_versions(f"sqlite:///{tmp_path / 'new.db'}", MLFLOW)
    check_versions(f"sqlite:///{home / 'mlflow.db'}", MLFLOW)
    check_versions(f"sqlite:///{home / 'optuna.db'}", OPTUNA)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("server"))
    yield server
    server.stop("immediate")


@NO_SERVER
def test_a_server_s_database_is_looked_at_too_and_its_secret_address_is_named_by_its_variable(postgres: Postgres) -> None:
    import sqlalchemy as sql

    address = postgres.make("old").replace("bench@", "bench:s3cret@")
    engine = sql.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sql.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(sql.text("INSERT INTO alembic_version VALUES ('1bd49d398cd23')"))
    engine.dispose()
    with pytest.raises(BenchError, match=r'older MLflow .*mlflow db upgrade "\$MLFLOW_TRACKING_URI"$') as raised:
        connect(address)
    assert "s3cret" not in str(raised.value)


def test_an_older_mlflow_server_is_refused_with_its_version_and_a_newer_one_is_not() -> None:
    with answering(200, '{"experiments": []}', version="2.22.1") as address, pytest.raises(
            BenchError, match=r"is of version 2\.22\.1, and bench needs 3\.0 or newer .*pip install -U mlflow, then mlflow db upgrade"):
        connect(address)
    with answering(200, '{"experiments": []}', version="4.0.0") as address:
        connect(address)
