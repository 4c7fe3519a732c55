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
from made_records import diagram, draw, figures, final, known, record

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import Row, rows
from harness.reports.leaderboard_section import command
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import escape, plus_minus
from harness.reports.study_report import study_markdown, write_report
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from registry.errors import BenchError

GOLDEN = Path(__file__).parents[2] / "golden" / "report.md"
HOSTILE = "a|b `c` <script>\nd & e"


def records() -> list[RunRecord]:
    """Two protocols; cells with two seeds, one seed and none; trials that finished, were pruned, failed and were killed."""
    shared: dict[str, Any] = {"split": "random_80_20", "shares_speakers": "True"}
    study = RunRecord("s", "study", "study", "finished", {}, {}, {
        "bench.question": "Does it render?", "bench.asked": "study",
        "bench.declined": f"mel × plain_1d on random_80_20: plain_1d needs a sequence\n{HOSTILE.splitlines()[0]}: no"})
    trials = [record("trial", "good", 0), record("trial", "good", 1, "pruned"), record("trial", "good", 2, "killed"),
              record("trial", "weak", 0), record("trial", "never", 0, "failed", reason=f"ResourceExhausted: {HOSTILE}"),
              record("trial", "known", 0, **shared)]
    return [study, *trials, *final("weak", (0.40,), 0.5), *final("good", (0.50, 0.60), 0.00123456),
            *final("known", (0.70, 0.72), 0.01, **shared, settings="--set training.epochs=5")]


def rendered() -> str:
    found = records()
    return study_markdown("study", found, leaderboards(rows(found), known(rows(found))), draw, diagram)


def row_of(cell: str) -> Row:
    return next(row for row in rows(records()) if row.cell == cell)


def test_the_report_is_the_golden_one() -> None:
    assert rendered() == GOLDEN.read_text(encoding="utf-8")


def test_the_order_of_the_records_of_other_cells_changes_nothing() -> None:
    found = records()
    changed = [*found[:1], *reversed(found[1:7]), *found[10:], *found[7:10]]
    assert [(r.cell, r.test, r.trials) for r in rows(changed)] == [(r.cell, r.test, r.trials) for r in rows(found)]


def test_rows_come_by_protocol_and_then_by_test_uar_those_without_finals_last() -> None:
    assert [row.cell for row in rows(records())] == ["known", "good", "weak", "never"]


def test_a_row_gives_mean_and_deviation_over_its_seeds_and_a_single_seed_has_none() -> None:
    assert row_of("good").test["uar"] == (0.55, pytest.approx(0.0707, abs=1e-4))
    assert [plus_minus(row_of(cell).test["uar"]) for cell in ("good", "weak")] == ["0.550 ± 0.071", "0.400"]


def test_a_row_counts_what_was_attempted_and_how_often_its_test_part_was_opened() -> None:
    assert row_of("good").trials == {"finished": 1, "killed": 1, "pruned": 1}
    assert (row_of("good").test_openings, row_of("weak").test_openings, row_of("never").test_openings) == (2, 1, 0)
    assert "Trials: 6 attempted, 3 completed, 1 pruned, 1 failed, 1 killed. The sealed test parts were opened 5 times" in rendered()


def test_finals_of_an_earlier_best_trial_still_count_as_openings_but_not_in_the_mean() -> None:
    later = [record("seed", "weak", 9, metrics=figures(0.9, 1.0), params={"seed": "0"}),
             record("final", "weak", 1, signatures="seed-weak-9")]
    row = next(row for row in rows([*records(), *later]) if row.cell == "weak")
    assert (row.test["uar"][0], row.seeds, row.test_openings) == (0.9, 1, 2)


def test_shared_speakers_and_a_partial_or_synthetic_corpus_are_marked_and_a_whole_one_is_not() -> None:
    assert marks_markdown(row_of("known").marks(row_of("known").coverage)) == "shared speakers; 5,885 of 7,442 clips: partial"
    made, whole = (rows([record("trial", "c", coverage=words)])[0] for words in ("48 clips: synthetic", "7,442 of 7,442 clips: whole"))
    assert marks_markdown(made.marks(made.coverage)) == "48 clips: synthetic" and marks_markdown(whole.marks(whole.coverage)) == ""


def test_a_row_in_which_an_audit_found_a_leak_says_so_first() -> None:
    made, = rows([record("trial", "c", leaks="speakers, identical audio")])
    assert marks_markdown(made.marks(made.coverage)).startswith("**leak found: speakers, identical audio**; ")


def test_the_most_confused_pairs_and_what_is_never_predicted_are_told_in_words() -> None:
    assert ("FEA taken for DIS 70 times (88% of FEA), DIS taken for ANG 40 times (50% of DIS), ANG taken for DIS 20 times (25% of ANG)"
            in rendered())
    assert "⚠ class never predicted" in rendered() and "FEA is never predicted in 2 of 2 seeds." in rendered()


def test_rows_that_differ_beyond_chance_have_other_ranks_and_reference_rows_stand_below_them() -> None:
    table = [line for line in rendered().splitlines() if line.startswith(("| **1** |", "| 2 |", "| – |"))]
    assert [line.split("|")[1:4] for line in table[3:5]] == [[" **1** ", " mel image ", " good "], [" 2 ", " mel image ", " weak "]]
    assert ["*chance*" in line for line in table] == [False, True, False, False, False, True, False]
    assert "Holm's correction over 1 pair)" in rendered()


def test_a_really_run_final_was_audited_and_its_row_says_so(ran: Ran) -> None:
    text = (ran.home / "reports" / "tiny_study.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| zcr+energy duration_s=1.0 ×") and "checks ok" in line]
    assert len(lines) == 2 and all(re.search(r"\d of \d+ checks ok \|$", line) for line in lines)


def test_folds_are_blocks_over_which_rows_get_average_ranks_and_a_diagram() -> None:
    found = [record for fold in range(1, 6) for i, cell in enumerate(("best", "middle", "worst"))
             for record in final(f"{cell}{fold}", (0.6 - 0.1 * i + 0.01 * fold,), 0.1, split=f"speaker_folds[fold={fold}]",
                                 architecture=cell)]
    text = study_markdown("study", found, leaderboards(rows(found), {}), draw, diagram)
    assert "## Over the folds of speaker_folds on crema_d" in text and "![Critical difference](study/ranks.png)" in text
    assert "| mel image × best | 1.00 | 0.630 | 5 |" in text and "over 5 folds: p 0.007" in text
    assert "can tell no rows apart here: 5 folds give no corrected p below 0.19" in text
    few = study_markdown("study", found[:18], leaderboards(rows(found[:18]), {}), draw, diagram)
    assert "needs at least 5 blocks" in few and "![Critical" not in few


def test_a_row_whose_files_are_gone_is_shown_without_rank_and_interval() -> None:
    found = records()
    text = study_markdown("study", found, leaderboards(rows(found), {}), draw, diagram)
    assert "| – | mel image | good | 0.550 ± 0.071 [–] | 0.560 ± 0.071 |" in text and "###" not in text


def test_hostile_text_can_neither_break_a_table_nor_bring_markup() -> None:
    assert escape(HOSTILE) == "a\\|b 'c' &lt;script> d &amp; e"
    names = {"feature_space": HOSTILE, "architecture": HOSTILE}
    made = [record("trial", "evil", **names), *final("evil", (0.5,), 0.1, **names)]  # type: ignore[arg-type]
    text = study_markdown("study", made, leaderboards(rows(made), known(rows(made))), draw, diagram)
    line, = (line for line in text.splitlines() if line.startswith("| **1** |"))
    assert line.replace("\\|", "").count("|") == 10
    assert "<script>" not in text.split("<details>")[0]


def test_the_command_of_a_row_names_its_study_protocol_cell_budget_and_settings() -> None:
    assert command("study", row_of("known")) == (
        "bench run --study study --corpus crema_d --data DIR --split random_80_20 --cell 'mel image × known' --trials 1 --seeds 0 1 "
        "--set training.epochs=5")


def test_a_really_run_study_has_a_leaderboard_for_each_protocol_with_pictures_beside_it(ran: Ran) -> None:
    text = (ran.home / "reports" / "tiny_study.md").read_text()
    assert text.startswith("# tiny_study\n\nDoes the machinery work on the smallest study there is?")
    assert "## random_80_20 on synthetic" in text and "## unseen_speakers_80_20 on synthetic" in text
    assert text.index("**Speakers are shared**") < text.index("## unseen_speakers_80_20")
    assert "4 attempted, 4 completed, 0 pruned, 0 failed. The sealed test parts were opened 4 times" in text
    linked = [part.partition(")")[0] for part in text.split("](")[1:]]
    assert len(linked) == 6 and all((ran.home / "reports" / link).stat().st_size > 1000 for link in linked)
    assert "tiny_study.md" in (ran.home / "reports" / "README.md").read_text()


def test_the_same_runs_give_the_same_bytes_pictures_and_index_included(ran: Ran) -> None:
    def everything() -> dict[Path, bytes]:
        write_report(Store(ran.home), "tiny_study")
        return {path: path.read_bytes() for path in sorted((ran.home / "reports").rglob("*")) if path.is_file()}

    assert everything() == everything() and len(everything()) == 8


def test_rows_are_given_to_programs_as_json(ran: Ran) -> None:
    outcome = bench("report", "--json", "--home", ran.home)
    document: dict[str, Any] = json.loads(outcome.out)
    assert outcome.code == 0 and document["schema"] == 1 and list(document["studies"]) == ["tiny_study"]
    found = document["studies"]["tiny_study"]
    assert [(row["split"], row["seeds"], row["trials"]) for row in found] == [
        ("random_80_20", 2, {"finished": 2}), ("unseen_speakers_80_20", 2, {"finished": 2})]
    assert all(0 <= row["test"]["uar"]["mean"] <= 1 and 0 <= row["validation_uar"]["sd"] < 1 for row in found)
    assert all("training.learning_rate" in row["chosen_settings"] for row in found)
    assert row_of("weak").as_json()["test"]["uar"] == {"mean": 0.4, "sd": None}


def test_a_study_without_runs_has_no_report(ran: Ran) -> None:
    with pytest.raises(BenchError, match="no runs of a study 'cnn2d' to report on; studies with runs: tiny_study"):
        write_report(Store(ran.home), "cnn2d")


if __name__ == "__main__":
    GOLDEN.write_text(rendered(), encoding="utf-8", newline="\n")


def test_the_finals_that_were_asked_for_last_are_shown_also_when_they_were_run_earlier() -> None:
    seeds = [record("seed", "cell", i, metrics=figures(uar, 60.0), params={"seed": str(i)}) for i, uar in enumerate((0.4, 0.6))]
    both, first = " ".join(s.tags["bench.signature"] for s in seeds), seeds[0].tags["bench.signature"]
    earlier = record("final", "cell", params={}, signatures=both, asked_at="3.0")
    later = record("final", "cell", params={}, signatures=first, asked_at="2.0")
    assert [row.seeds for row in rows([*seeds, earlier, later])] == [2]
