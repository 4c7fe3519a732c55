"""Confusion matrices stand side by side, listeners among them, the main leaderboard open."""

from __future__ import annotations

import dataclasses

import numpy as np
from drawn_pictures import DrawnPictures
from made_records import boards_of, final, known

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.confusions_section import confusions_markdown


def test_the_rows_of_highest_validation_uar_are_shown_and_what_they_confuse_is_told() -> None:
    pictures, board = DrawnPictures(), boards_of(*(final(f"net{i}", (0.6 - 0.1 * i,), 0.1) for i in range(5)))[0]
    text, = confusions_markdown([board], pictures.confusions)
    (protocol, matrices, emotions), = pictures.drawn["confusions"]
    assert (protocol, list(matrices), emotions) == ("unseen_speakers_80_20", ["net0", "net1", "net2"], ("ANG", "DIS", "FEA"))
    assert matrices["net0"].tolist() == [[30, 10, 0], [20, 20, 0], [5, 35, 0]]
    assert "The 3 rows of highest validation UAR of 5." in text and "- net0: 88% of FEA taken for DIS, 50% of DIS" in text


def test_listeners_stand_beside_the_rows_and_other_leaderboards_are_opened_by_a_click() -> None:
    made, pictures = rows(final("a", (0.6,), 0.1)), DrawnPictures()
    finals = known(made)["a"]
    voted = dataclasses.replace(finals.test[0], about=finals.test[0].about | {"human": np.full(120, "ANG")})
    board, = leaderboards(made, {"a": dataclasses.replace(finals, test=[voted])})
    parts = confusions_markdown([board, board], pictures.confusions)
    assert list(pictures.drawn["confusions"][0][1]) == ["mel × a", "listeners"]
    assert parts[1].startswith("<details><summary>unseen_speakers_80_20</summary>") and confusions_markdown([], None) == []


def test_emotions_that_no_font_can_draw_are_explained_below_the_pictures() -> None:
    made = rows(final("good", (0.5,), 0.1))
    finals = known(made)["good"]
    coded = dataclasses.replace(finals.test[0], emotions=("\U00013000", *finals.test[0].emotions[1:]))
    board, = leaderboards(made, {"good": dataclasses.replace(finals, test=[coded])})
    text, = confusions_markdown([board], DrawnPictures().confusions)
    assert "the confusion matrix has codes: E1 = \U00013000, E2 = DIS" in text
    assert "has codes" not in confusions_markdown(leaderboards(made, known(made)), DrawnPictures().confusions)[0]
