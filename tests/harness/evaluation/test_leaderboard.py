"""A leaderboard gives intervals, ranks, marks and alarms of its rows to programs and to the screen."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from calls import Outcome
from made_finals import CLIPS, said
from made_records import final, known, lucky_and_sound
from made_records import record as plain_record

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard, leaderboards, read_leaderboards
from harness.evaluation.rows import rows
from harness.reports.study_report import study_markdown
from harness.tracking.store import Store


def test_a_frame_has_the_same_figures_as_plain_columns(boards: Path) -> None:
    board, = read_leaderboards(Store(boards), "small")[1]
    frame = board.to_frame().set_index("architecture")
    assert repr(board) == "<Leaderboard of 4 rows: random_80_20 on synthetic>"
    assert frame["rank"].astype(object).where(frame["rank"].notna(), None).to_dict() == {"good": 1, "equal": 1, "weak": 3, "lost": None}
    assert list(frame.index) == [row.architecture for row in board.rows] and frame["chosen"].sum() == 1
    for row in board.rows:
        own = frame.loc[row.architecture]
        assert (own["test_uar"], own["test_wa_sd"]) == (row.test["uar"][0], row.test["wa"][1])
        assert (own["key"], own["runs"]) == (row.cell, row.seed_runs)
        assert own[["test_macro_f1_low", "test_macro_f1_high"]].tolist() == pytest.approx(board.interval(row, "macro_f1"), nan_ok=True)
    assert frame["marks"]["lost"] == "shared speakers; ⚠ no statistics"


def test_the_screen_shows_interval_rank_and_marks_of_each_row_and_a_word_on_the_whole(reported: Outcome) -> None:
    line = next(line for line in reported.out.splitlines() if "│ weak " in line)
    mark = re.search(r"^([a-z]): ⚠ loss of", reported.out, flags=re.MULTILINE)
    assert " 3 " in line and " [0." in line and mark and mark[1] in line.split("│")[-2].split()
    assert "2 of 4 rows share rank 1 and can't be told apart: mel × good, mel × equal." in reported.out


def test_the_chosen_row_has_the_best_validation_uar_whatever_came_out_on_test() -> None:
    """The row that is best on test is 1 point worse on validation: it stands first, and is not chosen."""
    made = lucky_and_sound()
    board, = leaderboards(made, known(made))
    assert [row.cell for row in board.finished] == ["lucky", "sound"] and board.chosen is made[1]
    assert ["chosen" in board.marks(row) for row in made] == [False, True]


def test_of_rows_with_equal_validation_uar_the_test_part_chooses_none() -> None:
    """On small corpora validation UAR is often 1.000 in several rows, which come sorted by their test figures."""
    made = rows(final("b", (0.9, 0.9), 0.1)) + rows(final("a", (0.4, 0.4), 0.1))
    equal = [dataclasses.replace(row, validation_uar=(1.0, 0.0)) for row in made]
    for table in (equal, equal[::-1]):
        board, = leaderboards(table, {})
        assert [row.cell for row in board.rows] == ["b", "a"] and board.chosen and board.chosen.cell == "a"
    small = [dataclasses.replace(row, parameters=10 if row.cell == "b" else 20) for row in equal]
    assert (chosen := leaderboards(small, {})[0].chosen) and chosen.cell == "b"


def test_alarms_on_the_parts_stand_once_below_the_table_and_in_no_row() -> None:
    made, small = rows(final("a", (0.6, 0.6), 0.1)), [said(0.6, seed, clips=4 * CLIPS) for seed in (0, 1)]
    board = Leaderboard(tuple(made), (FinalPredictions(made[0], small, small, {}),), {})
    assert list(board.alarms) == ["too few to rank", "noisy selection"] and board.alarms["noisy selection"].count("80 clips") == 1
    text = study_markdown("study", final("a", (0.6, 0.6), 0.1), [board])
    assert text.count("⚠ **noisy selection**") == 1 and "noisy selection" not in "".join(board.marks(made[0]))


def test_partial_and_synthetic_mark_every_row_they_touch() -> None:
    for coverage, synthetic, mark in (("5,885 of 7,442 clips: partial", "False", "partial"), ("48 clips: synthetic", "True", "synthetic")):
        made = rows([plain_record("trial", "c", coverage=coverage, synthetic=synthetic)])
        assert leaderboards(made, {})[0].marks(made[0])[0] == mark


def test_emotions_that_a_part_lacks_are_marked_beside_the_figure() -> None:
    """The made validation part lacks nothing; the test part has no clips of FEA."""
    made = rows(final("a", (0.6,), 0.1))
    whole = known(made)["a"]
    kept = whole.test[0].truth < 2
    part = dataclasses.replace(whole.test[0], clips=whole.test[0].clips[kept], truth=whole.test[0].truth[kept],
                               probabilities=whole.test[0].probabilities[kept],
                               about={name: texts[kept] for name, texts in whole.test[0].about.items()})
    board, = leaderboards(made, {"a": dataclasses.replace(whole, test=[part])})
    assert "test without FEA" in board.marks(made[0]) and not any("validation without" in mark for mark in board.marks(made[0]))
    assert "over 2 of 3 emotions" in board.alarms["emotion missing in test"]
