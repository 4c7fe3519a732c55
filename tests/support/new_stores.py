"""New MLflow stores as copies of an empty one: MLflow computes for four seconds to make the tables of each, many tests over."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from types import ModuleType


def copied(store: ModuleType) -> Callable[[Path], None]:
    """What prepares an SQLite file for MLflow in `harness.tracking.store`, and copies an empty store to where there is no file yet."""
    prepare: Callable[[Path], None] = store._prepare_sqlite
    folder = tempfile.TemporaryDirectory(prefix="empty-store-")
    place = Path(folder.name) / "empty.db"

    @cache
    def empty() -> Path:
        store.connect(f"sqlite:///{place}")
        with closing(sqlite3.connect(place)) as database:
            database.execute("DELETE FROM experiments")  # MLflow makes its first one again, with the new store's address
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return place

    def prepared(path: Path) -> None:
        if path != place and not path.exists():
            with suppress(OSError):  # MLflow then says why there can be no store
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(empty(), path.with_name(f"{path.name}.new"))
                path.with_name(f"{path.name}.new").replace(path)
        prepare(path)

    prepared.folder = folder  # type: ignore[attr-defined]  # it goes with the process
    return prepared
