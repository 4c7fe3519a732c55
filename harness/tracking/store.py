"""Opens MLflow's store, after a look at its SQLite file, and finds studies and runs in it."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from harness.safe_text import mask_secrets
from registry.errors import BenchError


def tracking_uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file below `home`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(home / 'mlflow.db').resolve()}"


def name_of(home: Path, uri: str) -> str:
    """How a store's address is kept beside a result that is meant for it: without secrets, and empty for the file below `home`."""
    return "" if uri == f"sqlite:///{(home / 'mlflow.db').resolve()}" else mask_secrets(uri)


def connect(home: Path, uri: str = "") -> MlflowClient:
    """A client of the store, whose schema is made when it is new. Raises BenchError when it can't be opened."""
    uri = uri or tracking_uri(home)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # it prints the server's address as it is, password and all
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        if uri.startswith("sqlite:///"):
            path = Path(uri.removeprefix("sqlite:///").partition("?")[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            from mlflow.store.model_registry.dbmodels import models as registry_models
            from mlflow.store.tracking.dbmodels import models

            check(path, {*models.Base.metadata.tables, *registry_models.Base.metadata.tables})
            with sqlite3.connect(path, timeout=60) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        given = os.environ.get("MLFLOW_TRACKING_URI")
        mlflow.set_tracking_uri(uri)
        if given is None:  # it leaves its choice in the environment, where it would pass for the user's
            os.environ.pop("MLFLOW_TRACKING_URI", None)
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    except BenchError:
        raise
    except Exception as error:  # a store fails in as many ways as there are stores
        raise BenchError(f"the MLflow store {mask_secrets(uri)} can't be opened: {mask_secrets(str(error).strip()[:300])}. Check "
                         "MLFLOW_TRACKING_URI, or move a damaged mlflow.db away to start a new one") from error
    return client


def studies(home: Path, kind: str = "study") -> list[str]:
    """Names of the studies that the store holds runs of, sorted; others' experiments in a shared store are left alone."""
    client = connect(home)
    return sorted(e.name for e in client.search_experiments() if e.tags.get("bench.kind") == kind)


def study_of(home: Path, run_id: str) -> str | None:
    """The study that a run belongs to; None when the store has no such run."""
    client = connect(home)
    try:
        return str(client.get_experiment(client.get_run(run_id).info.experiment_id).name)
    except MlflowException:
        return None


def pages(client: MlflowClient, experiment_id: str, where: str) -> list[Run]:
    """All runs of an experiment that a filter lets through, oldest first."""
    runs: list[Run] = []
    token = None
    while True:
        page = client.search_runs([experiment_id], where, max_results=1000, order_by=["attributes.start_time ASC"], page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


_sound: set[Path] = set()  # found so by this process: a large file is not read for every tracker


def check(path: Path, tables: Collection[str]) -> None:
    """Look at a store's file; one that is not there, or is empty, is new and nothing is wrong with it.

    Args:
        tables: names of the tables that a store of this kind has; one that has others only is something else.
    Raises: BenchError for a file that is damaged, that is no such store, or whose folder can't be written; it is left as it is.
    """
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise BenchError(f"{path} can't be written, and reading it needs that, too: mend the permissions of {path.parent}, or copy it and "
                         "give the copy's --home")
    if not path.exists() or not path.stat().st_size or path in _sound:
        return
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            found = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            fault = next(connection.execute("PRAGMA quick_check(1)"))[0]
    except sqlite3.OperationalError as error:
        raise BenchError(f"{path} can't be opened ({error}): see whether another process holds it, and whether its disk is well") from error
    except sqlite3.Error as error:
        raise _damaged(path, str(error)) from error
    if fault != "ok":
        raise _damaged(path, fault.replace("\n", " "))
    if found and not found & set(tables):
        raise BenchError(f"{path} is a database of something else (its tables: {', '.join(sorted(found)[:5])}): nothing was written to it. "
                         "Move it away, or choose another --home")
    _sound.add(path)


def _damaged(path: Path, fault: str) -> BenchError:
    return BenchError(f"{path} is damaged ({fault}): nothing was written to it. Put a copy back in its place; or save what can be read "
                      f"with `sqlite3 {path.name} .recover`; or move it away to start a new one")
