"""Writes a result that waited in the outbox as an MLflow run, with its figures, files and model: once, however often it is tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric
from mlflow.exceptions import MlflowException

from harness.tracking.openings import opening_of
from harness.tracking.outbox import OutboxEntry
from harness.tracking.shown_files import shown_tags
from harness.tracking.tracker import Tracker, curve_name
from registry.errors import BenchError


def to_mlflow(tracker: Tracker) -> Callable[[OutboxEntry, Path], str]:
    """What `Outbox.deliver` does with each entry of a tracker's study: entry, its folder -> run id."""
    return lambda entry, folder: Delivery(tracker, entry, folder).write()


@dataclass(frozen=True)
class Delivery:
    """One entry of the outbox on its way. Args: folder: with the entry's `files/` and, of some, `model/`."""

    tracker: Tracker
    entry: OutboxEntry
    folder: Path

    def write(self) -> str:
        """Write the entry; returns the run's id.

        A run that an earlier try left incomplete has the entry's uid, and is completed: writing twice gives the same as once.
        """
        run_id = self._run()
        if self.entry.kind == "final":
            self._attach_seeds(run_id)
        if self.tracker.client.get_run(run_id).info.status == "RUNNING":
            self._complete(run_id)
        return run_id

    def _run(self) -> str:
        """The entry's run: the one that ended, the one opened for it, or a new one; other open runs of its uid end as killed."""
        entry, tracker = self.entry, self.tracker
        same_uid = tracker.records_of(entry.uid)
        chosen = next((r for r in same_uid if r.state not in ("running", "killed")), None)
        chosen = chosen or next((r for r in same_uid if r.run_id == entry.run_id), None)
        if chosen is None and not entry.run_id:  # a worker opened it, another ends it
            chosen = next((r for r in reversed(same_uid) if r.state == "running"), None)
        for record in same_uid:
            if record.state == "running" and record is not chosen:
                tracker.end(record.run_id, "killed")
        if chosen and chosen.state == "killed":  # by a start that took its worker for dead
            tracker.client.update_run(chosen.run_id, status="RUNNING")
        return chosen.run_id if chosen else tracker.start(entry.kind, entry.name, entry.parent, replace(entry.about, uid=entry.uid))

    def _complete(self, run_id: str) -> None:
        """Write the figures and files of an open run, then its end; figures have the time of the entry, so that none is doubled."""
        entry, tracker = self.entry, self.tracker
        if entry.record().opened_test:
            tracker.note(replace(opening_of(entry.record(run_id)), uid=entry.uid))
        tracker.log_points(run_id, [*_curves(entry), *((m.key, m.value, m.timestamp, m.step) for m in self._figures())])
        tracker.describe(run_id, replace(entry.about, state=entry.state), entry.params)
        self._log_inputs(run_id)
        tracker.add_files(run_id, self.folder / "files")
        tracker.set_tags(run_id, shown_tags(self.folder / "files"))
        if (self.folder / "model").exists():
            self._keep_model(run_id, self.folder / "model")
        tracker.models.force_to_disk(run_id)
        tracker.terminate(run_id, entry.state)

    def _figures(self) -> list[Metric]:
        return [Metric(key, value, self.entry.ended_ms, 0) for key, value in self.entry.metrics.items()]

    def _log_inputs(self, run_id: str, tries: int = 3) -> None:
        """Name a run's datasets. MLflow refuses a new one that another run names at the same moment; the next try succeeds."""
        datasets = [DatasetInput(Dataset(about["name"], about["digest"], "local", about["source"], profile=about["profile"]),
                                 [InputTag("mlflow.data.context", about["part"])]) for about in self.entry.inputs]
        try:
            if datasets:
                self.tracker.client.log_inputs(run_id, datasets)
        except MlflowException:
            if tries == 1:
                raise
            self._log_inputs(run_id, tries - 1)

    def _keep_model(self, run_id: str, model: Path) -> None:
        """Log the model if it is among its protocol's best by validation UAR, and delete the one that no longer is."""
        entry, tracker = self.entry, self.tracker
        with FileLock(tracker.home / ".bench" / "models.lock"):
            if tracker.record(run_id).about.model:
                return  # by an earlier try
            protocol = entry.about.split, entry.about.corpus_fingerprint
            kept = [r for r in tracker.records("seed") if r.about.model and r.run_id != run_id
                    and (r.about.split, r.about.corpus_fingerprint) == protocol and not tracker.models.is_registered(r)]
            kept.sort(key=lambda r: r.validation_uar or 0.0)
            room = len(kept) < entry.best_models
            if not room and (not kept or (entry.record().validation_uar or 0.0) <= (kept[0].validation_uar or 0.0)):
                return
            about = json.loads((model / "about.json").read_text(encoding="utf-8"))
            tracker.models.log(run_id, model, about["name"], tuple(about["emotions"]), about["sample_rate"], self._figures())
            if not room:
                tracker.models.forget(kept[0])

    def _attach_seeds(self, run_id: str) -> None:
        """Make a final the parent of its seeds. Raises: BenchError while the store does not have them all."""
        entry, tracker = self.entry, self.tracker
        seeds = [r for r in tracker.records("seed") if r.about.signature in entry.about.signatures and r.state == "finished"]
        for record in seeds:
            tracker.client.set_tag(record.run_id, "mlflow.parentRunId", run_id)
        if len(seeds) < entry.children:
            raise BenchError(f"{entry.name}: {entry.children - len(seeds)} of its seeds are still on their way")


def _curves(entry: OutboxEntry) -> list[tuple[str, float, int, int]]:
    """The points of every curve: name, value, milliseconds since 1970, epoch."""
    return [(curve_name(key), value, at_ms, epoch) for epoch, at_ms, metrics in entry.epochs for key, value in metrics.items()]
