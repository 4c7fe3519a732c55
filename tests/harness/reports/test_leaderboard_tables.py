"""Tables mark what a reader must know of a row."""

from __future__ import annotations

from made_records import record, row_of

from harness.evaluation.rows import rows
from harness.reports.leaderboard_tables import audit_markdown, marks_markdown


def test_shared_speakers_and_a_partial_or_synthetic_corpus_are_marked_and_a_whole_one_is_not() -> None:
    assert marks_markdown(row_of("known").marks(row_of("known").coverage)) == "shared speakers; 5,885 of 7,442 clips: partial"
    made, whole = (rows([record("trial", "c", coverage=words)])[0] for words in ("48 clips: synthetic", "7,442 of 7,442 clips: whole"))
    assert marks_markdown(made.marks(made.coverage)) == "48 clips: synthetic" and marks_markdown(whole.marks(whole.coverage)) == ""


def test_a_row_in_which_an_audit_found_a_leak_says_so_first() -> None:
    made, = rows([record("trial", "c", leaks="speakers, identical audio")])
    assert marks_markdown(made.marks(made.coverage)).startswith("**leak found: speakers, identical audio**; ")


def test_what_failed_in_an_audit_is_bold_and_a_summary_of_earlier_versions_stays_as_it_is() -> None:
    assert audit_markdown("speakers: a|b\nsiblings: c\n1 of 3 checks ok") == "**speakers: a\\|b**; **siblings: c**; 1 of 3 checks ok"
    for earlier in ("**speakers: a; b**; corpus: d; 1 of 3 checks ok", "7 of 7 checks ok", "could not be audited: OSError: x"):
        assert audit_markdown(earlier) == earlier
    assert audit_markdown("could not be audited: OSError: x\ny") == "could not be audited: OSError: x y"
