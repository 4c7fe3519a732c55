"""Opens the database that holds every search, and says what is wrong with one that can't be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from harness.safe_text import first_line
from harness.search.claims import retry_while_away
from harness.tracking.addresses import sqlite_address, sqlite_file
from harness.tracking.store import check_sqlite_file
from harness.tracking.store_errors import driver_missing, in_memory
from harness.tracking.store_versions import OPTUNA, VersionError, check_versions
from registry.errors import BenchError

TABLES = ("studies", "study_directions", "study_user_attributes", "study_system_attributes", "trials", "trial_params", "trial_values",
          "trial_user_attributes", "trial_system_attributes", "trial_intermediate_values", "trial_heartbeats", "version_info")
BUSY_S = 60  # SQLite waits so long for another writer
START_PATIENCE_S = 20.0


def storage(home: Path, url: str = "") -> optuna.storages.RDBStorage:
    """The store of all searches: the database at `url`, or a SQLite file below `home` in WAL mode with a long busy timeout.

    A missing one is created. Raises: BenchError for one that is not an Optuna store, or can't be reached.
    """
    path = (home / "optuna.db").resolve()
    if not url:
        home.mkdir(parents=True, exist_ok=True)
    with _explained(path, url):
        if url:
            return retry_while_away(lambda: _server_storage(url), START_PATIENCE_S)
        with sqlite3.connect(path, timeout=BUSY_S) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        check_versions(sqlite_address(path), OPTUNA)
        return optuna.storages.RDBStorage(sqlite_address(path), engine_kwargs={"connect_args": {"timeout": BUSY_S}})


def check_storage(home: Path, url: str = "") -> None:
    """Look at the store of all searches; neither it nor its tables are created. Raises: BenchError as `storage` does."""
    path = (home / "optuna.db").resolve()
    file = sqlite_file(url) if url else path
    if file is None or file.exists():
        with _explained(path, url):
            retry_while_away(lambda: check_versions(url or sqlite_address(path), OPTUNA), START_PATIENCE_S)


@contextmanager
def _explained(path: Path, url: str) -> Iterator[None]:
    """Around what opens the store of all searches: a file is checked before, and every error names the store and what to do."""
    if not url:
        check_sqlite_file(path, TABLES)
    elif in_memory(url):
        raise BenchError(f"--optuna-storage {url} is a database in memory, which is gone when the command ends: name a file, or a server")
    where = without_password(url) if url else str(path)
    try:
        yield
    except VersionError:
        raise
    except (NoSuchModuleError, ArgumentError) as error:
        raise BenchError(f"{where} is no address of a database: give --optuna-storage as postgresql+psycopg://HOST/NAME or "
                         "sqlite:////absolute/path/optuna.db") from error
    except ImportError as error:
        raise BenchError(f"{where} can't be used as the store of the search: {driver_missing(error)}") from error
    except (sqlite3.Error, RuntimeError, ValueError, SQLAlchemyError, BenchError) as error:
        raise BenchError(f"{where} can't be used as the store of the search ({first_line(error)}); " + (
            "check --optuna-storage and that the server runs" if url else "check whether another process holds it, and whether the disk is "
            "healthy")) from error


def _server_storage(url: str) -> optuna.storages.RDBStorage:
    check_versions(url, OPTUNA)
    return optuna.storages.RDBStorage(url, engine_kwargs={"pool_pre_ping": True})


def without_password(url: str) -> str:
    """A database's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):
        return "the address of --optuna-storage"
