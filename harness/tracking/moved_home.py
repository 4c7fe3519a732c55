"""Where the artifacts of a home lie once it was moved, renamed or copied: the addresses in its store follow when it is opened."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from harness.tracking import process_identity
from harness.tracking.addresses import local_folder
from harness.tracking.run_record import PREFIX
from registry.errors import BenchError

STORE, ARTIFACTS = "mlflow.db", "mlartifacts"  # the store's file in a home, and the folder of its runs' files
FOLDERS = (ARTIFACTS, "mlruns")  # of a home that hold artifacts: those of `bench`, and those of MLflow used by hand in that folder
COLUMNS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"),
           ("model_versions", "source"), ("model_versions", "storage_location"), ("trace_tags", "value"))
SILENT_MS = 3_600_000  # after which a run of another machine, which can't be looked at, counts as dead


def follow(file: Path, home: Path, *, is_own: bool = True) -> str:
    """Rewrite the addresses in a store that point to where its home used to be, in one transaction.

    What was pointed elsewhere on purpose stays: addresses outside the folders of artifacts, and files that lie there still, and not here,
    in a folder that is no other home.

    Args: file: the store's SQLite file. home: the folder that has its artifacts. is_own: whether it is certain that it has; else only
        what is found there is followed.
    Returns: what was done, in a line; empty where nothing was to be done.
    Raises: BenchError while a start of `bench` may be running that knows the home by its other place.
    """
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as store:
        if not _changes(store, file, home, is_own):
            return ""
        store.execute("BEGIN IMMEDIATE")  # two processes may open it at once
        changes = _changes(store, file, home, is_own)
        for table, column, row, address, _ in changes:
            store.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (address, row))
        store.execute("COMMIT")
    earlier = " and ".join(sorted({str(old) for *_, old in changes}))
    return f"this home was {earlier} and is {home} now: {len(changes)} addresses of artifacts in {file.name} follow" if changes else ""


def _changes(store: sqlite3.Connection, file: Path, home: Path, is_own: bool) -> list[tuple[str, str, int, str, Path]]:
    """What is to be rewritten: table, column, row, new address, and the earlier home that the old one lies in."""
    earlier = _earlier_homes(store, file, home, is_own)
    if not earlier:
        return []
    tables = {name for name, in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    changes = []
    for table, column in COLUMNS:
        query = f"SELECT rowid, {column} FROM {table} WHERE {column} LIKE 'file:%' OR {column} LIKE '/%'"
        for row, address in store.execute(query) if table in tables else ():
            old = next((old for old in earlier if _lies_in(address, old)), None)
            if old and (new := _new_address(address, old, home)):
                changes.append((table, column, int(row), new, old))
    if changes:
        _refuse_while_used(store, [old for old in earlier if not (old / STORE).exists()])
    return changes


def _earlier_homes(store: sqlite3.Connection, file: Path, home: Path, is_own: bool) -> list[Path]:
    """Where the home used to be, as the experiments of `bench` tell; no folder that is the home by another name."""
    locations = store.execute("SELECT DISTINCT e.artifact_location FROM experiments e JOIN experiment_tags t "
                              "ON t.experiment_id = e.experiment_id WHERE t.key = ?", (f"{PREFIX}kind",))
    folders = [folder for location, in locations if (folder := local_folder(location)) and folder.parent.name == ARTIFACTS]
    earlier = {folder.parent.parent for folder in folders if folder.parent != (home / ARTIFACTS).resolve()
               and (is_own or (home / ARTIFACTS / folder.name).exists())}
    return sorted(old for old in earlier if old != home and not _is_same(old / STORE, file))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _lies_in(address: str, home: Path) -> bool:
    folder = local_folder(address)
    return folder is not None and any(folder.is_relative_to(home / name) for name in FOLDERS)


def _new_address(address: str, old: Path, home: Path) -> str:
    """The same place below the home; empty where the address stays."""
    folder = local_folder(address)
    assert folder
    new = home / folder.relative_to(old)
    if folder.exists() and not new.exists() and not (old / STORE).exists():
        return ""
    return new.as_uri() if address.startswith("file:") else str(new)


def _refuse_while_used(store: sqlite3.Connection, moved_from: list[Path]) -> None:
    """Raise BenchError when a run of a start that knows the home by its other place may be going on: it would lose its files."""
    if not moved_from:
        return  # a copy: the original is another home, and what runs there has nothing to do with this one
    for run, started_ms in store.execute("SELECT run_uuid, start_time FROM runs WHERE status = 'RUNNING'").fetchall():
        tags = {key.removeprefix(PREFIX): value for key, value in store.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run,))}
        process = {key: tags[key] for key in ("host", "pid", "started") if key in tags}
        logged_ms, = store.execute("SELECT max(timestamp) FROM latest_metrics WHERE run_uuid = ?", (run,)).fetchone()
        recent = time.time() * 1000 - max(started_ms or 0, logged_ms or 0) < SILENT_MS
        if process_identity.may_be_alive(process) and (recent or process_identity.is_here(process.get("host"))):
            raise BenchError(f"a start of bench that knows this home as {moved_from[0]} may be running (process {process.get('pid')} on "
                             f"{process.get('host')}): wait until it ends, or stop it, and try again")
