"""Matrices are in per cent of each emotion's clips, and what is fitted at once has no learning curve."""

from __future__ import annotations

import dataclasses

from html_pages import boards_of, records

from harness.reports.html.board_plots import board_plots


def test_rows_stand_by_validation_in_per_cent_of_each_emotion() -> None:
    plots = board_plots(boards_of(records())[1], "new speakers")
    assert [matrix.name for matrix in plots.first] == ["good", "vector", "weak"] and plots.others == []
    assert plots.emotions == ("ANG", "DIS", "FEA")
    assert plots.first[0].shares == [[75, 25, 0], [50, 50, 0], [12, 88, 0]]
    assert list(plots.curves) == list(plots.reliabilities) == ["good", "vector", "weak"]


def test_what_is_fitted_at_once_has_no_learning_curve() -> None:
    board = boards_of(records())[1]
    fitted = [dataclasses.replace(finals, history={"train_loss": [1.0]}) for finals in board.predictions]
    assert board_plots(dataclasses.replace(board, predictions=tuple(fitted)), "").curves == {}
