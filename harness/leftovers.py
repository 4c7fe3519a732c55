"""What earlier starts left behind: results that wait for MLflow, records without a living owner, half-written files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from harness import owner
from harness.claims import Claims
from harness.console import Console
from harness.feature_files import lock_of
from harness.mlflow_store import connect
from harness.outbox import Outbox
from harness.search import Search
from harness.tracking import Tracker
from harness.work import Run


def clear_up(run: Run, searches: list[Search]) -> None:
    """Settle what a crash left, and say in one line what that was; nothing of a start that lives is touched."""
    brought = len(run.box.waiting())
    brought -= deliver_waiting(run)
    trials = sum(search.reconcile() for search in searches)
    for uid in run.box.uids():
        entry = run.box.get(uid)
        if entry and not run.claims.lives(entry.tags.get("coordinator", "")):
            run.box.told(uid)
    runs = run.tracker.reconcile(lambda tags: lives(run.claims, tags))
    drafts = run.box.sweep() + sweep_cache(run.prepared.workplace.cache)
    parts = [f"{brought} results brought to MLflow" if brought else "",
             f"{trials} open trials and {runs} open runs settled" if trials or runs else "",
             f"{drafts} half-written files removed" if drafts else ""]
    if any(parts):
        run.console.say(f"left by an earlier start: {', '.join(filter(None, parts))}; what did not finish is run again")


def end_own(run: Run) -> None:
    """Settle what the workers of this start left that died: runs that nobody ends, and halves of results."""
    run.tracker.reconcile(lambda tags: tags.get("coordinator") != run.claims.id)
    run.box.sweep()


def lives(claims: Claims, tags: Mapping[str, str]) -> bool:
    """Whether the start that a record's tags name may be alive."""
    return claims.lives(tags["coordinator"]) if tags.get("coordinator") else owner.may_live(tags)


def deliver_waiting(run: Run) -> int:
    """Bring what waits in the outbox to MLflow, finals after their seeds; returns how many still wait."""
    return deliver_all(run.box, {run.name: run.tracker}, run.tracker.home)


def deliver_all(box: Outbox, trackers: dict[str, Tracker], home: Path) -> int:
    """The same for all studies; `trackers` is filled as they are needed."""
    failures = 0
    for uid in box.waiting():
        entry = box.get(uid)
        if entry is None:
            continue
        try:
            if entry.study not in trackers:
                trackers[entry.study] = Tracker(home, entry.study)
            box.deliver(uid, trackers[entry.study].deliver)
        except Exception:  # MLflow fails in as many ways as there are stores, and the next try is as good
            failures += 1
            if failures >= 3:  # it is away, and each try costs a timeout
                break
    return len(box.waiting())


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
    before = len(box.waiting())
    if before:
        connect(home)
    left = deliver_all(box, {}, home) if before else 0
    console.result(f"brought {before - left} of {before} waiting results to MLflow" if before else "nothing waits in the outbox")
    return int(left > 0)
