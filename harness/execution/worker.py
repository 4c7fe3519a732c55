"""What a worker does: trains one trial, keeps its result in the outbox, delivers it to MLflow, and returns its record."""

from __future__ import annotations

import functools
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.data.corpora import open_corpus
from harness.evaluation.audit import audit_final
from harness.execution.job import STOPPED, Job, Outcome, Reporter
from harness.execution.process_usage import Usage
from harness.safe_text import first_line
from harness.study.objectives import NO_FIGURE
from harness.study.trial import Trial, keras_backend
from harness.tracking import run_files
from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox, OutboxEntry, entry_of
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from harness.training.backend import fix_threads
from harness.training.result import Pruned, Result
from harness.training.second_objective import second_objective
from harness.training.train_folds import train_folds
from registry.errors import BenchError

logger = logging.getLogger(__name__)
_done_here = 0
_one_at_a_time = threading.Lock()  # Keras's session and seeds belong to the whole process


def run_job(job: Job, reporter: Reporter) -> Outcome:
    """Run a job, unless its result is on disk; a trial that fails is an outcome with its reason.

    Raises: BenchError for what ends the study (a full disk, clips that changed, a worker that does not fit); Stopped;
    KeyboardInterrupt in a run in one process.
    """
    global _done_here
    import psutil

    _check_fit(job.trial, job.tags.signature, job.workspace.home)
    with _one_at_a_time:
        box = Outbox(job.workspace.home)
        if box.get(job.uid) is None:
            _train(job, box, reporter)
            _done_here += 1
        entry = box.get(job.uid)
        if entry is None:
            raise BenchError(f"the result in {box.folder / job.uid} can't be read back: check the disk")
        outcome = Outcome.of(entry, _delivered(job, box, entry))
        record = outcome.record
        problems = audit(job, record.run_id) if job.kind == "seed" and record.run_id and record.state == "finished" else ()
        return replace(outcome, notes=problems, done_here=_done_here, memory_bytes=psutil.Process().memory_info().rss)


def _check_fit(trial: Trial, signature: str, home: Path) -> None:
    """Raises: BenchError when this process would give other numbers than the one that planned the trial."""
    if not (home / ".bench").is_dir():
        raise BenchError(f"a worker on {socket.gethostname()} does not see {home}: it must lie on a file system that all machines share")
    os.environ.setdefault("KERAS_BACKEND", trial.backend)
    if keras_backend() != trial.backend:
        raise BenchError(f"a worker's Keras runs on {keras_backend()}, this study on {trial.backend}: start the workers with "
                         f"KERAS_BACKEND={trial.backend}")
    if trial.signature != signature:
        raise BenchError("a worker's bench, or a component in it, has another version than the one that planned this trial: start the "
                         "workers from the same installation")
    fix_threads(trial.training.threads)


def _train(job: Job, box: Outbox, reporter: Reporter) -> None:
    """Train, score and commit the result."""
    epochs: list[tuple[int, int, dict[str, float]]] = []
    live, usage = _Live(job), Usage()

    def record(epoch: int, metrics: dict[str, float]) -> None:
        epochs.append((epoch, int(time.time() * 1000), metrics | usage.since_last()))
        live.epoch(epochs[-1])

    def on_epoch(epoch: int, metrics: dict[str, float]) -> None:
        record(epoch, metrics)
        if reporter.epoch(epoch, metrics["validation_uar"]):
            raise Pruned(job.pruning.reason(epoch))

    def on_fold_epoch(fold: int, epoch: int, metrics: dict[str, float]) -> None:
        reporter.check()
        record(epoch, {f"fold_{fold}/{name}": value for name, value in metrics.items()})

    def on_fold(fold: int, validation_uar: float) -> None:
        if reporter.epoch(fold, validation_uar):
            raise Pruned(job.pruning.reason(fold))

    try:
        if job.trial.validation_folds > 1:
            result = train_folds(job.objective, job.trial, job.workspace, on_fold_epoch, on_fold, reporter.preparing)
        else:
            result = job.objective(job.trial, job.workspace, on_epoch, reporter.preparing)
        reporter.check()
        figures = _second_objective(job, result)
        entry = entry_of(result, tags=job.tags, uid=job.uid, kind=job.kind, name=job.name, study=job.study, parent=job.parent,
                         params=job.params, epochs=epochs, run_id=live.run_id, best_models=job.best_models,
                         store=Store(job.workspace.home, job.tracking_uri).name)
        entry.metrics |= figures
        reporter.check()  # another start may be at the same trial by now
        box.commit(entry, functools.partial(_write, job, result))
    except BaseException:
        live.stop()
        raise


def _second_objective(job: Job, result: Result) -> dict[str, float]:
    """The figure that the search seeks beside validation UAR; a trial that has none fails, with the reason."""
    if result.state != "finished":
        return {}
    try:
        return second_objective(job.second_objective, result, job.workspace.home)
    except Exception as error:  # of a layer that nobody counted yet, or a network that takes no batch of one
        result.state, result.reason = "failed", f"{NO_FIGURE}: {first_line(error)}"
        return {}


def _write(job: Job, result: Result, folder: Path) -> None:
    run_files.write(result, folder / "files")
    if job.kind == "seed" and job.best_models and result.model is not None and result.validation:
        corpus = open_corpus(job.trial.corpus, job.workspace.data, job.workspace.left_out)
        saved_model.write(result, corpus, folder / "model")
        (folder / "model" / "about.json").write_text(json.dumps({
            "name": f"{job.trial.architecture.name}_{job.trial.signature}", "emotions": corpus.emotions,
            "sample_rate": corpus.sample_rate}), encoding="utf-8")


class _Live:
    """The MLflow run of a job while it trains; once MLflow does not answer, the result goes to the outbox only."""

    def __init__(self, job: Job) -> None:
        self.tracker: Tracker | None = None
        self.run_id = ""
        self._quietly(lambda: self._open(job))

    def _open(self, job: Job) -> None:
        self.tracker = tracker_of(job.workspace.home, job.study, job.tracking_uri)
        self.run_id = self.tracker.start(job.kind, job.name, job.parent, replace(job.tags, uid=job.uid), job.params)

    def epoch(self, point: tuple[int, int, dict[str, float]]) -> None:
        epoch, at_ms, metrics = point
        if self.tracker and self.run_id:
            tracker = self.tracker
            self._quietly(lambda: tracker.log_epoch(self.run_id, epoch, metrics, at_ms))

    def stop(self) -> None:
        """End the run as killed: its trial is run again."""
        if self.tracker and self.run_id:
            tracker = self.tracker
            self._quietly(lambda: tracker.end(self.run_id, "killed", STOPPED))

    def _quietly(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # MLflow fails in as many ways as there are stores, and none is the trial's fault
            logger.warning("MLflow does not take what is measured (%s): the result goes to the outbox", first_line(error))
            self.tracker = None


@functools.lru_cache(maxsize=4)
def tracker_of(home: Path, study: str, uri: str) -> Tracker:
    """The tracker of a study in this process."""
    return Store(home, uri).experiment(study, "")


def _delivered(job: Job, box: Outbox, entry: OutboxEntry) -> str:
    """Deliver a committed result to MLflow; returns the run's id, empty while MLflow is away."""
    try:
        tracker = tracker_of(job.workspace.home, job.study, job.tracking_uri)
        return box.deliver(entry.uid, to_mlflow(tracker))
    except Exception as error:  # it still waits: `bench sync` and the next start try again
        logger.warning("the result of %s waits in the outbox: MLflow does not take it (%s)", entry.name, first_line(error))
        return ""


def audit(job: Job, run_id: str) -> tuple[str, ...]:
    """Audit a final for leaks and record the result for the report; returns the checks that failed."""
    return audit_final(tracker_of(job.workspace.home, job.study, job.tracking_uri), run_id, job.workspace)
