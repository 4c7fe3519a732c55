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
    in a folder that is not the home which this one is a copy of.

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
    earlier, kept_there = _earlier_homes(store, file, home, is_own)
    if not earlier:
        return []
    originals = {old for old in earlier if _is_original(store, old)}
    tables = {name for name, in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    changes = []
    for table, column in COLUMNS:
        query = f"SELECT rowid, {column} FROM {table} WHERE {column} LIKE 'file:%' OR {column} LIKE '/%'"
        for row, address in store.execute(query) if table in tables else ():
            old = next((old for old in earlier if _lies_in(address, old)), None)
            if old and (new := _new_address(address, old, home, kept_there, old in originals)):
                changes.append((table, column, int(row), new, old))
    if changes:
        _refuse_while_used(store, [old for old in earlier if old not in originals])
    return changes


def _earlier_homes(store: sqlite3.Connection, file: Path, home: Path, is_own: bool) -> tuple[list[Path], list[Path]]:
    """Where the home used to be, by the experiments of `bench`, and the folders of experiments that another home keeps for this store.

    No folder that is the home by another name is among them.
    """
    folders = [folder for _, _, location in _experiments(store)
               if (folder := local_folder(location)) and folder.parent.name == ARTIFACTS and folder.parent != (home / ARTIFACTS).resolve()
               and folder.parent.parent != home and not _is_same(folder.parent.parent / STORE, file)]
    kept_there = [folder for folder in folders if folder.exists() and not (home / ARTIFACTS / folder.name).exists()
                  and not _is_original(store, folder.parent.parent)]
    earlier = {folder.parent.parent for folder in folders
               if folder not in kept_there and (is_own or (home / ARTIFACTS / folder.name).exists())}
    return sorted(earlier), kept_there


def _experiments(store: sqlite3.Connection) -> list[tuple[int, int, str]]:
    """Id, time of creation and location of the experiments of `bench`."""
    return store.execute("SELECT DISTINCT e.experiment_id, e.creation_time, e.artifact_location FROM experiments e JOIN experiment_tags t "
                         "ON t.experiment_id = e.experiment_id WHERE t.key = ?", (f"{PREFIX}kind",)).fetchall()


def _is_original(store: sqlite3.Connection, old: Path) -> bool:
    """Whether a folder is a home with experiments of this store, which is a copy of its store then; also where that can't be read."""
    if not (old / STORE).exists():
        return False
    try:
        with closing(sqlite3.connect((old / STORE).as_uri() + "?mode=ro", uri=True, timeout=60)) as other:
            return not {row[:2] for row in _experiments(store)}.isdisjoint(row[:2] for row in _experiments(other))
    except sqlite3.Error:
        return True


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _lies_in(address: str, home: Path) -> bool:
    folder = local_folder(address)
    return folder is not None and any(folder.is_relative_to(home / name) for name in FOLDERS)


def _new_address(address: str, old: Path, home: Path, kept_there: list[Path], is_copy: bool) -> str:
    """The same place below the home; empty where the address stays."""
    folder = local_folder(address)
    assert folder
    new = home / folder.relative_to(old)
    if any(folder.is_relative_to(kept) for kept in kept_there) or (folder.exists() and not new.exists() and not is_copy):
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
