"""Who works on what: a table beside Optuna's own, in which each slot of a search and each signature has at most one owner."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from harness.safe_text import mask_secrets
from harness.tracking import process_identity
from registry.errors import BenchError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

T = TypeVar("T")
COLUMNS = "claim, coordinator, uid, ended, outcome"
HEARTBEAT_S = 10.0
PATIENCE_S = 300.0  # for a database that restarts
CLOSING_PATIENCE_S = 5.0  # while a run stops
SILENT_S = 420.0  # without a heartbeat, a coordinator of another machine counts as dead: longer than it would wait itself
TABLES = ("CREATE TABLE IF NOT EXISTS bench_coordinators (id VARCHAR(64) PRIMARY KEY, host VARCHAR(255), pid VARCHAR(32), "
          "started VARCHAR(64), beat FLOAT)",
          "CREATE TABLE IF NOT EXISTS bench_claims (claim VARCHAR(500) PRIMARY KEY, coordinator VARCHAR(64), uid VARCHAR(64), "
          "ended INTEGER, outcome TEXT)")


@dataclass(frozen=True)
class Claim:
    """One claim: its coordinator, under which uid, and how it ended (`outcome`), once it did."""

    name: str
    coordinator: str
    uid: str
    outcome: dict[str, Any] | None


def retry_while_away(action: Callable[[], T], patience_s: float) -> T:
    """The result of `action`, tried again while the database is away or locked. Raises BenchError when it stays so for `patience_s`.

    An action may have succeeded although its answer was lost, so it must be one that can be done twice.
    """
    end, pause = time.monotonic() + patience_s, 0.1
    while True:
        try:
            return action()
        except Exception as error:
            if "disk is full" in str(error.__cause__ or error):
                raise BenchError("the disk of the search's store is full: make room (`bench cache --clear` removes features), and start "
                                 "again; what finished is kept") from error
            if not _from_the_database(error):
                raise
            reason = mask_secrets(str(error.__cause__ or error).splitlines()[0][:200])
            if not _is_away(error):
                raise BenchError(f"the store of the search refuses: {reason}. What finished is kept; fix it, and start again") from error
            if time.monotonic() > end:
                raise BenchError(f"the store of the search does not answer, or stays locked, for too long: {reason}. "
                                 "What finished is kept; start again when it is back") from error
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


def _from_the_database(error: BaseException) -> bool:
    """Whether an error is the database's: Optuna wraps the driver's error in one of its own."""
    return any(isinstance(fault, DBAPIError) and not isinstance(fault, IntegrityError) for fault in (error, error.__cause__))


def _is_away(error: BaseException) -> bool:
    faults = [fault for fault in (error, error.__cause__) if isinstance(fault, DBAPIError)]
    return any(isinstance(fault, OperationalError | InterfaceError) or fault.connection_invalidated for fault in faults)


def at_work(home: Path) -> tuple[dict[str, str], dict[str, int]]:
    """The starts that may be alive, and what their searches have done, by a look at the store of a home that claims nothing.

    Returns: id of a start -> `process PID on HOST`; key of a cell -> how many trials of its search have ended. Empty without a store.
    """
    url, path = os.environ.get("BENCH_OPTUNA_STORAGE", ""), (home / "optuna.db").resolve()
    if not url and not path.exists():
        return {}, {}
    with suppress(sql.exc.SQLAlchemyError, ImportError):  # a store that is away, or without these tables: the next run says why
        engine = sql.create_engine(url or sql.URL.create("sqlite", database=str(path)))
        try:
            return _alive_coordinators(engine), _ended_slots(engine)
        finally:
            engine.dispose()
    return {}, {}


def _alive_coordinators(engine: Engine) -> dict[str, str]:
    query = f"SELECT id, host, pid, started, {_now(engine)} - beat FROM bench_coordinators"
    with engine.connect() as connection:
        return {row[0]: f"process {row[2]} on {row[1]}" for row in connection.execute(sql.text(query)) if _may_be_alive(*row[1:])}


def _ended_slots(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        claims = [claim for claim, in connection.execute(sql.text("SELECT claim FROM bench_claims WHERE ended = 1"))]
    slots = Counter(tuple(claim.split()[-3:-1]) for claim in claims if claim.startswith("slot "))  # key and ranges, before the slot
    ended: dict[str, int] = {}
    for (key, _), count in slots.items():
        ended[key] = max(count, ended.get(key, 0))
    return ended


def _now(engine: Engine) -> str:
    """The database's clock, in seconds, in its SQL."""
    return "CAST(strftime('%s', 'now') AS FLOAT)" if engine.dialect.name == "sqlite" else "extract(epoch from clock_timestamp())"


def _may_be_alive(host: str, pid: str, started: str, silent_s: float) -> bool:
    if process_identity.is_here(host):
        return process_identity.may_be_alive({"host": host, "pid": pid, "started": started})
    return float(silent_s) < SILENT_S


class Claims:
    """The claims of one coordinator, which sends heartbeats until it is closed.

    Args:
        patience_s: how long a database that is away is waited for, by this coordinator's searches as well.
    Raises: BenchError when the database stays away.
    """

    def __init__(self, engine: Engine, patience_s: float = PATIENCE_S) -> None:
        self.engine, self.patience_s, self.id = engine, patience_s, uuid.uuid4().hex[:16]
        self._closed = threading.Event()
        self._now = _now(engine)
        self.retry(self._make_tables)
        self._register = (f"INSERT INTO bench_coordinators VALUES (:id, :host, :pid, :started, {self._now}) "
                          f"ON CONFLICT (id) DO UPDATE SET beat = {self._now}")
        self._write(self._register, id=self.id, **process_identity.this_process())
        self._heartbeat = threading.Thread(target=self._send_heartbeats, name="bench heartbeat", daemon=True)
        self._heartbeat.start()

    def retry(self, action: Callable[[], T]) -> T:
        """The result of `action`, tried again for `patience_s` while the database is away."""
        return retry_while_away(action, self.patience_s)

    def _make_tables(self) -> None:
        for table in TABLES:
            with suppress(IntegrityError), self.engine.begin() as connection:  # PostgreSQL lets two first starts collide
                connection.execute(sql.text(table))

    def _write(self, statement: str, **values: Any) -> int:
        """Execute a statement; returns how many rows it changed."""
        def write() -> int:
            with self.engine.begin() as connection:
                return int(connection.execute(sql.text(statement), values).rowcount)

        return self.retry(write)

    def _read(self, query: str, **values: Any) -> list[Any]:
        def read() -> list[Any]:
            with self.engine.connect() as connection:
                return list(connection.execute(sql.text(query), values))

        return self.retry(read)

    def _send_heartbeats(self) -> None:
        while not self._closed.wait(HEARTBEAT_S):
            with suppress(DBAPIError, BenchError), self.engine.begin() as connection:  # another may have removed the row as a dead one's
                connection.execute(sql.text(self._register), {"id": self.id, **process_identity.this_process()})

    def close(self) -> None:
        """Stop the heartbeats and release what is still claimed."""
        self.patience_s = min(self.patience_s, CLOSING_PATIENCE_S)
        self._closed.set()
        self._heartbeat.join(1)
        self._write("DELETE FROM bench_claims WHERE coordinator = :id AND ended = 0", id=self.id)
        self._write("DELETE FROM bench_coordinators WHERE id = :id", id=self.id)

    def take(self, name: str, uid: str) -> bool:
        """Claim a name; False when another has it, or it was ended."""
        self._write("INSERT INTO bench_claims VALUES (:name, :id, :uid, 0, '') ON CONFLICT (claim) DO NOTHING",
                    name=name, id=self.id, uid=uid)
        held = self.get(name)
        return held is not None and held.uid == uid and held.outcome is None

    def get(self, name: str) -> Claim | None:
        """The row of a name, None when nobody claimed it."""
        rows = self._read(f"SELECT {COLUMNS} FROM bench_claims WHERE claim = :name", name=name)
        return _claim(rows[0]) if rows else None

    def release(self, name: str) -> None:
        """Give up a claim that was not ended."""
        self._write("DELETE FROM bench_claims WHERE claim = :name AND coordinator = :id AND ended = 0", name=name, id=self.id)

    def end(self, name: str, **outcome: Any) -> bool:
        """Record how what was claimed ended; False when another took it over meanwhile, since it held this coordinator for dead."""
        return bool(self._write("UPDATE bench_claims SET ended = 1, outcome = :outcome WHERE claim = :name AND coordinator = :id",
                                name=name, id=self.id, outcome=json.dumps(outcome)))

    def retake(self, name: str, uid: str) -> bool:
        """Claim what another start ended, to do it once more; False when a third was faster."""
        self._write("UPDATE bench_claims SET ended = 0, coordinator = :id, uid = :uid WHERE claim = :name AND ended = 1 "
                    "AND coordinator <> :id", name=name, id=self.id, uid=uid)
        held = self.get(name)
        return held is not None and held.uid == uid

    def is_alive(self, coordinator: str) -> bool:
        """Whether a coordinator may be alive: its process on this machine, its heartbeat by the database's clock on another."""
        rows = self._read(f"SELECT host, pid, started, {self._now} - beat FROM bench_coordinators WHERE id = :id", id=coordinator)
        return bool(rows) and _may_be_alive(*rows[0])

    def reap(self) -> list[Claim]:
        """Remove the open claims of dead coordinators, and return them."""
        rows = self._read("SELECT id FROM bench_coordinators UNION SELECT coordinator FROM bench_claims WHERE ended = 0")
        dead = [coordinator for coordinator, in rows if not self.is_alive(coordinator)]
        open_claims = [_claim(row) for coordinator in dead
                       for row in self._read(f"SELECT {COLUMNS} FROM bench_claims WHERE coordinator = :id AND ended = 0", id=coordinator)]
        for coordinator in dead:
            self._write("DELETE FROM bench_claims WHERE coordinator = :id AND ended = 0", id=coordinator)
            self._write("DELETE FROM bench_coordinators WHERE id = :id", id=coordinator)
        return open_claims


def _claim(row: Any) -> Claim:
    return Claim(row[0], row[1], row[2], json.loads(row[4]) if row[3] else None)
