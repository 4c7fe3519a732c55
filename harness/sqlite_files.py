"""A store's SQLite file, looked at before anything is written to it: whole, of the right kind, and in a folder that can be written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from registry.errors import BenchError

_sound: set[Path] = set()  # found so by this process: a large file is not read for every tracker


def check(path: Path, tables: Collection[str]) -> None:
    """Look at a store's file; one that is not there, or is empty, is new and nothing is wrong with it.

    Args:
        tables: names of the tables that a store of this kind has; one that has others only is something else.
    Raises: BenchError for a file that is damaged, that is no such store, or whose folder can't be written; it is left as it is.
    """
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise BenchError(f"{path} can't be written, and reading it needs that, too: mend the permissions of {path.parent}, or copy it and "
                         "give the copy's --home")
    if not path.exists() or not path.stat().st_size or path in _sound:
        return
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            found = {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            fault = next(connection.execute("PRAGMA quick_check(1)"))[0]
    except sqlite3.OperationalError as error:
        raise BenchError(f"{path} can't be opened ({error}): see whether another process holds it, and whether its disk is well") from error
    except sqlite3.Error as error:
        raise _damaged(path, str(error)) from error
    if fault != "ok":
        raise _damaged(path, fault.replace("\n", " "))
    if found and not found & set(tables):
        raise BenchError(f"{path} is a database of something else (its tables: {', '.join(sorted(found)[:5])}): nothing was written to it. "
                         "Move it away, or choose another --home")
    _sound.add(path)


def _damaged(path: Path, fault: str) -> BenchError:
    return BenchError(f"{path} is damaged ({fault}): nothing was written to it. Put a copy back in its place; or save what can be read "
                      f"with `sqlite3 {path.name} .recover`; or move it away to start a new one")
