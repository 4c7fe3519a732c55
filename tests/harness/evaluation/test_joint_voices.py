"""What heard voices are worth is told of the networks of all studies, from their records, as their own reports tell it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_records import boards_of, final, row

from harness.evaluation.joint_voices import joint_voices
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord
from harness.evaluation.voices import voices

NEW, HEARD = {"split": "unseen_speakers_70_30"}, {"split": "random_70_30", "shares_speakers": "True", "split_fingerprint": "e" * 64}


def study(name: str, *rows_: Any) -> StudyRecord:
    boards = boards_of(*rows_)
    return StudyRecord.of(name, study_data(boards), boards)


def test_a_network_gains_what_its_own_report_says() -> None:
    twins = (row("good", "net", HEARD), row("weak", "net", NEW))  # `weak` takes 28 of 40 clips of ANG for another
    (pair,), (each,) = voices(boards_of(*twins)), joint_voices([study("a", *twins)])
    assert each.gain.difference == pytest.approx(pair.rows[0].gain) and each.is_told
    assert (each.studies, each.pair[1:], each.name) == (("a",), ("random_70_30", "unseen_speakers_70_30"), "mel image × net")
    assert (each.kind, each.gain.clips, each.gain.speakers) == ("from scratch", 120, 6)


def test_rows_of_other_settings_are_no_twins_even_if_their_leaderboards_call_them_alike() -> None:
    assert joint_voices([study("a", row("good", "net", HEARD, settings="--set training.epochs=5"), row("weak", "net", NEW))]) == []


def test_of_a_network_that_was_trained_once_it_can_not_be_told_and_of_an_estimator_it_can() -> None:
    for epochs, told in (("12", False), ("1", True)):
        each, = joint_voices([study("a", final("good", (0.6,), 0.1, architecture="net", epochs=epochs, **HEARD),
                                    final("weak", (0.5,), 0.1, architecture="net", epochs=epochs, **NEW))])
        assert (each.trained_once, each.is_told) == (not told, told)


def test_corpora_stand_apart_and_synthetic_clips_last() -> None:
    synthetic = {"corpus": "synthetic", "corpus_fingerprint": "a" * 16, "synthetic": "True"}
    found = joint_voices([study("a", *(row(cell, "net", protocol | synthetic) for cell, protocol in (("x", HEARD), ("y", NEW))),
                                *(row(cell, "tree", protocol | synthetic) for cell, protocol in (("v", HEARD), ("w", NEW)))),
                          study("b", row("x", "net", HEARD), row("y", "net", NEW))])
    assert [(each.corpus.split(",")[0], each.synthetic) for each in found] == [("crema_d", False), ("synthetic", True), ("synthetic", True)]


def test_networks_that_gain_most_come_first_and_one_of_two_studies_once() -> None:
    alike = (row("x", "net", HEARD), row("y", "net", NEW))
    found = joint_voices([study("b", *alike), study("a", *alike),
                          study("c", row("good", "other", HEARD), row("weak", "other", NEW))])
    assert [(each.studies, each.name) for each in found] == [(("c",), "mel image × other"), (("a", "b"), "mel image × net")]


def test_a_network_without_a_twin_and_one_that_has_learnt_nothing_are_left_out() -> None:
    assert joint_voices([study("a", row("x", "net", HEARD)), study("b", row("x", "net", NEW))]) == [], "two studies may differ otherwise"
    collapsed = study("a", row("x", "net", HEARD), row("y", "net", NEW))
    for tested in collapsed.tested.values():
        tested.predicted[:] = 0
    assert joint_voices([collapsed]) == []


def test_answers_of_a_record_are_the_predictions_of_its_finals() -> None:
    (board,), record = boards_of(row("weak", "net", NEW)), study("a", row("weak", "net", NEW))
    (tested,) = record.tested.values()
    for ours, theirs in zip(tested.predictions, board.predictions[0].test, strict=True):
        assert (ours.predicted == theirs.predicted).all() and (ours.speakers == theirs.speakers).all()
        assert np.isclose(ours.scores.uar, theirs.scores.uar)
