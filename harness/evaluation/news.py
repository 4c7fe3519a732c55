"""What is new in the tables of all studies since a date or a commit: rows whose finals ended later, and who stood first before them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.evaluation.joint_leaderboards import JointRow, JointTable
from harness.evaluation.report_data import in_utc
from harness.study.files import shipped
from harness.tracking.environment import commit_time
from registry.errors import UsageError

DATE = re.compile(r"\d{4}-\d\d-\d\d")
ALLOWED = "give a date as 2026-11-20, a time as 2026-11-20T14:30 (UTC, unless it ends in its zone, as +02:00), or a commit"


@dataclass(frozen=True)
class Since:
    """A moment. Args: text: as the records have ends, in UTC. commit: whose it is; empty for a date."""

    text: str
    commit: str = ""

    @classmethod
    def of(cls, text: str) -> Since:
        """That of a date, a time or a commit of the checkout in which the study files lie. Raises: UsageError for anything else."""
        if DATE.match(text):
            try:
                moment = datetime.datetime.fromisoformat(text)
            except ValueError as error:
                raise UsageError(f"--since {text!r} is no date: {error}; {ALLOWED}") from error
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
            return cls(in_utc(zoned.timestamp()))
        folder = next((path.parent for path in shipped().values()), Path(__file__).parent)
        found = commit_time(text, folder)
        if found is None:
            raise UsageError(f"--since {text!r} is neither a date nor a commit of a git checkout at {folder}; {ALLOWED}")
        return cls(in_utc(found), text)

    @property
    def in_words(self) -> str:
        """`2026-11-20 14:30 UTC`, with the commit where one was given."""
        return f"{self.text[:10]} {self.text[11:16]} UTC" + (f" (commit {self.commit})" if self.commit else "")


@dataclass(frozen=True, eq=False)
class News:
    """What is new in one table.

    Args: rows: new ones, best test UAR first. first: the best row by test UAR now. before: the best of the older rows; None without any.
    """

    table: JointTable
    rows: tuple[JointRow, ...]
    first: JointRow
    before: JointRow | None

    @property
    def changed(self) -> bool:
        """Whether another row is best now than before."""
        return self.before is not None and self.first is not self.before


def news(tables: Sequence[JointTable], since: Since) -> list[News]:
    """The tables with rows whose finals ended later, in their order; rows of which no end is known count as old."""
    found = []
    for table in tables:
        new = tuple(row for row in table.rows if row.ended_at > since.text)
        if new:
            old = [row for row in table.rows if row not in new]
            found.append(News(table, new, _best(table.rows), _best(old) if old else None))
    return found


def _best(rows: Sequence[JointRow]) -> JointRow:
    """The first by test UAR: of those that are ranked, where there are any."""
    return max(rows, key=lambda row: (row.rank is not None, row.uar[0]))


def undated(tables: Sequence[JointTable]) -> int:
    """Of how many rows no record has an end."""
    return sum(not row.ended_at for table in tables for row in table.rows)
