"""A report is a pure function of the records: the same bytes each time, with every mark that a reader needs.

After a change of the layout that is meant, `python tests/harness/reports/test_study_report.py` writes the golden file again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from calls import Ran, bench
from drawn_pictures import DrawnPictures
from made_records import HOSTILE, final, known, record, row_of, study_records

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.markdown import escape
from harness.reports.study_report import study_markdown, write_report
from harness.tracking.openings import Opening
from harness.tracking.store import Store
from registry.errors import BenchError

GOLDEN = Path(__file__).parents[2] / "golden" / "report.md"


def rendered() -> str:
    found = study_records()
    return study_markdown("study", found, leaderboards(rows(found), known(rows(found))), DrawnPictures())


def test_the_report_is_the_golden_one() -> None:
    assert rendered() == GOLDEN.read_text(encoding="utf-8")


def test_a_row_counts_what_was_attempted_and_how_often_its_test_part_was_opened() -> None:
    assert row_of("good").trials == {"finished": 1, "killed": 1, "pruned": 1}
    assert (row_of("good").test_openings, row_of("weak").test_openings, row_of("never").test_openings) == (2, 1, 0)
    assert "Trials: 6 attempted, 3 completed, 1 pruned, 1 failed, 1 killed. The sealed test parts were opened 5 times" in rendered()


def test_what_was_deleted_or_scored_again_is_said_beside_the_counts() -> None:
    found = [run for run in study_records() if run.kind == "trial"]
    boards = leaderboards(rows(found), {})
    twice = [Opening("a", "good", "0", "s"), Opening("b", "good", "0", "s")]
    text = study_markdown("study", found, boards, DrawnPictures(), openings=twice, deleted_trials=2)
    assert "; 2 more were deleted in MLflow, and `bench restore` brings them back. The sealed test parts were opened 2 times" in text
    assert "1 of them for a seed that had been scored before." in text and "No finals yet." in text and "Clips: ." not in text


def test_the_most_confused_pairs_and_what_is_never_predicted_are_told_in_words() -> None:
    assert "- good: 88% of FEA taken for DIS, 50% of DIS taken for ANG, 25% of ANG taken for DIS." in rendered()
    assert "⚠ class never predicted" in rendered() and "FEA is never predicted in 2 of 2 seeds." in rendered()


def test_rows_that_differ_beyond_chance_have_other_ranks_and_reference_rows_stand_below_them() -> None:
    table = [line for line in rendered().splitlines() if line.startswith(("| **1** |", "| 2 |", "| – |"))]
    assert [line.split("|")[1:3] for line in table[3:5]] == [[" **1** ", " good "], [" 2 ", " weak "]]
    assert ["*chance*" in line for line in table] == [False, True, False, False, False, True, False]
    assert "Holm's correction over 1 pair)" in rendered()


def test_a_really_run_final_was_audited_and_its_row_says_so(ran: Ran) -> None:
    text = (ran.home / "reports" / "tiny_study.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| zcr+energy × plain_1d |") and "checks ok" in line]
    assert len(lines) == 2 and all(re.search(r"\d of \d+ checks ok \|$", line) for line in lines)


def test_a_row_whose_files_are_gone_is_shown_without_rank_and_interval() -> None:
    found = study_records()
    text = study_markdown("study", found, leaderboards(rows(found), {}), DrawnPictures())
    assert "| – | good | 0.550 ± 0.071 [–] | 0.560 |" in text and "Where it fails" not in text


def test_a_long_question_stands_below_the_title_and_a_page_without_runs_of_a_study_has_none() -> None:
    found = study_records()
    made = leaderboards(rows(found), known(rows(found)))
    study, = (run for run in found if run.kind == "study")
    study.tags["bench.question"] = "Does it render? " * 8
    text = study_markdown("study", found, made)
    assert text.startswith("# study\n\n**Does it render? Does")
    assert study_markdown("study", [run for run in found if run.kind != "study"], made).startswith("# study\n\n> **Take good.**")


def test_hostile_text_can_neither_break_a_table_nor_bring_markup() -> None:
    assert escape(HOSTILE) == "a\\|b 'c' &lt;script> d &amp; e"
    names = {"feature_space": HOSTILE, "architecture": HOSTILE}
    made = [record("trial", "evil", **names), *final("evil", (0.5,), 0.1, **names)]  # type: ignore[arg-type]
    text = study_markdown("study", made, leaderboards(rows(made), known(rows(made))), DrawnPictures())
    line, = (line for line in text.splitlines() if line.startswith("| **1** |"))
    assert line.replace("\\|", "").count("|") == 8
    assert "<script>" not in text.split("<details>")[0]


def test_a_really_run_study_has_a_leaderboard_for_each_protocol_with_pictures_beside_it(ran: Ran) -> None:
    text = (ran.home / "reports" / "tiny_study.md").read_text()
    assert text.startswith("# tiny_study\n\n**Does the machinery work on the smallest study there is?")
    assert "### random_80_20 on synthetic" in text and "### unseen_speakers_80_20 on synthetic" in text
    assert text.index("**Speakers are shared**") < text.index("### unseen_speakers_80_20")
    assert "4 attempted, 4 completed, 0 pruned, 0 failed. The sealed test parts were opened 4 times" in text
    linked = re.findall(r"!\[[^]]*\]\(([^)]*)\)", text)
    assert len(linked) == 9 and all((ran.home / "reports" / link).stat().st_size > 1000 for link in linked)
    columns = "| network | new speakers | heard speakers | difference on the same clips |"
    places = [text.index(part) for part in (columns, "**Trust:**", "## Every protocol")]
    assert places == sorted(places)
    assert "tiny_study.md" in (ran.home / "reports" / "README.md").read_text()


def test_the_same_runs_give_the_same_bytes_pictures_and_index_included(ran: Ran) -> None:
    def everything() -> dict[Path, bytes]:
        write_report(Store(ran.home), "tiny_study")
        return {path: path.read_bytes() for path in sorted((ran.home / "reports").rglob("*")) if path.is_file()}

    assert everything() == everything() and len(everything()) == 13


def test_rows_are_given_to_programs_as_json(ran: Ran) -> None:
    outcome = bench("report", "--json", "--home", ran.home)
    document: dict[str, Any] = json.loads(outcome.out)
    assert outcome.code == 0 and document["schema"] == 2 and list(document["studies"]) == ["tiny_study"]
    found = [row for board in document["studies"]["tiny_study"]["leaderboards"] for row in board["rows"]]
    assert [(row["split"], row["seeds"], row["trials"]) for row in found] == [
        ("random_80_20", 2, {"finished": 2}), ("unseen_speakers_80_20", 2, {"finished": 2})]
    assert all(0 <= row["test"]["uar"]["mean"] <= 1 and 0 <= row["validation_uar"]["sd"] < 1 for row in found)
    assert all("training.learning_rate" in row["chosen_settings"] for row in found)
    assert row_of("weak").as_json()["test"]["uar"] == {"mean": 0.4, "sd": None}


def test_a_study_without_runs_has_no_report(ran: Ran) -> None:
    with pytest.raises(BenchError, match=r"no study with runs is called 'cnn2d'.* All: tiny_study"):
        write_report(Store(ran.home), "cnn2d")


if __name__ == "__main__":
    GOLDEN.write_text(rendered(), encoding="utf-8", newline="\n")
