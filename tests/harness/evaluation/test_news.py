"""What is new since a date or a commit: rows whose finals ended later, and whether another row stands first than before."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from dated_tables import dated, tables

from harness.evaluation.news import Since, news, undated
from registry.errors import UsageError


def test_rows_that_ended_later_are_new_and_the_first_of_the_older_ones_stood_first_before() -> None:
    found, = news(tables(), Since.of("2026-11-20"))
    assert [row.name for row in found.rows] == ["mel image × good"] and found.changed
    assert found.first.name == "mel image × good" and found.before and found.before.name == "mel image × weak"
    assert news(tables(), Since.of("2026-11-21T12:00:01")) == []
    assert news(tables(), Since.of("2026-11-21T13:00:00+02:00"))[0].rows[0].name == "mel image × good"


def test_where_every_row_is_new_none_stood_first_before() -> None:
    found, = news(tables(), Since.of("2026-11-01"))
    assert found.before is None and not found.changed and len(found.rows) == 2


def test_a_row_of_a_record_without_an_end_counts_as_old() -> None:
    without = dated({"good": None, "weak": "2026-11-21T12:00:00Z"})
    found, = news(without, Since.of("2026-11-01"))
    assert [row.name for row in found.rows] == ["mel image × weak"] and undated(without) == 1 and not found.changed


def test_a_network_that_another_study_trained_again_is_as_old_as_its_first_training() -> None:
    again = dated({"good": "2026-11-21T12:00:00Z"}, {"good": "2026-11-10T12:00:00Z"})
    assert again[0].rows[0].ended_at == "2026-11-10T12:00:00Z" and again[0].rows[0].studies == ("study0", "study1")
    assert dated({"good": "2026-11-21T12:00:00Z"}, {"good": None})[0].rows[0].ended_at == ""


def test_a_commit_stands_for_its_own_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    when = {"GIT_COMMITTER_DATE": "2026-11-20T10:00:00+01:00", "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **when})
    monkeypatch.setattr("harness.evaluation.news.shipped", lambda: {"study": tmp_path / "study.py"})
    assert Since.of("HEAD").text == "2026-11-20T09:00:00Z" and Since.of("HEAD").in_words == "2026-11-20 09:00 UTC (commit HEAD)"
    words = f"--since 'abc123' is neither a date nor a commit of a git checkout at {tmp_path}; give a date as 2026-11-20, a time as "
    with pytest.raises(UsageError, match=re.escape(words)):
        Since.of("abc123")


@pytest.mark.parametrize("text", ["2026-13-01", "2026-11-20T99:00", "--output=x", ""])
def test_what_is_no_moment_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="give a date as 2026-11-20"):
        Since.of(text)
