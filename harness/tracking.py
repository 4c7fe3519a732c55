"""Writes and reads MLflow: the tree of runs of a study, with everything needed to rebuild its report from the store alone."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import re
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import numpy as np
from filelock import FileLock

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when mlflow is imported: a benchmark tells nobody that it runs
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # for long outages there is the outbox
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models.signature import ModelSignature

from harness import owner, run_files, sqlite_files
from harness.harmless import file_name, masked
from harness.outbox import Entry
from harness.predictions import Predictions, read
from harness.study import keras_backend
from harness.surroundings import surroundings
from harness.trial import Result
from registry.errors import BenchError

CODE = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "registry")]  # what a saved model needs beside its libraries
EXPERIMENT_TAGS = {"bench.kind": "study", "mlflow.experimentKind": "custom_model_development"}  # the UI then opens on runs
END = {"finished": "FINISHED", "pruned": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


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


class Tracker:
    """The MLflow experiment of one study; of another `kind` (`leakage`), it has a report of its own and no leaderboard.

    Raises: BenchError when the store can't be opened.
    """

    def __init__(self, home: Path, study_name: str, kind: str = "study", uri: str = "") -> None:
        self.home, self.study_name, self.kind = home, study_name, kind
        self.client = connect(home, uri)
        self.experiment_id = self._experiment()

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(self.study_name)
        if found:
            return str(found.experiment_id)
        server = self.client.tracking_uri.startswith("http")  # it chooses the place itself
        local = None if server else (self.home / "mlartifacts" / file_name(self.study_name)).resolve().as_uri()
        return str(self.client.create_experiment(self.study_name, artifact_location=local,
                                                 tags={**EXPERIMENT_TAGS, "bench.kind": self.kind}))

    def start(self, kind: str, name: str, parent: str | None, tags: dict[str, str], params: dict[str, Any] | None = None) -> str:
        """Open a run and return its id; it is marked as this process's own until it ends, unless `tags` say whose it is."""
        about = {f"bench.{key}": value for key, value in owner.mark().items()}
        tree = {"mlflow.parentRunId": parent} if parent else {}
        mlflow_tags = {"mlflow.source.name": "bench", "mlflow.user": "bench", "bench.kind": kind, "bench.study": self.study_name}
        texts = {**mlflow_tags, **about, **tree, **{tag.key: tag.value for tag in _tags(tags)}}
        run = self.client.create_run(self.experiment_id, run_name=name, tags=texts)
        if params:
            self.client.log_batch(run.info.run_id, params=_params(params))
        return str(run.info.run_id)

    def resume(self, run_id: str) -> None:
        """Open a run again that an earlier start of the same study ended."""
        self.client.update_run(run_id, status="RUNNING")
        self.tag(run_id, owner.mark())

    def epoch(self, run_id: str, epoch: int, metrics: dict[str, float], at_ms: int | None = None) -> None:
        """One point of every curve."""
        self.client.log_batch(run_id, metrics=_points([(epoch, at_ms or int(time.time() * 1000), metrics)]))

    def finish(self, run_id: str, result: Result) -> None:
        """Everything a trial gave but its model: metrics, tags, datasets and files; then its true end state."""
        entry = Entry(uid="", kind="", name="", study=self.study_name, parent="", state=result.state, params={}, run_id=run_id,
                      tags=result_tags(result), metrics=flat_metrics(result), inputs=datasets(result), ended_ms=int(time.time() * 1000))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "files").mkdir()
            run_files.write(result, Path(folder) / "files")
            self._complete(run_id, entry, Path(folder))

    def deliver(self, entry: Entry, folder: Path) -> str:
        """Bring an entry of the outbox and its files into the store, and return its run's id.

        What an earlier try brought is found by the entry's uid and completed: twice gives the same as once.
        """
        run_id = self._place(entry)
        if entry.kind == "final":
            self._adopt(run_id, entry)
        if self.client.get_run(run_id).info.status == "RUNNING":
            self._complete(run_id, entry, folder)
        return run_id

    def _place(self, entry: Entry) -> str:
        """The entry's run: the one opened for it, the one that an earlier try made, or a new one; others of its uid end as killed."""
        own = self.of_uid(entry.uid)
        kept = next((r for r in own if r.state not in ("running", "killed")), None)
        kept = kept or next((r for r in own if r.run_id == entry.run_id), None)
        for record in own:
            if record.state == "running" and record is not kept:
                self.end(record.run_id, "killed")
        if kept and kept.state == "killed":  # by a start that took its worker for dead
            self.client.update_run(kept.run_id, status="RUNNING")
        return kept.run_id if kept else self.start(entry.kind, entry.name, entry.parent, {**entry.tags, "uid": entry.uid})

    def of_uid(self, uid: str) -> list[Record]:
        """The runs of one piece of work: one for each time that it was begun."""
        return [_record(run) for run in _pages(self.client, self.experiment_id, f"tags.`bench.uid` = '{uid}'")] if uid else []

    def _complete(self, run_id: str, entry: Entry, folder: Path) -> None:
        """All figures and files of a run that is open, and last its end; the time of each figure is the entry's, so none is doubled."""
        points = [*_points(entry.epochs), *(Metric(k, v, entry.ended_ms, 0) for k, v in entry.metrics.items())]
        for first in range(0, len(points), 900):  # the store takes 1,000 at a time
            self.client.log_batch(run_id, metrics=points[first : first + 900])
        self.client.log_batch(run_id, params=_params(entry.params), tags=_tags({**entry.tags, "state": entry.state}))
        if entry.inputs:
            self.client.log_inputs(run_id, list(_inputs(entry.inputs)))
        self.client.log_artifacts(run_id, str(folder / "files"))
        if (folder / "model").exists():
            self._keep_model(run_id, entry, folder / "model")
        self.client.set_terminated(run_id, END[entry.state])

    def _keep_model(self, run_id: str, entry: Entry, model: Path) -> None:
        """Log the model if it is among its protocol's best by validation UAR, and drop the one that no longer is."""
        with FileLock(self.home / ".bench" / "models.lock"):
            kept = [r for r in self.records("seed") if r.tags.get("bench.model") and r.run_id != run_id
                    and all(r.tags.get(f"bench.{key}") == entry.tags[key] for key in ("split", "corpus_fingerprint"))]
            kept.sort(key=lambda r: r.metrics["validation/uar"])
            room = len(kept) < entry.best_models
            if not room and (not kept or entry.metrics["validation/uar"] <= kept[0].metrics["validation/uar"]):
                return
            about = json.loads((model / "about.json").read_text())
            self.log_model(run_id, model, about["name"], tuple(about["emotions"]), about["sample_rate"])
            if not room:
                self.forget_model(kept[0])

    def _adopt(self, run_id: str, entry: Entry) -> None:
        """Hang the seeds of a final below it. Raises: BenchError while the store does not have them all."""
        signatures = entry.tags["signatures"].split()
        seeds = [r for r in self.records("seed") if r.tags.get("bench.signature") in signatures and r.state == "finished"]
        for record in seeds:
            self.client.set_tag(record.run_id, "mlflow.parentRunId", run_id)
        if len(seeds) < entry.children:
            raise BenchError(f"{entry.name}: {entry.children - len(seeds)} of its seeds are still on their way")

    def aggregate(self, run_id: str, metrics: dict[str, float]) -> None:
        """Metrics that a parent carries for its children."""
        now = int(time.time() * 1000)
        self.client.log_batch(run_id, metrics=[Metric(k, v, now, 0) for k, v in metrics.items()])

    def end(self, run_id: str, state: str, reason: str = "") -> None:
        """End a run that has no result of its own."""
        self.tag(run_id, {"state": state, "reason": reason})
        self.client.set_terminated(run_id, END[state])

    def tag(self, run_id: str, tags: dict[str, str]) -> None:
        self.client.log_batch(run_id, tags=_tags(tags))

    def records(self, *kinds: str) -> list[Record]:
        """All runs of these kinds (of all kinds without any), oldest first."""
        where = f"tags.`bench.kind` = '{kinds[0]}'" if len(kinds) == 1 else ""  # the store knows no "one of these"
        wanted = [r for r in _pages(self.client, self.experiment_id, where) if not kinds or r.data.tags.get("bench.kind") in kinds]
        return [_record(run) for run in wanted]

    def record(self, run_id: str) -> Record:
        """One run."""
        return _record(self.client.get_run(run_id))

    def reconcile(self, lives: Callable[[Mapping[str, str]], bool] = owner.may_live) -> int:
        """End as killed what a dead process left running, by what `lives` says of a run's tags; returns how many."""
        left = [r for r in self.records() if r.state == "running"
                and not lives({key.removeprefix("bench."): value for key, value in r.tags.items()})]
        for record in left:
            self.end(record.run_id, "killed")
        return len(left)

    def log_model(self, run_id: str, folder: Path, name: str, emotions: tuple[str, ...], sample_rate: int) -> str:
        """Keep the model in `folder` as an MLflow model whose input is a waveform; returns the model's id.

        Requirements are given, not inferred: inferring them would load the model once more, which costs seconds.
        """
        from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

        outputs = Schema([ColSpec("string", "emotion"), *(ColSpec("double", emotion) for emotion in emotions)])
        inputs = Schema([TensorSpec(np.dtype(np.float32), (-1, -1))])
        signature = ModelSignature(inputs, outputs, ParamSchema([ParamSpec("sample_rate", "long", sample_rate)]))
        status = self.client.get_run(run_id).info.status
        mlflow.set_tracking_uri(self.client.tracking_uri)
        with mlflow.start_run(run_id=run_id), warnings.catch_warnings(action="ignore", category=UserWarning):  # it wants an example
            info = mlflow.pyfunc.log_model(name=name, loader_module="harness.saved_model", data_path=str(folder), code_paths=CODE,
                                           signature=signature, pip_requirements=requirements())
        self.client.update_run(run_id, status=status)
        self.tag(run_id, {"model": f"models:/{info.model_id}"})
        return str(info.model_id)

    def forget_model(self, record: Record) -> None:
        """Drop a run's model and its files: others of its study are better."""
        model_id = record.tags["bench.model"].removeprefix("models:/")
        location = self.client.get_logged_model(model_id).artifact_location
        self.client.delete_logged_model(model_id)
        self.client.delete_tag(record.run_id, "bench.model")
        folder = _folder_of(location)
        if folder and (self.home / "mlartifacts").resolve() in folder.parents:  # wherever else the store says it lies, it is not ours
            shutil.rmtree(folder, ignore_errors=True)

    def predictions(self, run_id: str, part: str) -> Predictions | None:
        """What a run's network said of the clips of a part; None when the run has no such file."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.files(run_id, f"{part}/predictions.csv", Path(folder))
            try:
                return read(path) if path else None
            except BenchError as error:
                raise BenchError(f"run {run_id}, {part}: {error}") from error

    def configuration(self, run_id: str) -> dict[str, Any] | None:
        """A run's `configuration.json`; None when the run has no such file. Raises: BenchError for a damaged one."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.files(run_id, "configuration.json", Path(folder))
            try:
                told = json.loads(path.read_text(encoding="utf-8")) if path else None
            except (ValueError, RecursionError) as error:
                raise BenchError(f"run {run_id}: its configuration.json is damaged ({error}); get it back from a copy of the "
                                 "store") from error
        if told is not None and not isinstance(told, dict):
            raise BenchError(f"run {run_id}: its configuration.json holds no settings; get it back from a copy of the store")
        return told

    def model_files(self, record: Record, folder: Path) -> Path | None:
        """The files of a run's model, copied below `folder`; None when the run kept none."""
        if not re.fullmatch(r"models:/[\w-]+", record.tags.get("bench.model", "")):  # any other address would be fetched, too
            return None
        try:
            return Path(mlflow.artifacts.download_artifacts(artifact_uri=record.tags["bench.model"], dst_path=str(folder),
                                                            tracking_uri=self.client.tracking_uri))
        except (MlflowException, OSError):
            return None

    def add_files(self, run_id: str, folder: Path) -> None:
        """Put the files in a folder among those of a run that has ended; what has the same name is replaced."""
        self.client.log_artifacts(run_id, str(folder))

    def files(self, run_id: str, name: str, folder: Path) -> Path | None:
        """A run's file, copied below `folder`; None when the run has no such file."""
        try:
            return Path(self.client.download_artifacts(run_id, name, str(folder)))
        except (MlflowException, OSError):
            return None


def _tags(tags: dict[str, str]) -> list[RunTag]:
    """The harness's own tags, without secrets; what is empty says nothing and is left out."""
    return [RunTag(f"bench.{key}", masked(value)) for key, value in tags.items() if value]


def _folder_of(location: str | None) -> Path | None:
    """The folder that an address names; None for one that is not of this machine's disk."""
    if not location or not location.startswith(("file:", "/")):
        return None
    return Path(url2pathname(urlparse(location).path)).resolve()


def _params(params: dict[str, Any]) -> list[Param]:
    return [Param(k, masked(str(v))) for k, v in params.items()]


def _points(epochs: Iterable[tuple[int, int, dict[str, float]]]) -> list[Metric]:
    return [Metric(f"epoch/{key}", value, at_ms, epoch) for epoch, at_ms, metrics in epochs for key, value in metrics.items()]


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


def requirements() -> list[str]:
    """The exact versions that a saved model needs to give the same numbers."""
    names = ("keras", keras_backend(), "librosa", "numpy", "pandas", "soundfile", "soxr", "psutil")
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def studies(home: Path, kind: str = "study") -> list[str]:
    """Names of the studies that the store holds runs of, sorted; others' experiments in a shared store are left alone."""
    client = connect(home)
    return sorted(e.name for e in client.search_experiments() if e.tags.get("bench.kind") == kind)


def flat_metrics(result: Result) -> dict[str, float]:
    """The figures of the kept epoch under names of their own, beside the curves; how many epochs, and their best validation WA."""
    metrics = {f"seconds/{phase}": seconds for phase, seconds in result.seconds.items()}
    if result.validation:
        curve = result.history.get("validation_wa", [])
        metrics |= {**result.validation.flat("validation"), "best_epoch": float(result.best_epoch), "parameters": float(result.parameters),
                    **({"epochs": float(len(curve)), "validation/best_wa": max(curve)} if curve else {})}
    if result.test:
        metrics |= result.test.flat("test")
    return metrics


def study_of(home: Path, run_id: str) -> str | None:
    """The study that a run belongs to; None when the store has no such run."""
    client = connect(home)
    try:
        return str(client.get_experiment(client.get_run(run_id).info.experiment_id).name)
    except MlflowException:
        return None


def result_tags(result: Result) -> dict[str, str]:
    """What a run's tags say of its result."""
    return {"state": result.state, "reason": result.reason[:4000], "split_fingerprint": result.split_fingerprint,
            "clips": ", ".join(f"{k} {v}" for k, v in result.counts.items()),
            "speakers": ", ".join(f"{k} {v}" for k, v in result.speakers.items()),
            "training_classes": json.dumps(result.training_classes) if result.training_classes else "", **surroundings()}


def datasets(result: Result) -> list[dict[str, str]]:
    """The parts that a trial was trained and scored on, as plain data."""
    parts = ("train", "validation", *(["test"] if result.test else [])) if result.split_fingerprint else ()
    return [{"part": part, "name": f"{result.trial.corpus.name}/{part}", "digest": result.split_fingerprint[:16],
             "source": f'{{"corpus": "{result.trial.corpus.name}", "split": "{result.trial.split.name}"}}',
             "profile": f'{{"clips": {result.counts[part]}, "speakers": {result.speakers[part]}}}'} for part in parts]


def _inputs(entries: list[dict[str, str]]) -> Iterable[DatasetInput]:
    for about in entries:
        data = Dataset(name=about["name"], digest=about["digest"], source_type="local", source=about["source"], profile=about["profile"])
        yield DatasetInput(data, [InputTag("mlflow.data.context", about["part"])])


def _pages(client: MlflowClient, experiment_id: str, where: str) -> list[Run]:
    runs: list[Run] = []
    token = None
    while True:
        page = client.search_runs([experiment_id], where, max_results=1000, order_by=["attributes.start_time ASC"], page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


def _record(run: Run) -> Record:
    tags = dict(run.data.tags)
    state = "running" if run.info.status == "RUNNING" else tags.get("bench.state", run.info.status.lower())
    return Record(run.info.run_id, run.info.run_name, tags.get("bench.kind", ""), state, dict(run.data.params),
                  dict(run.data.metrics), tags)
