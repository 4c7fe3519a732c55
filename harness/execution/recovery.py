"""What earlier starts left behind: results that wait for MLflow, records without a living owner, half-written files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from harness.console import Console
from harness.data.feature_store import lock_of
from harness.execution.run_context import RunContext
from harness.safe_text import first_line
from harness.search.claims import Claims
from harness.search.optuna_study import Search
from harness.tracking import process_identity
from harness.tracking.outbox import Outbox
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from registry.errors import BenchError


@dataclass(frozen=True)
class Delivery:
    """What a pass over the outbox brought to MLflow, what it could not bring, and why not."""

    brought: int = 0
    left: int = 0
    reason: str = ""


def settle_crashed(run: RunContext, searches: list[Search]) -> None:
    """Settle what a crash left, and say in one line what that was; nothing of a start that lives is touched."""
    brought = deliver_waiting(run).brought
    trials = sum(search.reconcile() for search in searches)
    told = {uid for search in searches for uid in search.finished_uids()}
    for uid in run.box.uids():
        entry = run.box.get(uid)
        if entry and not run.claims.is_alive(entry.about.coordinator) and (uid in told or entry.kind != "trial"):
            run.box.told(uid)
    runs = run.tracker.reconcile(lambda tags: may_be_alive(run.claims, tags))
    drafts = run.box.sweep(run.claims.is_alive) + sweep_cache(run.prepared.workplace.cache)
    parts = [f"{brought} results brought to MLflow" if brought else "",
             f"{trials} open trials and {runs} open runs settled" if trials or runs else "",
             f"{drafts} half-written files removed" if drafts else ""]
    if any(parts):
        run.console.say(f"left by an earlier start: {', '.join(filter(None, parts))}; what did not finish is run again")


def finished_by_signature(run: RunContext) -> dict[str, RunRecord]:
    """What ended by itself, by signature: in MLflow, or still on its way there."""
    waiting = [entry.record() for entry in map(run.box.get, run.box.waiting())
               if entry and entry.study == run.name and entry.store == run.store.name and entry.kind in ("trial", "seed")]
    return {record.about.signature: record for record in [*waiting, *run.tracker.records("trial", "seed")] if record.ended_by_itself}


def settle_own_workers(run: RunContext) -> None:
    """Settle what the workers of this start left that died: runs that nobody ends, and halves of results."""
    run.tracker.reconcile(lambda tags: tags.coordinator != run.claims.id)
    run.box.sweep(run.claims.is_alive)


def may_be_alive(claims: Claims, tags: RunTags) -> bool:
    """Whether the start that a record's tags name may be alive."""
    return claims.is_alive(tags.coordinator) if tags.coordinator else process_identity.may_be_alive(tags.process)


def deliver_waiting(run: RunContext) -> Delivery:
    """Bring what waits in the outbox for the run's own MLflow there."""
    return deliver_all(run.box, {run.name: run.tracker}, run.store)


def deliver_all(box: Outbox, trackers: dict[str, Tracker], store: Store) -> Delivery:
    """Bring the results of all studies that wait for an MLflow store there, finals after their seeds; `trackers` is filled as needed."""
    entries = [entry for entry in map(box.get, box.waiting()) if entry and entry.store == store.name]
    brought, reason, failures = 0, "", 0
    for entry in sorted(entries, key=lambda entry: entry.kind == "final"):
        try:
            if entry.study not in trackers:
                trackers[entry.study] = store.experiment(entry.study)
            box.deliver(entry.uid, trackers[entry.study].deliver)
            brought, failures = brought + 1, 0
        except Exception as error:  # MLflow fails in as many ways as there are stores, and the next try is as good
            reason = reason or first_line(error)
            failures += not isinstance(error, BenchError)  # which concerns this one alone
            if failures >= 3:  # it is away, and each try costs a timeout
                break
    return Delivery(brought, len(entries) - brought, reason)


def sweep_cache(cache: Path) -> int:
    """Remove parts of feature files that nobody is writing; returns how many."""
    removed = 0
    for path in sorted(cache.glob("*.tmp")):
        with suppress(Timeout, OSError), FileLock(lock_of(cache, path.name.split(".")[0]), timeout=0):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def sync(home: Path, console: Console) -> int:
    """Bring everything that waits in a home's outbox to MLflow; the exit code: 1 when something still waits.

    Raises: BenchError when MLflow does not answer.
    """
    box = Outbox(home)
    entries = [entry for entry in map(box.get, box.waiting()) if entry]
    if not entries:
        console.result("nothing waits in the outbox")
        return 0
    store = Store(home)
    delivery = deliver_all(box, {}, store)
    console.result(f"brought {delivery.brought} of {len(entries)} waiting results to MLflow")
    if delivery.left:
        console.say(f"{delivery.left} still wait: {delivery.reason}")
    for other in sorted({entry.store for entry in entries} - {store.name}):
        console.say(f"{sum(entry.store == other for entry in entries)} wait for another store: " + (
            f"set MLFLOW_TRACKING_URI to {other}" if other else f"unset MLFLOW_TRACKING_URI for mlflow.db below {home}"))
    return int(delivery.brought < len(entries))
