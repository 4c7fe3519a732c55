"""Tables of all studies: the finding first, names that link to reports, common marks once, small tables folded."""

from __future__ import annotations

from typing import Any

from made_records import boards_of, row

from harness.evaluation.joint_leaderboards import JointTable, joint_tables
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord
from harness.reports.joint_section import finding, joint_markdown, title
from harness.study.claims import ClaimedRecipe, claimed_recipes

UNSEEN, RANDOM = {"split": "unseen_speakers_80_20"}, {"split": "random", "split_fingerprint": "e" * 64}


def study(name: str, *rows: Any) -> StudyRecord:
    boards = boards_of(*rows)
    return StudyRecord.of(name, study_data(boards), boards)


def tables() -> list[JointTable]:
    """A table of two studies, and one of a single row."""
    return joint_tables([
        study("cnn", row("good", "cnn", UNSEEN, cut="3 of 120 clips at 3.0 s"), row("once", "cnn", RANDOM)),
        study("what|helps", row("weak", "mlp", UNSEEN, recipe="masks", family="pretrained", pretrained='{"whisper": {}}',
                                cut="3 of 120 clips at 3.0 s"))])


def lines_of(text: str, start: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(" | ")] for line in text.splitlines() if line.startswith(start)]


def test_rows_of_two_studies_stand_in_one_table_with_links_kinds_and_their_own_marks() -> None:
    parts = joint_markdown(tables(), {"cnn": "cnn.md"})
    assert parts[0] == "## unseen_speakers_80_20 on crema_d, 5,885 of 7,442 clips: partial"
    assert parts[1].startswith("> Validation chooses") and parts[2] == "2 rows of 2 studies on 120 test clips of 6 speakers."
    (best,), (second,) = lines_of(parts[3], "| **1**"), lines_of(parts[3], "| 2 ")
    assert best[1:3] + best[4:7] == ["mel image × cnn", "from scratch", "12,345", "–", "[cnn](cnn.md)"]
    assert second[1:3] + second[6:7] == ["masks (mel × mlp)", "pretrained: whisper", "what\\|helps"]
    assert "*chance*" in parts[3] and "pretrained: whisper;" not in parts[3] and "chosen" not in parts[3]
    assert parts[4].startswith("All rows: partial; cut: 3 of 120 clips at 3.0 s; ") and "cut: 3" not in parts[3]


def claimed(**tags: str) -> str:
    """The line of a recipe whose system claims WA .512 after 30 epochs."""
    made = row("net", "cnn", {**UNSEEN, **tags}, recipe="001_1d", epochs="10")
    table, = joint_tables([study("system_001", made, row("weak", "mlp", {**UNSEEN, **tags}))])
    claims = {("system_001", "001_1d"): ClaimedRecipe(wa=0.512, epochs=30, corpus="crema_d")}
    return joint_markdown([table, table], {}, claims=claims)[-1].partition("001_1d (")[2].partition("\n")[0]


def test_the_row_of_a_published_system_has_its_claim_beside_what_it_reached() -> None:
    assert "| **claimed WA .512** after 30 epochs, here .615 after 10" in claimed(shares_speakers="True")
    assert "| **claimed WA .512** on heard speakers after 30 epochs, here .615 after 10" in claimed()
    assert "claimed" not in claimed(corpus="emodb") and "claimed" not in claimed(synthetic="True")
    assert claimed_recipes({"system_001", "cnn2d"})["system_001", "001_1d"] == ClaimedRecipe(wa=0.512, epochs=30, corpus="crema_d")


def test_small_tables_of_one_study_are_folded_into_one() -> None:
    *_, last = joint_markdown(tables(), {})
    assert last.startswith("<details><summary>1 table of one study") and last.count("| random on crema_d") == 1


def test_the_finding_names_the_row_that_validation_chooses_of_each_kind_and_chance() -> None:
    text = finding(tables()[0])
    assert text.startswith("Validation chooses, with test UAR: pretrained: **masks (mel × mlp)** 0.")
    assert "from scratch: **mel image × cnn** 0.605 [" in text and ", rank 1" in text and text.endswith("Chance: 0.333.")


def test_tables_of_one_name_are_told_apart_by_fingerprints() -> None:
    both = joint_tables([study("a", row("good", "cnn", UNSEEN)), study("b", row("also", "cnn", UNSEEN, corpus_fingerprint="a" * 16))])
    assert sorted(title(each, both) for each in both)[1].endswith("(corpus aaaaaaaa, split ffffffff)")


def test_a_picture_stands_above_a_table_where_one_was_drawn() -> None:
    assert "![Test UAR over parameters and over training time](README/1.png)" in joint_markdown(tables(), {}, lambda each: "README/1.png")
    assert not any("![" in part for part in joint_markdown(tables(), {}, lambda each: ""))
