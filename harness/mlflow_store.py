"""Opens MLflow's store and reads its runs as plain data."""

from __future__ import annotations

import logging
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from harness import sqlite_files
from harness.harmless import masked
from registry.errors import BenchError


@dataclass(frozen=True)
class Record:
    """One MLflow run as plain data.

    Args:
        kind: `study`, `trial`, `final` (a cell, with the aggregates over its seeds) or `seed` (one sealed test).
        state: `running`, `finished`, `pruned`, `failed` or `killed`. artifacts: where its files lie.
    """

    run_id: str
    name: str
    kind: str
    state: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def tracking_uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file below `home`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(home / 'mlflow.db').resolve()}"


def name_of(home: Path, uri: str) -> str:
    """How a store's address is kept beside a result that is meant for it: without secrets, and empty for the file below `home`."""
    return "" if uri == f"sqlite:///{(home / 'mlflow.db').resolve()}" else masked(uri)


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

            sqlite_files.check(path, {*models.Base.metadata.tables, *registry_models.Base.metadata.tables})
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
        raise BenchError(f"the MLflow store {masked(uri)} can't be opened: {masked(str(error).strip()[:300])}. Check "
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


def record_of(run: Run) -> Record:
    """A run as plain data."""
    tags = dict(run.data.tags)
    state = "running" if run.info.status == "RUNNING" else tags.get("bench.state", run.info.status.lower())
    return Record(run.info.run_id, run.info.run_name, tags.get("bench.kind", ""), state, dict(run.data.params),
                  dict(run.data.metrics), tags)
