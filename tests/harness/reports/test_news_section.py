"""The part on what is new names the new rows of each table, and whether another row is first."""

from __future__ import annotations

from dated_tables import dated, tables

from harness.evaluation.joint_leaderboards import JointTable
from harness.evaluation.news import Since, news
from harness.reports.index import index_markdown
from harness.reports.news_section import change, news_markdown

LATE, EARLY = "2026-11-21T12:00:00Z", "2026-11-19T12:00:00Z"


def parts(made: list[JointTable], since: str = "2026-11-20") -> list[str]:
    return news_markdown(news(made, Since.of(since)), Since.of(since), made, {"study0": "study0.md"})


def test_new_rows_stand_in_a_table_below_what_changed() -> None:
    heading, changed, rows = parts(tables())
    assert heading == "## New since 2026-11-20 00:00 UTC"
    assert changed.startswith("**unseen_speakers_80_20 on crema_d, 5,885 of 7,442 clips: partial**: 1 new row of 2. **First is now** **")
    assert "; before it was mel image × weak, .605" in changed and changed.endswith(", rank 2 now.")
    assert rows.splitlines()[0] == "| rank | new row | test UAR | study | ended (UTC) |"
    assert rows.splitlines()[2].startswith("| 1 | mel image × good | .605") and rows.endswith("[study0](study0.md) | 2026-11-21 12:00 |")


def test_a_row_that_stays_first_is_said_to_and_a_table_of_new_rows_alone_has_no_before() -> None:
    later_weak, = news(dated({"good": EARLY, "weak": LATE}), Since.of("2026-11-20"))
    assert change(later_weak).startswith("First is still **mel image × good**, .605")
    new, = news(tables(), Since.of("2026-11-01"))
    assert change(new).startswith("All rows are new; first is **mel image × good**")


def test_nothing_new_is_said_and_rows_without_an_end_are_counted() -> None:
    assert parts(tables(), "2026-12-01")[1] == "No final of any study ended since then."
    assert parts(dated({"good": None, "weak": LATE}))[-1].startswith("1 row counts as old: their records do not say when")


def test_the_part_is_the_first_of_the_page() -> None:
    text = index_markdown(tables(), {"study0": ""}, {}, {}, new=parts(tables()))
    assert text.index("# Reports") < text.index("## New since 2026-11-20") < text.index("<details>")
