"""The MLflow store of a home: its SQLite file is checked before it is opened, its studies and runs are read."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

from harness.safe_text import mask_secrets
from harness.tracking import moved_home
from harness.tracking.addresses import for_mlflow, sqlite_address, sqlite_file
from harness.tracking.experiments import experiments_of, find_experiment, why_missing
from harness.tracking.moved_home import STORE
from harness.tracking.store_errors import check_address, is_database, store_error
from harness.tracking.store_versions import MLFLOW, check_server, check_versions, server_version
from harness.tracking.tracker import Tracker
from registry.errors import BenchError, unknown

logger = logging.getLogger(__name__)


def tracking_uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file below `home`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_address(home / STORE)


def connect(uri: str) -> MlflowClient:
    """A client of the store at an address, whose tables are created when it is new. Raises BenchError when it can't be opened."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # it prints the server's address as it is, password and all
    for library in ("mlflow", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    check_address(uri)
    try:
        if file := sqlite_file(uri):
            _prepare_sqlite(file)
        if is_database(uri):
            check_versions(uri, MLFLOW)
        from_user = "MLFLOW_TRACKING_URI" in os.environ
        mlflow.set_tracking_uri(for_mlflow(uri))
        if not from_user:  # MLflow leaves its choice in the environment, where it would pass for the user's
            os.environ.pop("MLFLOW_TRACKING_URI", None)
        client = MlflowClient(for_mlflow(uri))
        client.search_experiments(max_results=1)
        if uri.startswith("http"):
            check_server(uri)
    except BenchError:
        raise
    except Exception as error:  # a store fails in as many ways as there are stores
        raise store_error(uri, error) from error
    return client


def _prepare_sqlite(path: Path) -> None:
    from mlflow.store.model_registry.dbmodels import models as registry_models
    from mlflow.store.tracking.dbmodels import models

    path.parent.mkdir(parents=True, exist_ok=True)
    check_sqlite_file(path, {*models.Base.metadata.tables, *registry_models.Base.metadata.tables})
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


class Store:
    """The MLflow store of a home, opened once for a command.

    Args:
        uri: another address than the home's own or MLFLOW_TRACKING_URI.
        new: whether a store that does not exist is created; else it is an error.
        adopt: whether studies may use experiments that bench did not make, and begin anew where theirs were renamed.
    Attributes:
        name: its address without secrets, empty for the file below the home; results that wait for it are kept under it.
        may_be_read_only: whether a file that can't be written is read from a copy of it; `uri` is then the copy's.
    Raises: BenchError when it can't be opened, at its first use.
    """

    def __init__(self, home: Path, uri: str = "", *, new: bool = True, adopt: bool = False) -> None:
        self.home, self.uri, self.adopt = home, uri or tracking_uri(home), adopt
        file = sqlite_file(self.uri)  # None for a server, which is assumed to exist
        if not new and file and not file.exists():
            own = file.resolve() == (home / STORE).resolve()
            raise BenchError(f"there are no runs in {home.resolve()}: run a study first, or give its --home" if own else
                             f"MLFLOW_TRACKING_URI names {file.resolve()}, which is not there: check the address, or run a study first")
        self.name, self.may_be_read_only = mask_secrets(self.uri), not new
        if file and file.resolve() == (home / STORE).resolve():
            self.name, self.uri = "", sqlite_address(file)

    @cached_property
    def client(self) -> MlflowClient:
        """MLflow's client; nothing is opened, or created, before it is needed. Where the home was moved, its addresses follow."""
        if self.may_be_read_only and (file := sqlite_file(self.uri)) and not is_writable(file):
            self.uri = sqlite_address(self._copied(file))  # SQLite can't even read what it may not write
        client = connect(self.uri)
        if file := sqlite_file(self.uri):
            is_own = not self.name
            if moved := moved_home.follow(file, (self.home if is_own else file.parent).resolve(), is_own=is_own):
                logger.warning("%s", moved)
        return client

    def _copied(self, file: Path) -> Path:
        """A copy of a store that can't be written, which goes with this process."""
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        for name in (file.name, f"{file.name}-wal"):  # the second has what is not in the first yet
            if (file.parent / name).exists():
                shutil.copyfile(file.parent / name, Path(self._folder.name) / name)
        return Path(self._folder.name) / file.name

    def require_writable(self) -> None:
        """Raise BenchError when the home can't be written, as its reports and what is measured of its runs must be."""
        if self.home.exists() and not is_writable(self.home / STORE):
            raise BenchError(f"{self.home.resolve()} can't be written: fix its permissions, or copy it and give the copy's --home. `bench "
                             "audit`, `bench compare` and `bench ui` read it as it is")

    def studies(self, kind: str = "study") -> list[str]:
        """Names of the experiments of a kind, sorted; others' experiments in a shared store are left alone."""
        return [experiment.name for experiment in experiments_of(self.client, kind)]

    def experiment(self, name: str, kind: str = "study") -> Tracker:
        """The experiment of a study, created when it does not exist. Args: kind: empty for any.

        Raises: BenchError for one that bench did not make, unless it is adopted, and for one that was deleted or renamed.
        """
        return Tracker(self.client, self.home, name, kind, self.adopt)

    def check_experiment(self, name: str, kind: str = "study") -> None:
        """Raises: BenchError for an experiment of that name that can't be used; nothing is made, not even the store."""
        if self.is_there:
            find_experiment(self.client, name, kind, self.adopt)

    @property
    def is_there(self) -> bool:
        """Whether the store exists; a server is assumed to."""
        file = sqlite_file(self.uri)
        return file is None or file.exists()

    def why_missing(self, text: str) -> str:
        """What people did by hand to a study or a run that is not found; empty where there is nothing to say."""
        return why_missing(self.client, text)

    @property
    def pages_version(self) -> str:
        """The version of the MLflow whose pages show the store: the server's, or the installed one; empty where it is not known."""
        return server_version(self.uri) if self.uri.startswith("http") else MLFLOW.installed

    def no_study(self, name: str = "", kinds: Sequence[str] = ("study",)) -> BenchError:
        """The error for a study without runs, or a store without studies; where something was deleted or renamed by hand, with that."""
        if name and (why := self.why_missing(name)):
            return BenchError(why)
        if known := [name for kind in kinds for name in self.studies(kind)]:
            return unknown("study with runs", name, known)
        deleted = [experiment.name for experiment in experiments_of(self.client, "study", ViewType.DELETED_ONLY)]
        way = f"{', '.join(deleted)} was deleted in MLflow (`bench restore` brings it back)" if deleted else "run a study first"
        return BenchError(f"there are no runs in {self.home.resolve()}: {way}, or give its --home")

    def experiment_of(self, run_id: str) -> str | None:
        """The name of the experiment that a run belongs to; None when the store has no such run."""
        try:
            return str(self.client.get_experiment(self.client.get_run(run_id).info.experiment_id).name)
        except MlflowException:
            return None


def is_writable(file: Path) -> bool:
    """Whether a store's file, there or not, and what SQLite keeps beside it, can be written."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


_checked: set[Path] = set()  # files that this process has read already: a large one takes a while


def check_sqlite_file(path: Path, tables: Collection[str]) -> None:
    """Check a store's file before anything is written to it; one that does not exist, or is empty, is new.

    Args:
        tables: names of the tables that a store of this kind has; a file with only others is of another program.
    Raises: BenchError for a file that is damaged, of another program, or in a folder that can't be written; it is left as it is.
    """
    if not is_writable(path):
        raise BenchError(f"{path} can't be written, and reading it needs that, too: fix the permissions of {path.parent}, or copy it and "
                         "give the copy's --home")
    if path.is_dir():
        raise BenchError(f"{path} is a folder, not the file of a database: add the file's name, as {path / STORE}")
    if not path.exists() or not path.stat().st_size or path in _checked:
        return
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            names = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            fault = next(connection.execute("PRAGMA quick_check(1)"))[0]
    except sqlite3.OperationalError as error:
        raise BenchError(f"{path} can't be opened ({error}): check whether another process holds it, and whether the disk is "
                         "healthy") from error
    except sqlite3.Error as error:
        raise _damaged(path, str(error)) from error
    if fault != "ok":
        raise _damaged(path, fault.replace("\n", " "))
    if names and not names & set(tables):
        raise BenchError(f"{path} is a database of another program (its tables: {', '.join(sorted(names)[:5])}): nothing was written to "
                         "it. Choose another --home, or another file")
    _checked.add(path)


def _damaged(path: Path, fault: str) -> BenchError:
    return BenchError(f"{path} is damaged ({fault}): nothing was written to it. Put a copy back in its place; or save what can be read "
                      f"with `sqlite3 {path.name} .recover`; or move it away to start a new one")
