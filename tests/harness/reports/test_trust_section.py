"""What figures rest on stands in a line, with what applies and nothing else."""

from __future__ import annotations

from pathlib import Path

from made_records import boards_of, row

from harness.evaluation.answer import answers
from harness.reports.trust_section import meanings, trust_markdown
from harness.tracking.openings import Opening

UNSEEN = {"split": "unseen_speakers_80_20"}


def test_only_what_applies_is_said() -> None:
    whole = {"coverage": "7,442 of 7,442 clips: whole", "audit": "9 of 9 checks ok"}
    trust, more = trust_markdown(answers(boards_of(row("a", "net", UNSEEN, **whole))), [Opening("a", "a", "0", "s")],
                                 [("where it fails", "Where it fails")])
    assert trust.startswith("**Trust:** 2 seeds · 6 test speakers · 20 test clips · no leak found · whole corpus · ")
    assert trust.endswith(" · test opened 1 time.") and "pretrained" not in trust
    assert more == "**More:** [where it fails](#where-it-fails) · [how to read this](../docs/reading.md)"


def test_doubts_are_said_in_bold() -> None:
    tags = {"leaks": "speakers", "audit": "speakers: a\n1 of 2 checks ok", "shares_speakers": "True", "backend": "torch",
            "pretrained": '{"whisper": {}}'}
    answer = answers(boards_of(row("a", "net", UNSEEN, **tags), row("b", "other", UNSEEN)))
    text = trust_markdown(answer, [Opening("a", "a", "0", "s", in_store=False)], [])[0]
    assert "**⚠ leaks found in 1 row** · **5,885 of 7,442 clips: partial** · 1 of 2 rows pretrained · on torch" in text
    assert "**1 of them in deleted runs**" in text
    assert "1 of 1 row not audited" in trust_markdown(answers(boards_of(row("b", "other", UNSEEN))), [], [])[0]


def test_without_finals_there_is_nothing_to_trust() -> None:
    assert trust_markdown([], [], [("cost", "Cost")]) == ["**More:** [cost](#cost) · [how to read this](../docs/reading.md)"]


def test_a_home_without_the_documents_gets_no_dead_link(tmp_path: Path) -> None:
    assert trust_markdown([], [], [], tmp_path / "reports" / "small.md") == ["**More:** how to read this: `docs/reading.md` of bench"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "reading.md").touch()
    assert "[how to read this](../docs/reading.md)" in trust_markdown([], [], [], tmp_path / "reports" / "small.md")[0]


def test_marks_are_explained_where_they_occur() -> None:
    assert meanings(["5,885 of 7,442 clips: partial", "one seed"]).splitlines() == [
        "- **partial**: clips of the corpus were missing.", "- **one seed**: what another training would give is not known."]
    assert meanings([]) == ""
