"""Runs a study: searches each cell, trains the finals, and leaves a record of every trial; the same call continues."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from filelock import FileLock

from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.find_runs import STUDY
from harness.execution.auto_precision import is_auto
from harness.execution.costs import Costs
from harness.execution.finals import audit_late, summarise
from harness.execution.interrupts import Stopping
from harness.execution.job import Job, Objective
from harness.execution.pool import InProcessPool, Pool
from harness.execution.prepare import prepare
from harness.execution.recovery import (
    deleted_openings,
    deliver_waiting,
    finished_by_signature,
    refuse_other_parts,
    settle_crashed,
    settle_own_workers,
    trained_by_earlier_versions,
)
from harness.execution.run_context import RunContext
from harness.execution.run_labels import RunLabels
from harness.execution.run_progress import RunProgress
from harness.execution.schedule import Schedule
from harness.execution.search_summary import log_search
from harness.execution.worker_count import Load, copied_bytes
from harness.safe_text import plural
from harness.search.claims import CLOSING_PATIENCE_S, Claims
from harness.search.optuna_study import Search, open_searches
from harness.search.storage import check_storage, storage
from harness.study.cells import Cell, plan
from harness.study.files import StudyFile
from harness.tracking.outbox import Outbox
from harness.tracking.run_record import LONGEST_TAG, RunTags
from harness.tracking.store import Store
from harness.training.backend import fix_threads
from harness.training.run_trial import run_trial
from registry.core import short_label
from registry.errors import BenchError


@dataclass(frozen=True)
class Execution:
    """Where and how trials run; nothing here changes their results.

    Args:
        workers: processes of the local cluster; `auto`: one for each core, fewer where memory or work would not do.
        in_process: no workers at all. scheduler: address of a running one instead.
        trials_per_gpu: workers for each GPU instead of `workers`; 0: GPUs do not matter.
        trial_timeout_s: after which a trial is stopped and failed; 0: never. optuna_storage: URL; empty: optuna.db below the home.
        tries: of a trial whose worker died. objective: trains and scores a trial.
    """

    workers: int | Literal["auto"] = "auto"
    in_process: bool = False
    scheduler: str = ""
    trials_per_gpu: int = 0
    trial_timeout_s: float = 0.0
    optuna_storage: str = ""
    tries: int = 3
    objective: Objective = run_trial

    @property
    def is_automatic(self) -> bool:
        """Whether the number of workers is chosen by what there is to do, and with what."""
        return self.workers == "auto" and not (self.in_process or self.scheduler or self.trials_per_gpu)

    def pool(self, load: Load, say: Callable[[str], None]) -> Pool:
        """The workers for a load; `say` is told how many were chosen. Raises: BenchError when none can be reached."""
        if self.in_process:
            return InProcessPool()
        from harness.execution.dask_pool import DaskPool, automatic
        from harness.execution.local_cluster import local

        if self.is_automatic:
            return automatic(load, say)
        return DaskPool(self.scheduler or local(1 if self.workers == "auto" else self.workers, self.trials_per_gpu, load.threads))


def run_study(file: StudyFile, store: Store, workspace: Workspace, settings: dict[str, Any], console: Console, *,
              only_cell: str | None = None, allow_missing: bool = False, execution: Execution | None = None,
              leaks_allowed: bool = False, all_folds: bool = False, kind: str = STUDY, command: str = "") -> set[str]:
    """Search every cell and train its finals, continuing where an earlier call stopped.

    Args:
        settings: fixed for every cell, as `training.epochs` -> 5. only_cell: label of the one cell to run.
        allow_missing: go on without missing or damaged clips. leaks_allowed: whether the study may copy clips before the split.
        all_folds: run every fold of each protocol that has folds, for rows of the leaderboard in which each clip is tested once.
        kind: of its experiment.
        command: the call as people type it, for `bench status`.
    Returns: the keys of the rows that were run: those of cells, or of what pools their folds.
    Raises: BenchError for what must be fixed first, or when results still wait for MLflow at the end. KeyboardInterrupt after Ctrl-C.
    """
    execution = execution or Execution(in_process=True)
    check_stores(file.name, store, execution.optuna_storage, kind)
    threads = plan(file.study, "", settings)[0].base.training.threads
    with nullcontext() if execution.in_process else suppress(BenchError):  # where nothing is trained here, it does not matter
        fix_threads(threads)  # now: networks are tried below, and TensorFlow keeps the threads that it begins with
    prepared = prepare(file.study, workspace, settings, only_cell, allow_missing, console, leaks_allowed, all_folds)
    study = prepared.study
    file = replace(file, study=study)
    console.say(f"{plural(len(prepared.cells), 'cell')}; opening the stores below {workspace.home} …")
    (workspace.home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(workspace.home / ".bench" / "stores.lock"):  # two first starts must not both make the tables
        optuna_storage = storage(workspace.home, execution.optuna_storage)
        claims = Claims(optuna_storage.engine)
        tracker = store.experiment(file.name, kind)
        if tracker.adopted:
            console.say(f"adopted the experiment {file.name}: its runs' files go to {tracker.adopted}, where it keeps them")
        searches = open_searches(workspace.home, file.name, prepared.cells, optuna_storage, claims, study.pruning, study.sampler,
                                 study.objectives)
    run = RunContext(file, prepared, console, store, tracker, claims, Outbox(workspace.home), settings, allow_missing, execution.objective,
                     all_folds=all_folds)
    run.labels = run_labels(plan(study, prepared.corpus.fingerprint, settings, prepared.corpus.votes_fingerprint), settings)
    with closing(Costs(run)) as costs:
        _search(run, searches, execution, costs, command)
        _deliver_and_summarise(run)
        costs.measure(searches)
    return {pool.key if (pool := run.pool(cell)) else cell.key for cell in prepared.cells}


def _search(run: RunContext, searches: list[Search], execution: Execution, costs: Costs, command: str) -> None:
    """Settle what a crash left, run all jobs, and say in MLflow how it ended."""
    try:
        if settled := str(settle_crashed(run, searches)):
            run.console.say(settled)
        run.known = finished_by_signature(run)
        refuse_other_parts(run)
        for line in filter(None, (deleted_openings(run), trained_by_earlier_versions(run))):
            run.console.say(line)
        run.parent = _open_parent(run, command)
        state = "failed"
        try:
            _work(run, searches, execution, costs)
            state = "finished"
        except KeyboardInterrupt:
            state = "killed"
            raise
        finally:
            with suppress(Exception):  # what MLflow does not take now, the next start settles
                deliver_waiting(run)
                run.tracker.end(run.parent, state)
                settle_own_workers(run)
    finally:
        with suppress(BenchError):  # the next start sees that this one is gone
            run.claims.close()


def check_stores(name: str, store: Store, optuna_storage: str = "", kind: str = STUDY) -> None:
    """Look at the stores of a study before anything is computed; nothing is made.

    Raises: BenchError for a store of another version, and for an experiment that was deleted, renamed or made by hand.
    """
    store.check_experiment(name, kind)
    check_storage(store.home, optuna_storage)


def _work(run: RunContext, searches: list[Search], execution: Execution, costs: Costs) -> None:
    """Run all jobs, and show how far they are."""
    trials, console = run.study.trials, run.console
    missing = {search.cell.key: max(0, trials - len(search.ended())) for search in searches} if trials else {}
    for label, cells in itertools.groupby(run.prepared.cells if trials else [], key=run.protocol):
        keys = [cell.key for cell in cells]
        console.say(f"{label}: {plural(len(keys), 'cell')} × {plural(trials, 'trial')}, {sum(missing[key] for key in keys)} to do")
    progress = RunProgress(console)
    with progress.shown(), Stopping(console) as stopping:
        schedule = Schedule(run, searches, progress, execution.tries)
        _drive(schedule, execution, stopping, costs)


def _drive(schedule: Schedule, execution: Execution, stopping: Stopping, costs: Costs) -> None:
    """Keep the workers busy until everything is done, or nothing more is to be started."""
    job = schedule.next_job()
    if job is None and schedule.finished():
        return  # nothing to do: no worker is started for it
    pool = None
    try:
        pool = execution.pool(_load(schedule, execution), schedule.run.console.say)
        if not pool.free():
            schedule.run.console.say("no worker has joined yet: waiting for the first")
        while not schedule.finished():
            if stopping.requested or schedule.error:
                schedule.release_unstarted(job)
                job = None
                if not schedule.running:
                    break
            else:
                job = _start_jobs(schedule, pool, job)
                if job is None and schedule.all_begun():
                    costs.prepare()
            for end in pool.poll(schedule.on_progress):
                schedule.on_end(end)
            for uid in [uid for uid in schedule.running if execution.trial_timeout_s and pool.running_s(uid) > execution.trial_timeout_s]:
                pool.kill(uid)
                schedule.on_timeout(uid, execution.trial_timeout_s)
    finally:
        if pool:
            pool.close()
        schedule.run.claims.patience_s = CLOSING_PATIENCE_S
        schedule.abandon()
    if schedule.error:
        raise schedule.error
    if stopping.requested and not schedule.finished():
        raise KeyboardInterrupt


def _load(schedule: Schedule, execution: Execution) -> Load:
    """What the workers will have to do; only where their number depends on it is it found out how much."""
    prepared = schedule.run.prepared
    threads = prepared.cells[0].base.training.threads
    if not execution.is_automatic:
        return Load(threads=threads)
    return Load(schedule.most_at_once(), threads, copied_bytes(prepared.cells, prepared.corpus, prepared.workspace))


def _start_jobs(schedule: Schedule, pool: Pool, job: Job | None) -> Job | None:
    """Give each free worker a job, `job` first; returns one that found no free worker."""
    while pool.free() > 0:
        job = job or schedule.next_job()
        if job is None:
            if not schedule.running and not schedule.finished():
                schedule.wait_for_others()
            return None
        pool.start(job)
        job = None
    return job


def _deliver_and_summarise(run: RunContext) -> None:
    """Deliver what waits to MLflow, then audit and summarise the finals. Raises: BenchError when MLflow stays away."""
    delivery = deliver_waiting(run)
    if delivery.waiting:
        raise BenchError(f"{delivery.waiting} results wait in {run.box.folder}, since MLflow does not take them ({delivery.reason}): when "
                         "it does, `bench sync`, or this command again, brings them there and writes the report. Nothing is trained twice")
    audit_late(run)
    if not run.tracker.has(run.parent):  # deleted by hand meanwhile
        run.parent = _open_parent(run, "")
        run.tracker.end(run.parent, "finished")
    for label in dict.fromkeys(short_label(cell.base.split) for cell in run.prepared.cells):
        summarise(run, label)
        log_search(run, label)


def run_labels(cells: list[Cell], settings: dict[str, Any]) -> RunLabels:
    """What the runs of a study are called, and what differs between them: components, searched settings and those fixed by the call."""
    chosen = {"training.precision" for cell in cells if is_auto(cell)}
    return RunLabels.of(cells, sorted({setting for cell in cells for setting in cell.search} | set(settings) | chosen))


def _open_parent(run: RunContext, command: str) -> str:
    """The study's own run for this corpus, opened again when there is one."""
    corpus = run.prepared.corpus
    tags = RunTags(corpus=corpus.name, corpus_fingerprint=corpus.fingerprint[:16], coverage=corpus.coverage, synthetic=corpus.synthetic,
                   coordinator=run.claims.id)
    earlier = [r for r in run.tracker.records("study") if r.about.corpus_fingerprint == tags.corpus_fingerprint]
    if earlier:
        run.tracker.resume(earlier[-1].run_id)
        run_id = earlier[-1].run_id
    else:
        run_id = run.tracker.start("study", f"{run.name} on {corpus.name}", None, tags)
    declined = tuple(f"{where}: {reason}" for where, reason in run.prepared.declined.items())
    notes = tuple(f"{p.subject}: {p.detail}; {p.action}" for p in corpus.problems if p.in_reports)
    planned = {"cells": [cell.key for cell in run.prepared.cells], "trials": run.study.trials, "seeds": list(run.study.seeds)}
    planned |= {"as_written": True} if run.study.finals_as_written and run.study.trials > 1 else {}
    planned |= {} if len(json.dumps(planned)) < LONGEST_TAG else {"cells": []}
    run.tracker.tag(run_id, RunTags(declined=declined, clip_notes=notes, question=run.file.question, study_file=run.file.source,
                                    baseline=run.study.baseline, command=command, planned=planned, coordinator=run.claims.id))
    return run_id
