"""Results on their way to MLflow: written and fsynced below `.bench/outbox` first, kept until MLflow and Optuna both have them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.tracking import process_identity
from harness.tracking.run_record import PREFIX, RunRecord, RunTags, datasets, flat_metrics, result_tags
from harness.training.result import Result
from registry.errors import BenchError

ENTRY, DELIVERED, RECORDED = "entry.json", "delivered", "told"  # files in the folder of an entry


@dataclass
class OutboxEntry:
    """The result of one job as plain data; its files lie beside it.

    Args:
        uid: of the job: MLflow holds at most one run with it that ended by itself.
        kind: `trial`, `seed`, or `final` (a cell's aggregate over its seeds). study: the MLflow experiment.
        parent: run id of the study's own run. run_id: of the run that was opened when it started; empty when MLflow was away.
        epochs: (epoch, milliseconds since 1970, metrics). inputs: one for each dataset, as plain data.
        store: name of the MLflow store that it is for; empty for the one below the home.
        best_models: how many models of its protocol are kept. children: number of seeds of a final.
    """

    uid: str
    kind: str
    name: str
    study: str
    parent: str
    state: str
    tags: dict[str, str]
    params: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    epochs: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    inputs: list[dict[str, str]] = field(default_factory=list)
    ended_ms: int = 0
    run_id: str = ""
    store: str = ""
    best_models: int = 0
    children: int = 0

    @property
    def about(self) -> RunTags:
        """Its tags, typed."""
        return RunTags.from_tags(self.tags)

    def record(self, run_id: str = "") -> RunRecord:
        """The record of its MLflow run; `run_id` is empty while MLflow does not have it."""
        return RunRecord(run_id, self.name, self.kind, self.state, {key: str(value) for key, value in self.params.items()}, self.metrics,
                         {PREFIX + name: text for name, text in self.tags.items()})


def entry_of(result: Result, *, tags: RunTags, **fields: Any) -> OutboxEntry:
    """The entry of a result, without its files, with further `tags` and fields."""
    return OutboxEntry(state=result.state, tags={**tags.to_tags(), **result_tags(result).to_tags()}, metrics=flat_metrics(result),
                       inputs=datasets(result), ended_ms=int(time.time() * 1000), **fields)


class Outbox:
    """The outbox of one home; a worker and a coordinator on any machine that sees the folder may use it at once."""

    def __init__(self, home: Path) -> None:
        self.folder = home / ".bench" / "outbox"

    def commit(self, entry: OutboxEntry, write: Callable[[Path], None] = lambda folder: None) -> Path:
        """Write an entry and the files that `write` puts into its folder (`files/`, `model/`), all or nothing; returns the folder.

        An entry that is there already under this uid stays. Raises: BenchError for a full disk.
        """
        final = self.folder / entry.uid
        process = process_identity.this_process()
        owner = f"{entry.about.coordinator}-{uuid.uuid4().hex[:6]}"
        draft = self.folder / f"{entry.uid}.{process['host']}.{process['pid']}.{owner}.tmp"
        try:
            (draft / "files").mkdir(parents=True)
            write(draft)
            (draft / ENTRY).write_text(json.dumps(asdict(entry)), encoding="utf-8")
            for path in (*sorted(draft.rglob("*")), draft):
                write_through(path)
            with contextlib.suppress(FileExistsError):
                draft.rename(final)
            write_through(self.folder)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return final
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise BenchError(f"the disk of {self.folder} is full: this trial's result could not be kept; the same command runs the "
                                 "trial again. Make room (`bench cache --clear` removes features)") from error
            raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return final

    def get(self, uid: str) -> OutboxEntry | None:
        """The committed entry with this uid."""
        try:
            return OutboxEntry(**json.loads((self.folder / uid / ENTRY).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def uids(self) -> list[str]:
        """The committed entries that MLflow and the search do not both have, oldest first."""
        entries = [path for path in self.folder.glob("*") if (path / ENTRY).exists() and not path.name.endswith(".tmp")]
        return [path.name for path in sorted(entries, key=lambda path: ((path / ENTRY).stat().st_mtime_ns, path.name))]

    def run_id_of(self, uid: str) -> str:
        """The id of the MLflow run that holds an entry; empty while it waits."""
        try:
            return (self.folder / uid / DELIVERED).read_text(encoding="utf-8")
        except OSError:
            return ""

    def waiting(self) -> list[str]:
        """The uids of entries that MLflow does not have yet, oldest first."""
        return [uid for uid in self.uids() if not self.run_id_of(uid)]

    def deliver(self, uid: str, send: Callable[[OutboxEntry, Path], str]) -> str:
        """Call `send` (entry, its folder -> run id) once for an entry; returns the run id.

        One process at a time does so. When `send` raises, the entry stays, and the error passes through. The id is empty for an entry
        that another process has removed meanwhile.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / f"{uid}.lock", timeout=120):
                entry = self.get(uid)
                run_id = self.run_id_of(uid)
                if entry is None or run_id:
                    return run_id
                run_id = send(entry, self.folder / uid)
                _write(self.folder / uid / DELIVERED, run_id)
        except Timeout as error:
            raise BenchError(f"another process has been delivering {uid} for two minutes: end it, or try again later") from error
        self._remove_if_done(uid)
        return run_id

    def mark_recorded(self, uid: str) -> None:
        """Note that the search has the end of an entry; it is removed once MLflow has it, too."""
        with contextlib.suppress(FileNotFoundError):
            _write(self.folder / uid / RECORDED, "")
        self._remove_if_done(uid)

    def _remove_if_done(self, uid: str) -> None:
        if (self.folder / uid / RECORDED).exists() and (self.folder / uid / DELIVERED).exists():
            gone = self.folder / f"{uid}.gone.tmp"
            with contextlib.suppress(OSError):
                (self.folder / uid).rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
            with contextlib.suppress(OSError):
                (self.folder / f"{uid}.lock").unlink()

    def sweep(self, is_alive: Callable[[str], bool]) -> int:
        """Remove drafts whose writer is dead; returns how many. `is_alive`: coordinator -> whether it may be alive."""
        abandoned = [path for path in self.folder.glob("*.tmp") if not self._has_writer(path, is_alive)]
        for path in abandoned:
            shutil.rmtree(path, ignore_errors=True)
        return len(abandoned)

    def _has_writer(self, draft: Path, is_alive: Callable[[str], bool]) -> bool:
        _, _, rest = draft.name.partition(".")
        process, _, owner = rest.removesuffix(".tmp").rpartition(".")
        host, _, pid = process.rpartition(".")
        if not process_identity.is_here(host):  # its processes can't be seen from here, its coordinator's claims can
            return is_alive(owner.partition("-")[0])
        return process_identity.may_be_alive({"host": host, "pid": pid})


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    write_through(path)


def write_through(path: Path) -> None:
    """Force a file or folder onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
