"""A note has question, answer and table, fits a tag, and is told apart from what people wrote."""

from __future__ import annotations

from made_records import boards_of, final

from harness.reports.mlflow_notes import is_ours, note
from harness.tracking.run_record import LONGEST_TAG


def test_a_note_has_question_answer_and_table_and_says_where_the_rest_is() -> None:
    text = note("Does it help?", boards_of(final("good", (0.6, 0.61), 0.1), final("weak", (0.4, 0.41), 0.1)), "mine.md")
    lines = text.splitlines()
    assert lines[0] == "**Does it help?**" and lines[2] == "### unseen_speakers_80_20, crema_d, 5,885 of 7,442 clips: partial"
    assert "**Chosen by validation UAR: mel image × good**" in lines[4]
    rows = [line.split(" | ")[0] for line in lines if line.startswith("| mel")]
    assert rows == ["| mel image × good ★", "| mel image × weak"] and "`reports/mine.md`" in lines[-1]


def test_a_note_fits_a_tag_and_leaves_what_does_not_to_the_report() -> None:
    text = note("Which?", boards_of(*(final(f"network_{i}" * 12, (0.5 + i / 1000,), 0.1, split=f"protocol_{i % 8}") for i in range(120))),
                "mine.md")
    assert len(text) <= LONGEST_TAG and "3 more rows are in the report." in text and text.endswith("below the home.")


def test_without_finals_a_note_says_so() -> None:
    assert note("Which?", [], "mine.md").startswith("**Which?**\n\nNo row has a final yet.")


def test_a_note_of_people_stays() -> None:
    assert is_ours("") and is_ours(note("Which?", [], "mine.md")) and not is_ours("Ask Anna before you delete this.")
