"""Which coordinators count as dead, by which clock, and how long a database that is away or locked is waited for."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from harness.search.claims import SILENT_S, Claims, retry_while_away
from harness.search.storage import storage
from registry.errors import BenchError

DATABASE_S = 5000.0  # what the database's clock shows, some fifty years behind this machine's


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[Claims]:
    """The claims of a coordinator in a database whose clock stands still in 1970."""
    engine = storage(tmp_path).engine
    engine.dispose()
    sql.event.listen(engine, "connect", lambda connection, _: connection.create_function("strftime", 2, lambda *_: str(DATABASE_S)))
    opened = Claims(engine)
    yield opened
    opened.close()


@pytest.mark.parametrize(("silent_s", "lives"), [(0.0, True), (SILENT_S - 1, True), (SILENT_S, False), (SILENT_S + 1000, False)])
def test_a_coordinator_of_another_machine_is_dead_once_it_was_silent_for_too_long_by_the_database_s_clock(
        claims: Claims, silent_s: float, lives: bool) -> None:
    with claims.engine.begin() as connection:
        connection.execute(sql.text("INSERT INTO bench_coordinators VALUES ('other', 'elsewhere', :pid, '', :beat)"),
                           {"pid": str(os.getpid()), "beat": DATABASE_S - silent_s})
        connection.execute(sql.text("INSERT INTO bench_claims VALUES ('slot', 'other', 'a', 0, '')"))
    assert claims.is_alive("other") is lives
    assert [claim.name for claim in claims.reap()] == ([] if lives else ["slot"])


class Locked:
    """A SQLite file that one connection has to itself, and what another, which is not patient, tries to write to it."""

    def __init__(self, path: Path) -> None:
        self.holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.holder.execute("CREATE TABLE names (name TEXT PRIMARY KEY)")
        self.holder.execute("BEGIN EXCLUSIVE")
        self.engine = sql.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.1})
        self.tries = 0

    def free(self) -> None:
        self.holder.execute("COMMIT")

    def write(self) -> str:
        self.tries += 1
        with self.engine.begin() as connection:
            connection.execute(sql.text("INSERT INTO names VALUES ('a')"))
        return "written"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Locked]:
    made = Locked(tmp_path / "locked.db")
    yield made
    made.engine.dispose()
    made.holder.close()


def test_a_locked_database_is_waited_for(locked: Locked) -> None:
    threading.Timer(0.5, locked.free).start()
    assert retry_while_away(locked.write, patience_s=60) == "written" and locked.tries > 1


def test_a_database_that_stays_locked_is_given_up_when_patience_ends(locked: Locked) -> None:
    began = time.monotonic()
    with pytest.raises(BenchError, match="stays locked, for too long: database is locked"):
        retry_while_away(locked.write, patience_s=0.5)
    assert 0.5 <= time.monotonic() - began < 5 and locked.tries > 1


def test_a_fault_that_is_not_the_database_s_is_raised_at_once(locked: Locked) -> None:
    def fails() -> Any:
        locked.tries += 1
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        retry_while_away(fails, patience_s=1)
    assert locked.tries == 1


def test_a_row_that_is_there_already_is_an_error_at_once(locked: Locked) -> None:
    locked.free()
    locked.write()
    with pytest.raises(IntegrityError):
        retry_while_away(locked.write, patience_s=1)
    assert locked.tries == 2


def test_a_claim_has_one_owner_and_a_dead_one_s_is_free_again(tmp_path: Path) -> None:
    engine = storage(tmp_path).engine
    one, other = Claims(engine), Claims(engine)
    assert one.take("slot", "a") and one.take("slot", "a") and not other.take("slot", "b")
    one.release("slot")
    assert other.take("slot", "b")
    other.end("slot", state="finished", value=0.5)
    assert not one.take("slot", "c")
    held = one.get("slot")
    assert held and held.outcome == {"state": "finished", "value": 0.5}
    program = (f"import sys; from pathlib import Path\nfrom harness.search.storage import storage\n"
               f"from harness.search.claims import Claims\n"
               f"c = Claims(storage(Path({str(tmp_path)!r})).engine); assert c.take('left', 'x'); print(c.id, flush=True)\n"
               "import os; os.kill(os.getpid(), 9)")
    dead = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout.strip()
    assert not one.is_alive(dead) and one.is_alive(other.id)
    assert [claim.name for claim in one.reap()] == ["left"]
    assert one.take("left", "d")


def test_a_clock_that_jumps_makes_nobody_dead(tmp_path: Path) -> None:
    engine = storage(tmp_path).engine
    one, other = Claims(engine), Claims(engine)
    for beat in (0.0, 1e12):
        one._write("UPDATE bench_coordinators SET beat = :beat WHERE id = :id", beat=beat, id=other.id)
        assert one.is_alive(other.id)


def test_many_claims_at_once_from_several_processes_have_one_owner_each(tmp_path: Path) -> None:
    storage(tmp_path)
    program = (f"import sys; from pathlib import Path\nfrom harness.search.storage import storage\n"
               f"from harness.search.claims import Claims\n"
               f"c = Claims(storage(Path({str(tmp_path)!r})).engine)\nprint(sum(c.take(f's{{i}}', c.id) for i in range(60)))")
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=dict(os.environ)) for _ in range(3)]
    won = [int(process.communicate(timeout=120)[0]) for process in started]
    assert sum(won) == 60
