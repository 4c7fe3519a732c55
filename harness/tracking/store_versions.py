"""Whether a database's tables are those of the installed MLflow or Optuna: looked at before either opens it, and changes it."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import sqlalchemy as sql

from harness.safe_text import mask_secrets
from registry.errors import BenchError

OLDEST_SERVER = 3  # major version
SETTLED_S = 1.0  # a revision that stays the same for so long is that of no upgrade that is under way


@dataclass(frozen=True)
class Library:
    """A library that keeps its data in a database.

    Args:
        name: in words. package: of its distribution and its module. migrations: the folder of its revisions below the module.
        tables: some that only it makes. written: a query for texts that name versions of it which wrote to the database.
        upgrade: the command that brings tables up to date, before their address. address: the variable that may hold that address.
    """

    name: str
    package: str
    migrations: str
    tables: frozenset[str]
    written: str
    upgrade: str
    address: str

    @property
    def installed(self) -> str:
        """The version that is installed."""
        return importlib.metadata.version(self.package)


MLFLOW = Library("MLflow", "mlflow", "store/db_migrations", frozenset({"experiments", "runs", "latest_metrics"}),
                 "SELECT DISTINCT value FROM tags WHERE key = 'bench.versions'", "mlflow db upgrade", "MLFLOW_TRACKING_URI")
OPTUNA = Library("Optuna", "optuna", "storages/_rdb/alembic", frozenset({"studies", "trial_params", "version_info"}),
                 "SELECT library_version FROM version_info", "optuna storage upgrade --storage", "BENCH_OPTUNA_STORAGE")


class VersionError(BenchError):
    """A database has the tables of another version or another library; it is healthy and was left as it is."""


def check_versions(uri: str, library: Library) -> None:
    """Check the tables of a database before `library` opens it; one without its tables is new.

    Raises: VersionError, with the versions and the command that helps, for tables of another version, and for a database that another
        library has; errors of SQLAlchemy for one that can't be reached.
    """
    engine = sql.create_engine(uri, poolclass=sql.NullPool)
    known, newest = _revisions(library)
    until = time.monotonic() + SETTLED_S
    revision, tables = _read(engine)
    while revision not in (None, newest) and time.monotonic() < until:  # another process may just make the tables, or upgrade them
        time.sleep(0.1)
        before, (revision, tables) = revision, _read(engine)
        until = until if revision == before else time.monotonic() + SETTLED_S
    if revision in (None, newest):
        return
    where = f"the {library.name} store {mask_secrets(uri)}"
    if other := next((other for other in (MLFLOW, OPTUNA) if other is not library and revision in _revisions(other)[0]), None):
        raise VersionError(f"{where} is the database of {other.name}, and both keep the version of their tables under one name: give "
                         f"{library.name} a database of its own. Nothing was written to it")
    written = _newest(_texts(engine, library) if library.tables <= tables else (), library)
    written = "" if written == library.installed else written
    stored = f"revision {revision}{f', last written by {library.name} {written}' * bool(written)}"
    if revision in known:
        raise VersionError(f"{where} has the tables of an older {library.name} ({stored}), and the installed {library.name} "
                         f"{library.installed} needs revision {newest}. Nothing was written to it. Keep a copy of it, then upgrade its "
                         f"tables: {library.upgrade} {address_in_shell(uri, library.address)}")
    version = f"'{library.package}>={written}'" if written else library.package
    raise VersionError(f"{where} has the tables of a newer {library.name} ({stored}) than the installed {library.name} "
                     f"{library.installed}, which knows revisions up to {newest}. Nothing was written to it. Install the newer one: pip "
                     f"install -U {version}")


def check_server(uri: str) -> None:
    """Raises: VersionError for a server of an MLflow that keeps no models with runs, as those before `OLDEST_SERVER` do."""
    found = server_version(uri)
    if found and int(found.partition(".")[0]) < OLDEST_SERVER:
        raise VersionError(f"the MLflow server {mask_secrets(uri)} is of version {found}, and bench needs {OLDEST_SERVER}.0 or newer "
                           f"(installed here: {MLFLOW.installed}). Nothing was written to it. On its machine: keep a copy of its database, "
                           f"pip install -U mlflow, then {MLFLOW.upgrade} with the database's address, and start it again")


def server_version(uri: str) -> str:
    """The version of an MLflow server; empty behind a gateway that hides it."""
    try:
        with urlopen(f"{uri.rstrip('/')}/version", timeout=10) as answer:
            found = re.fullmatch(r"\d+\.\d+[\w.]*", answer.read(100).decode().strip())
    except (OSError, ValueError, HTTPException):
        return ""
    return found[0] if found else ""


def address_in_shell(uri: str, variable: str) -> str:
    """An address as a command takes it: in quotes where it needs them, or by its variable where it holds a secret."""
    return f'"${variable}"' if mask_secrets(uri) != uri else shlex.quote(uri)


@functools.cache
def _revisions(library: Library) -> tuple[frozenset[str], str]:
    """The revisions of tables that the installed library knows, and the newest."""
    from alembic.script import ScriptDirectory

    spec = importlib.util.find_spec(library.package)
    assert spec and spec.submodule_search_locations  # bench depends on it
    script = ScriptDirectory(str(Path(spec.submodule_search_locations[0]) / library.migrations))
    return frozenset(each.revision for each in script.walk_revisions()), script.get_heads()[0]


def _read(engine: sql.Engine) -> tuple[str | None, frozenset[str]]:
    """The revision of a database's tables, None where it has none, and their names."""
    with engine.connect() as connection:
        tables = frozenset(sql.inspect(connection).get_table_names())
        found = connection.execute(sql.text("SELECT version_num FROM alembic_version")).first() if "alembic_version" in tables else None
    return (str(found[0]) if found else None), tables


def _texts(engine: sql.Engine, library: Library) -> list[str]:
    with engine.connect() as connection:
        return [str(text) for text, in connection.execute(sql.text(library.written))]


def _newest(texts: Iterable[str], library: Library) -> str:
    """The newest version that texts such as `4.1.0` or `keras 3.1, mlflow 3.4.0` name; empty where none does."""
    found = [match[1] for text in texts if (match := re.search(rf"(?:^|\b{library.package} )(\d+(?:\.\d+)+)", text))]
    return max(found, key=lambda version: [int(part) for part in version.split(".")], default="")
