"""Rows are set beside the study's baseline on the same test clips."""

from __future__ import annotations

import pytest
from made_records import boards_of, row

from harness.evaluation.baseline import gains

UNSEEN = {"split": "unseen_speakers_80_20"}


def test_each_row_is_less_the_baseline_paired_by_speaker() -> None:
    board, = boards_of(row("weak", "net", UNSEEN, recipe="plain"), row("a", "net", UNSEEN, recipe="warm"),
                       row("b", "net", UNSEEN, recipe="also"))
    one, two = gains(board, "plain")
    assert [one.name, two.name] == ["also", "warm"]
    assert one.gain[0] == pytest.approx(28 / 40 / 3, abs=0.06) and one.gain[1] > 0 and one.is_told
    assert one.gain[2] - one.gain[1] < 2 * (one.uar[2] - one.uar[1])


def test_a_row_that_is_as_good_as_the_baseline_can_not_be_told_from_it() -> None:
    board, = boards_of(row("a", "net", UNSEEN, recipe="plain"), row("b", "net", UNSEEN, recipe="same"))
    same, = gains(board, "plain")
    assert same.gain[0] == 0 and not same.is_told


def test_without_the_baseline_among_its_rows_a_leaderboard_has_none() -> None:
    board, = boards_of(row("a", "net", UNSEEN, recipe="same"))
    assert gains(board, "plain") == []
