"""A note has the question, and the answer in the words of the report; it fits a tag, and is told apart from what people wrote."""

from __future__ import annotations

from made_records import boards_of, final

from harness.evaluation.answer import answers
from harness.reports.answer_section import answer_markdown
from harness.reports.mlflow_notes import is_ours, note
from harness.tracking.run_record import LONGEST_TAG

FOUND = answers(boards_of(final("good", (0.6, 0.61), 0.1), final("weak", (0.4, 0.41), 0.1)))


def test_a_note_has_the_question_and_the_words_of_the_report_and_says_where_the_rest_is() -> None:
    text = note("Does it help?", FOUND, "mine.md")
    assert text == "\n\n".join(["**Does it help?**", *answer_markdown(FOUND[0], "", None),
                                "Written by `bench`; all of it: `reports/mine.md` below the home."])
    assert "> **Take good.** On new speakers" in text and "\n| network | rank | new speakers |" in text and "![" not in text


def test_the_answer_of_each_of_several_corpora_has_its_heading() -> None:
    elsewhere = final("other", (0.6, 0.61), 0.1, corpus="emodb", corpus_fingerprint="e" * 16)
    both = answers(boards_of(final("good", (0.6, 0.61), 0.1), elsewhere))
    text = note("Where?", both, "mine.md")
    assert text.index("### On crema_d") < text.index("### On emodb") and text.count("\n> **") == 2


def test_a_note_fits_a_tag_and_leaves_what_does_not_to_the_report() -> None:
    many = answers(boards_of(*(final(f"network_{i}" * 4, (0.5 + i / 1000,), 0.1) for i in range(15))))
    text = note("Which?", many, "mine.md")
    assert "3 more rows are in the report." in text and text.count("\n| net") == 12
    wide = boards_of(*(final(f"network_{i}" * 12, (0.5,), 0.1, split=f"protocol_{i % 4}") for i in range(20)))
    long = note("Which?", answers(wide), "m.md")
    assert max(len(text), len(long)) <= LONGEST_TAG and long.endswith("`reports/m.md` below the home.")


def test_without_finals_a_note_says_so() -> None:
    assert note("Which?", [], "mine.md").startswith("**Which?**\n\nNo row has a final yet.")


def test_a_note_of_people_stays() -> None:
    assert is_ours("") and is_ours(note("Which?", [], "mine.md")) and not is_ours("Ask Anna before you delete this.")
