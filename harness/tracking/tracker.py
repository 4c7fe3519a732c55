"""Writes and reads the runs of a study in MLflow: a tree from which its report is made, without anything else."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from harness.safe_text import first_line, mask_secrets, safe_file_name
from harness.tracking import process_identity
from harness.tracking.addresses import local_folder
from harness.tracking.experiments import CUSTOM, KIND, deleted_runs, find_experiment
from harness.tracking.models import Models
from harness.tracking.openings import LEDGER, Opening, all_openings
from harness.tracking.run_record import PREFIX, RunRecord, RunTags
from harness.training.predictions import Predictions, read
from registry.errors import BenchError

COLOUR = "mlflow.runColor"  # of a run in the charts of MLflow's pages
END = {"finished": "FINISHED", "pruned": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


class Tracker:
    """The MLflow experiment of one study; of another `kind` (`leakage`), it has a report of its own and no leaderboard.

    `Store.experiment` opens it.

    Attributes: adopted: where the files of an experiment lie that bench did not make and that this tracker adopted; else empty.
    """

    def __init__(self, client: MlflowClient, home: Path, study_name: str, kind: str = "", adopt: bool = False) -> None:
        self.client, self.home, self.study_name = client, home, study_name
        self.models, self.adopted = Models(client, home), ""
        experiment = find_experiment(client, study_name, kind, adopt)
        if experiment:
            self.experiment_id = str(experiment.experiment_id)
            if KIND not in experiment.tags:
                client.set_experiment_tag(self.experiment_id, KIND, kind or "study")
                self.adopted = str(experiment.artifact_location)
            return
        server = client.tracking_uri.startswith("http")  # it chooses the location itself
        location = None if server else (home / "mlartifacts" / safe_file_name(study_name)).resolve().as_uri()
        self.experiment_id = str(client.create_experiment(study_name, artifact_location=location,
                                                          tags={"mlflow.experimentKind": CUSTOM, KIND: kind or "study"}))

    def start(self, kind: str, name: str, parent: str | None, tags: RunTags, params: dict[str, Any] | None = None) -> str:
        """Open a run and return its id; it belongs to this process, unless `tags` name another."""
        owner = {PREFIX + key: value for key, value in process_identity.this_process().items()}
        tree = {"mlflow.parentRunId": parent} if parent else {}
        source = {"mlflow.source.name": "bench", "mlflow.user": "bench", f"{PREFIX}kind": kind, f"{PREFIX}study": self.study_name}
        texts = {**source, **owner, **tree, **{tag.key: tag.value for tag in _tags(tags)}}
        run = self.client.create_run(self.experiment_id, run_name=name, tags=texts)
        if params:
            self.client.log_batch(run.info.run_id, params=_params(params))
        return str(run.info.run_id)

    def resume(self, run_id: str) -> None:
        """Open a run again that an earlier start of the same study ended."""
        self.client.update_run(run_id, status="RUNNING")
        self.tag(run_id, RunTags.from_tags(process_identity.this_process()))

    def log_epoch(self, run_id: str, epoch: int, metrics: dict[str, float], at_ms: int | None = None) -> None:
        """One point of every curve."""
        now = at_ms or int(time.time() * 1000)
        self.client.log_batch(run_id, metrics=[Metric(curve_name(key), value, now, epoch) for key, value in metrics.items()])

    def records_of(self, uid: str) -> list[RunRecord]:
        """The runs of one job: one for each time that it was started."""
        return [RunRecord.of(run) for run in self._runs(f"tags.`{PREFIX}uid` = '{uid}'")] if uid else []

    def note(self, opening: Opening) -> None:
        """Note an opening in the ledger."""
        self.client.set_experiment_tag(self.experiment_id, *opening.tag())

    def openings(self, records: Iterable[RunRecord] | None = None) -> list[Opening]:
        """Every time that a test part was scored, also in runs that were deleted. Args: records: of all seeds, where they are known."""
        return all_openings(self.experiment_tags, self.records("seed") if records is None else records)

    def complete_ledger(self) -> list[Opening]:
        """Every opening, like `openings`; those of runs that earlier versions brought here without noting them are noted."""
        tags = self.experiment_tags
        openings = all_openings(tags, self.records("seed"))
        for opening in openings:
            if LEDGER + opening.uid not in tags:
                self.note(opening)
        return openings

    def log_metrics(self, run_id: str, metrics: dict[str, float]) -> None:
        """Add metrics to a run, such as those of a parent over its children."""
        now = int(time.time() * 1000)
        self.client.log_batch(run_id, metrics=[Metric(k, v, now, 0) for k, v in metrics.items()])

    def log_points(self, run_id: str, points: Sequence[tuple[str, float, int, int]]) -> None:
        """Add points of curves to a run: name, value, time in milliseconds and step; the same point twice is one."""
        for first in range(0, len(points), 900):  # the store takes 1,000 at a time
            self.client.log_batch(run_id, metrics=[Metric(*point) for point in points[first : first + 900]])

    def describe(self, run_id: str, tags: RunTags, params: dict[str, Any]) -> None:
        """Add tags and parameters to a run."""
        self.client.log_batch(run_id, params=_params(params), tags=_tags(tags))

    def end(self, run_id: str, state: str, reason: str = "") -> None:
        """End a run that has no result of its own."""
        self.tag(run_id, RunTags(state=state, reason=reason))
        self.terminate(run_id, state)

    def terminate(self, run_id: str, state: str) -> None:
        """End a run whose tags name the state already."""
        self.client.set_terminated(run_id, END[state])

    def tag(self, run_id: str, tags: RunTags) -> None:
        """Add tags to a run; what is empty leaves what the run has."""
        self.client.log_batch(run_id, tags=_tags(tags))

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags of MLflow's own, by which its pages know what to show."""
        if tags:
            self.client.log_batch(run_id, tags=[RunTag(key, mask_secrets(text)) for key, text in tags.items()])

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        self.client.update_run(run_id, name=name)

    @property
    def experiment_tags(self) -> dict[str, str]:
        """The tags of the experiment."""
        return dict(self.client.get_experiment(self.experiment_id).tags)

    def set_experiment_tag(self, key: str, text: str) -> None:
        """Set a tag of the experiment."""
        self.client.set_experiment_tag(self.experiment_id, key, mask_secrets(text))

    def records(self, *kinds: str) -> list[RunRecord]:
        """All runs of these kinds (of all kinds without any), oldest first; what people logged here by hand is none of them."""
        where = f"tags.`{KIND}` = '{kinds[0]}'" if len(kinds) == 1 else ""  # the store has no "or"
        return [record for record in map(RunRecord.of, self._runs(where)) if record.kind and (not kinds or record.kind in kinds)]

    def deleted(self, *kinds: str) -> list[RunRecord]:
        """The runs of these kinds (of all kinds without any) that were deleted in MLflow, and not yet for good, oldest first."""
        records = map(RunRecord.of, deleted_runs(self.client, self.experiment_id))
        return [record for record in records if not kinds or record.kind in kinds]

    def _runs(self, where: str) -> list[Run]:
        """All runs that pass a filter, oldest first."""
        runs: list[Run] = []
        page = None
        while page is None or page.token:
            page = self.client.search_runs([self.experiment_id], where, max_results=1000, order_by=["attributes.start_time ASC"],
                                           page_token=None if page is None else page.token)
            runs += page
        return runs

    @property
    def last_start_ms(self) -> int:
        """When the latest run started, in milliseconds since 1970; 0 without runs."""
        latest = self.client.search_runs([self.experiment_id], max_results=1, order_by=["attributes.start_time DESC"])
        return int(latest[0].info.start_time or 0) if latest else 0

    def has(self, run_id: str) -> bool:
        """Whether the store has a run that was not deleted."""
        try:
            return bool(self.client.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE)
        except MlflowException:
            return False

    def record(self, run_id: str) -> RunRecord:
        """One run."""
        return RunRecord.of(self.client.get_run(run_id))

    def reconcile(self, is_alive: Callable[[RunTags], bool] = lambda tags: process_identity.may_be_alive(tags.process)) -> int:
        """End the open runs of dead processes as killed; returns how many. `is_alive`: whether a run with such tags may go on."""
        running = map(RunRecord.of, self._runs("attributes.status = 'RUNNING'"))
        abandoned = [record for record in running if record.kind and not is_alive(record.about)]
        for record in abandoned:
            self.end(record.run_id, "killed")
        return len(abandoned)

    def predictions(self, run_id: str, part: str) -> Predictions | None:
        """The predictions of a run for the clips of a part; None when the run has no such file."""
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
                configuration = json.loads(path.read_text(encoding="utf-8")) if path else None
            except (ValueError, RecursionError) as error:
                raise BenchError(f"run {run_id}: its configuration.json is damaged ({error}); restore it from a copy of the "
                                 "store") from error
        if configuration is not None and not isinstance(configuration, dict):
            raise BenchError(f"run {run_id}: its configuration.json holds no settings; restore it from a copy of the store")
        return configuration

    def add_files(self, run_id: str, folder: Path) -> None:
        """Add the files in a folder to those of a run; files of the same name are replaced."""
        self.client.log_artifacts(run_id, str(folder))

    def files(self, run_id: str, name: str, folder: Path) -> Path | None:
        """A run's file or folder, copied below `folder`; None when the run has other files, and not this one.

        Raises: BenchError when it can't be read, or when the store shows no file of the run at all.
        """
        try:
            return Path(self.client.download_artifacts(run_id, name, str(folder)))
        except (MlflowException, OSError) as error:
            if self._has_others(run_id, name):
                return None
            where = self.client.get_run(run_id).info.artifact_uri
            why = "there is no such folder" if (place := local_folder(where)) and not place.exists() else first_line(error)
            raise BenchError(f"{name} of run {run_id} can't be read ({why}): its files should be at {mask_secrets(where)}. Bring them "
                             "back, check who may read them and whether the disk or server is there; or delete the run in the MLflow "
                             "UI") from error

    def _has_others(self, run_id: str, name: str) -> bool:
        """Whether the store shows files of a run, and not this one; False where it can't be asked."""
        parts = Path(name).parts
        try:
            shown = [{file.path for file in self.client.list_artifacts(run_id, "/".join(parts[:depth]) or None)}
                     for depth in range(len(parts))]
        except (MlflowException, OSError):
            return False
        return bool(shown[0]) and any("/".join(parts[: depth + 1]) not in files for depth, files in enumerate(shown))


def _tags(tags: RunTags) -> list[RunTag]:
    """As MLflow takes them, without secrets."""
    return [RunTag(COLOUR if name == "colour" else PREFIX + name, mask_secrets(text)) for name, text in tags.to_tags().items()]


def _params(params: dict[str, Any]) -> list[Param]:
    return [Param(k, mask_secrets(str(v))) for k, v in params.items()]


def curve_name(key: str) -> str:
    """The name in the store of what is measured after each epoch; MLflow shows what begins with `system/` on a page of its own.

    >>> curve_name("validation_uar"), curve_name("system/process_memory_megabytes")
    ('epoch/validation_uar', 'system/process_memory_megabytes')
    """
    return key if key.startswith("system/") else f"epoch/{key}"
