"""Rows on the emotion that listeners heard, with tied clips in equal shares."""

from __future__ import annotations

import dataclasses

import numpy as np
from made_records import final, known

from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.rows import rows
from harness.reports.voted_section import EXPLAINED, UNKNOWN, voted_markdown


def board(about: dict[str, str], **tags: str) -> Leaderboard:
    """Two rows on 120 clips, of which the first hundred have what is said about them."""
    made = rows([*final("good", (0.6, 0.6), 0.1), *final("weak", (0.5, 0.5), 0.1, **tags)])
    texts = {key: np.array([text if i < 100 else "" for i in range(120)]) for key, text in about.items()}
    return leaderboards(made, {cell: dataclasses.replace(each, test=[dataclasses.replace(test, about={**test.about, **texts})
                                                                     for test in each.test]) for cell, each in known(made).items()})[0]


def test_each_row_has_its_figures_on_the_voted_emotion_and_the_intended_one() -> None:
    parts = voted_markdown([board({"votes": "ANG 3/DIS 3/FEA 2"})])
    assert parts[0] == EXPLAINED and "Of 100 clips 100 tie, and count for each tied" in parts[2]
    assert parts[2].endswith(" 20 clips without votes are left out.")
    lines = [line.split(" | ") for line in parts[3].splitlines() if line.startswith("| ")]
    assert lines[0] == ["| rank", "cell", "UAR, voted", "WA, voted", "JSD", "UAR, intended |"]
    assert {line[1]: line[-1] for line in lines[2:4]} == {"good": "0.600 |", "weak": "0.500 |"}
    assert [line[1] for line in lines[4:]] == ["*chance*", "*the intended emotion*"]


def test_rows_that_were_trained_on_votes_are_marked() -> None:
    trained = board({"votes": "ANG 3"}, target="votes")
    assert ["trained on votes" in trained.marks(row) for row in sorted(trained.rows, key=lambda row: row.label)] == [False, True]


def test_without_votes_there_is_nothing_or_how_to_have_them() -> None:
    assert voted_markdown([board({})]) == [] and voted_markdown([board({"human": "ANG"})]) == [UNKNOWN]
