"""Clips that every row gets wrong are counted in words, and the surest errors are a table."""

from __future__ import annotations

from made_records import boards_of, final

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import rows
from harness.reports.hard_clips_section import hard_clips_markdown


def test_how_many_clips_no_row_hears_and_of_which_emotions() -> None:
    board, = boards_of(final("good", (0.6, 0.6), 0.1), final("weak", (0.4,), 0.1))
    text, table = hard_clips_markdown(board)
    assert text.startswith("70 of 120 test clips of unseen_speakers_80_20 (58%) are wrong in every one of 2 rows, by most of its seeds.")
    assert text.endswith("By emotion: ANG 25%, DIS 50%, FEA 100%.") and "listeners" not in text + table
    assert "| clip | speaker | intended | rows take it for |" in table and table.count("\n| clip") == 1 + 12


def test_a_leaderboard_without_predictions_says_nothing() -> None:
    assert hard_clips_markdown(Leaderboard(tuple(rows(final("a", (0.5,), 0.1))), (), {})) == []
