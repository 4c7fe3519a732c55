"""Settles what earlier starts left: results that wait for MLflow, open runs and trials of processes that died, half-written files."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from harness.data.feature_store import lock_of
from harness.execution.run_context import RunContext
from harness.safe_text import first_line
from harness.search.claims import Claims
from harness.search.optuna_study import Search
from harness.study.trial import NUMBERS_VERSION
from harness.tracking import process_identity
from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from registry.core import short_label
from registry.errors import BenchError


@dataclass(frozen=True)
class Delivery:
    """What a pass over the outbox delivered to MLflow, how much still waits for it, and why.

    Args:
        elsewhere: other MLflow store -> how many results wait for that one; empty text: the store below the home.
    """

    delivered: int = 0
    waiting: int = 0
    reason: str = ""
    elsewhere: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What a crash left and was settled: results delivered, open trials and runs ended, half-written files (`drafts`) removed."""

    results: int
    trials: int
    runs: int
    drafts: int

    def __str__(self) -> str:
        """One line for people; empty when there was nothing."""
        parts = [f"{self.results} results brought to MLflow" if self.results else "",
                 f"{self.trials} open trials and {self.runs} open runs settled" if self.trials or self.runs else "",
                 f"{self.drafts} half-written files removed" if self.drafts else ""]
        done = ", ".join(filter(None, parts))
        return f"left by an earlier start: {done}; what did not finish is run again" if done else ""


def settle_crashed(run: RunContext, searches: list[Search]) -> Settled:
    """Settle what a crash left; nothing of a start that may be alive is touched."""
    results = deliver_waiting(run).delivered
    trials = sum(search.reconcile() for search in searches)
    recorded = {uid for search in searches for uid in search.finished_uids()}
    for uid in run.box.uids():
        entry = run.box.get(uid)
        if entry and not run.claims.is_alive(entry.about.coordinator) and (uid in recorded or entry.kind != "trial"):
            run.box.mark_recorded(uid)
    runs = run.tracker.reconcile(lambda tags: may_be_alive(run.claims, tags))
    return Settled(results, trials, runs, run.box.sweep(run.claims.is_alive) + sweep_cache(run.prepared.workspace.cache))


def finished_by_signature(run: RunContext) -> dict[str, RunRecord]:
    """What finished or was pruned, by signature: in MLflow, or still on its way there."""
    waiting = [entry.record() for entry in map(run.box.get, run.box.waiting())
               if entry and entry.study == run.name and entry.store == run.store.name and entry.kind in ("trial", "seed")]
    return {record.about.signature: record for record in [*waiting, *run.tracker.records("trial", "seed")] if record.ended_by_itself}


def refuse_other_parts(run: RunContext) -> None:
    """Refuse to go on with a protocol whose parts are no longer those of its earlier trials: figures of both would be mixed in one row.

    Columns that a protocol reads beside emotion and speaker, such as sex and session, are not in a trial's signature.
    """
    for protocol, cells in itertools.groupby(run.prepared.cells, key=lambda cell: cell.base.split):
        keys = {cell.key for cell in cells}
        parts = {"", protocol(run.prepared.corpus).fingerprint(run.prepared.corpus)}  # a trial that failed early has none
        earlier = [record for record in run.known.values() if record.about.cell in keys and record.about.split_fingerprint not in parts]
        if earlier:
            raise BenchError(f"{short_label(protocol)} puts other clips into training, validation and test now than when {len(earlier)} "
                             f"earlier trials of {run.name} ran: what it reads of the clips, such as sex or session, or its code changed. "
                             "Undo that to go on, or start anew with another --home")


def deleted_openings(run: RunContext) -> str:
    """What deleting runs by hand means for this start, in one line; empty where nothing is missing. Completes the ledger first."""
    cells = {cell.key for cell in run.prepared.cells}
    gone = [opening for opening in run.tracker.complete_ledger()
            if not opening.in_store and opening.cell in cells and opening.signature not in run.known]
    if not gone:
        return ""
    where = "; ".join(sorted({f"{opening.where}, seed {opening.seed}" for opening in gone}))
    return (f"deleted from the store: {len(gone)} run{'s'[: len(gone) > 1]} in which test parts were opened ({where}). What "
            "of it is still needed is trained again, and its test part opened once more, which the report counts. To have the runs back "
            f"instead, stop this (Ctrl-C), then bench restore {run.name}")


def trained_by_earlier_versions(run: RunContext) -> str:
    """That cells of this start were trained before by a version whose figures were others, in one line; empty where they were not."""
    cells = {(cell.label, short_label(cell.base.split)): cell.key for cell in run.prepared.cells}
    here = [record for record in run.known.values() if record.about.corpus_fingerprint == run.prepared.corpus.fingerprint[:16]]
    done = {record.about.cell for record in here}
    older: Counter[int] = Counter()
    for (label, split, cell), records in _by_cell(here).items():
        if cells.get((label, split), cell) not in (cell, *done):
            with suppress(BenchError):  # a damaged configuration, which is no reason to end a run
                version = (run.tracker.configuration(records[0].run_id) or {}).get("numbers_version", NUMBERS_VERSION)
                older[version] += len(records) if version != NUMBERS_VERSION else 0
    if not older.total():
        return ""
    versions = " and ".join(str(version) for version in sorted(older))
    return (f"{older.total()} trainings of these cells are of an earlier version of bench (numbers_version={versions}), whose figures were "
            "others: the cells are trained again, and the report shows both")


def _by_cell(records: Iterable[RunRecord]) -> dict[tuple[str, str, str], list[RunRecord]]:
    found: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in records:
        if record.run_id:
            found.setdefault((record.about.label, record.about.split, record.about.cell), []).append(record)
    return found


def settle_own_workers(run: RunContext) -> None:
    """End the open MLflow runs, and remove the half-written results, of this start's workers that died."""
    run.tracker.reconcile(lambda tags: tags.coordinator != run.claims.id)
    run.box.sweep(run.claims.is_alive)


def may_be_alive(claims: Claims, tags: RunTags) -> bool:
    """Whether the start that a run's tags name may be alive."""
    return claims.is_alive(tags.coordinator) if tags.coordinator else process_identity.may_be_alive(tags.process)


def deliver_waiting(run: RunContext) -> Delivery:
    """Deliver what waits in the outbox for the MLflow store of this run."""
    return deliver_all(run.box, {run.name: run.tracker}, run.store)


def deliver_home(home: Path) -> Delivery:
    """Deliver everything that waits in a home's outbox. Raises: BenchError when MLflow does not answer."""
    box = Outbox(home)
    stores = Counter(entry.store for entry in map(box.get, box.waiting()) if entry)
    if not stores:
        return Delivery()
    store = Store(home)
    return replace(deliver_all(box, {}, store), elsewhere={name: count for name, count in sorted(stores.items()) if name != store.name})


def deliver_all(box: Outbox, trackers: dict[str, Tracker], store: Store) -> Delivery:
    """Deliver the results of all studies that wait for an MLflow store, finals after their seeds; `trackers` is filled as needed."""
    entries = [entry for entry in map(box.get, box.waiting()) if entry and entry.store == store.name]
    delivered, reason, failures = 0, "", 0
    for entry in sorted(entries, key=lambda entry: entry.kind == "final"):
        try:
            if entry.study not in trackers:
                trackers[entry.study] = store.experiment(entry.study, "")
            box.deliver(entry.uid, to_mlflow(trackers[entry.study]))
            delivered, failures = delivered + 1, 0
        except Exception as error:  # MLflow fails in as many ways as there are stores, and the next try is as good
            reason = reason or _reason(store, entry.study, error)
            failures += not isinstance(error, BenchError)  # which concerns this entry alone
            if failures >= 3:  # MLflow is away, and each try costs a timeout
                break
    return Delivery(delivered, len(entries) - delivered, reason)


def _reason(store: Store, study: str, error: Exception) -> str:
    """Why a result can't be delivered: what people did to its experiment, else MLflow's error."""
    try:
        store.check_experiment(study, "")
    except BenchError as by_hand:
        return str(by_hand)
    except Exception:  # MLflow is away, as the error says
        return first_line(error)
    return first_line(error)


def sweep_cache(cache: Path) -> int:
    """Remove parts of feature files that no process is writing; returns how many."""
    removed = 0
    for path in sorted(cache.glob("*.tmp")):
        with suppress(Timeout, OSError), FileLock(lock_of(cache, path.name.split(".")[0]), timeout=0):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
