"""A copy of a home whose databases this process may hold open."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def copied_home(home: Path, to: Path) -> Path:
    """Copy a home; SQLite itself copies its files.

    A plain copy opens and closes them in this process, which drops the locks that this process holds on them (POSIX): another process then
    takes itself for the last one and deletes what SQLite keeps beside the file, and the next connection here fails.
    """
    shutil.copytree(home, to, ignore=shutil.ignore_patterns("*.db", "*.db-wal", "*.db-shm"))
    for path in home.glob("*.db"):
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to / path.name)) as target:
            source.backup(target)
    return to
