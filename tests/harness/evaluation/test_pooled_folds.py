"""Folds of a cell are one row: every clip is tested once, figures come from all test clips together, and half a row is not ranked."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from made_folds import CLIPS, FOLDS, SPEAKERS, predictions, records, rows_of, said

from harness.evaluation.final_predictions import FinalPredictions, MissingFiles
from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.pooled_folds import pooled_rows
from harness.evaluation.rows import rows
from harness.training.predictions import Predictions, joined

ALL = (1, 2, 3, 4, 5)
RIGHT = {"good": 0.9, "weak": 0.4}


def test_all_folds_make_one_leaderboard_with_ranks_and_intervals_where_single_folds_have_none() -> None:
    made = rows_of({"good": ALL, "weak": ALL})
    board, = leaderboards(made, predictions(made, RIGHT))
    assert [(row.split, row.label, row.cell) for row in board.rows] == [
        ("speaker_folds (5 folds)", "good", "all of good"), ("speaker_folds (5 folds)", "weak", "all of weak")]
    assert [board.statistics[row.cell].rank for row in board.rows] == [1, 2]
    assert all(low < row.test["uar"][0] < high for row in board.rows for low, high in [board.interval(row)])
    assert [fold.rows[0].fold for fold in board.folds] == list(ALL)
    assert {fold.statistics[row.cell].rank for fold in board.folds for row in fold.rows} == {None}


def test_figures_are_those_of_all_test_clips_together_seed_by_seed() -> None:
    made = rows_of({"good": ALL})
    (row,), finals = pooled_rows(made, predictions(made, RIGHT))
    files = finals[row.cell]
    assert isinstance(files, FinalPredictions) and row.clips == {"test": FOLDS * SPEAKERS * CLIPS} and row.speakers == {"test": 10}
    assert len(set(files.test[0].clips.tolist())) == len(files.test[0].clips) == 180
    uars = [joined([said(fold, seed, 0.9) for fold in ALL]).scores.uar for seed in (0, 1)]
    assert row.test["uar"] == pytest.approx((np.mean(uars), np.std(uars, ddof=1)))
    assert row.test["uar"][0] != pytest.approx(np.mean([said(fold, seed, 0.9).scores.macro_f1 for fold in ALL for seed in (0, 1)]))
    by_fold = [[said(fold, 100 + seed, 0.9).scores.uar for fold in (2, 3, 4, 5, 1)] for seed in (0, 1)]
    assert row.validation_uar[0] == pytest.approx(np.mean(by_fold))
    assert row.validation_uar[1] == pytest.approx(np.std(np.mean(by_fold, axis=1), ddof=1))


def test_trials_openings_and_runs_are_those_of_all_folds() -> None:
    made = rows_of({"good": ALL})
    (row,), _ = pooled_rows(made, predictions(made, RIGHT))
    assert (row.seeds, row.seed_numbers, row.test_openings, len(row.seed_runs)) == (2, ("0", "1"), 10, 10)
    assert row.seed_runs[:2] == ("seedgood10", "seedgood20") and row.fit_seconds == pytest.approx(5 * 61.5)
    assert row.chosen == {"training.learning_rate": "differs between folds"} and row.folds_done == row.folds == 5


def test_a_row_that_lacks_folds_has_no_figures_and_no_rank_and_says_how_many_it_has() -> None:
    made = rows_of({"good": ALL, "weak": (1, 3, 4)})
    board, = leaderboards(made, predictions(made, RIGHT))
    good, weak = board.rows
    assert board.finished == [good] and weak.seeds == 0 and weak.test == {} and weak.cell not in board.statistics
    assert "3 of 5 folds" in board.marks(weak) and not [mark for mark in board.marks(good) if "folds" in mark]
    assert len(board.folds) == 5 and [len(fold.rows) for fold in board.folds] == [2, 1, 2, 2, 1]
    frame = board.to_frame()
    assert frame["marks"].tolist()[1].startswith("3 of 5 folds") and frame["rank"].isna().tolist() == [False, True]


def test_seeds_that_only_some_folds_have_are_not_in_the_row() -> None:
    made = rows_of({"good": (1, 2, 3)}, seeds=3) + rows_of({"good": (4, 5)}, seeds=1)
    (row,), _ = pooled_rows(made, predictions(made, RIGHT))
    assert (row.seeds, row.seed_numbers, len(row.seed_runs)) == (1, ("0",), 5)


def test_lost_predictions_of_one_fold_leave_means_over_folds_and_no_statistics() -> None:
    made = rows_of({"good": ALL, "weak": ALL})
    finals = {**predictions(made, RIGHT), "good2": MissingFiles("test predictions of seed 1")}
    board, = leaderboards(made, finals)
    good = next(row for row in board.rows if row.recipe == "good")
    assert board.missing_files == {"all of good": "fold 2: test predictions of seed 1; its figures are means over folds"}
    assert good.test["uar"][0] == pytest.approx(0.505) and "⚠ no statistics" in board.marks(good)
    assert [finals.row.recipe for finals in board.predictions] == ["weak"]


def test_a_clip_that_two_folds_test_is_found_and_nothing_is_ranked() -> None:
    made = rows_of({"good": ALL})
    finals = predictions(made, RIGHT)
    finals["good5"] = dataclasses.replace(finals["good5"], test=[said(4, seed, 0.9) for seed in (0, 1)])  # type: ignore[type-var]
    (_,), of_pooled = pooled_rows(made, finals)
    assert of_pooled["all of good"] == MissingFiles("36 clips are tested in several folds; its figures are means over folds")


def test_alarms_look_at_all_folds_and_at_the_validation_part_of_each() -> None:
    made = rows_of({"good": ALL})
    finals = predictions(made, RIGHT)
    gap = {"train_wa": [0.9], "validation_wa": [0.5], "validation_uar": [0.5]}
    for cell in ("good2", "good4"):
        row = dataclasses.replace(finals[cell].row, best_epoch=1)  # type: ignore[union-attr]
        finals[cell] = dataclasses.replace(finals[cell], row=row, history=gap)  # type: ignore[type-var]
    board, = leaderboards(made, finals)
    gap_alarm = board.statistics["all of good"].alarms["train–validation gap"]
    assert "Training WA 0.900 is 0.400 above validation WA 0.500" in gap_alarm and gap_alarm.endswith("So in 2 of 5 folds.")
    assert "(36 clips of 2 speakers)" in board.alarms["noisy selection"] and "too few to rank" not in board.alarms


def test_an_emotion_that_the_validation_part_of_any_fold_lacks_is_marked() -> None:
    made = rows_of({"good": ALL})
    finals = predictions(made, RIGHT)
    for cell, emotion in (("good3", 2), ("good4", 1)):
        files = finals[cell]
        assert isinstance(files, FinalPredictions)
        parts = [chosen_clips(part, part.truth != emotion) for part in files.validation]
        finals[cell] = dataclasses.replace(files, validation=parts)
    board, = leaderboards(made, finals)
    assert "validation without FEA" in board.marks(board.rows[0]) and "emotion missing in validation" in board.alarms


def chosen_clips(part: Predictions, chosen: np.ndarray) -> Predictions:
    return Predictions(part.emotions, part.clips[chosen], part.truth[chosen], part.probabilities[chosen],
                       {key: texts[chosen] for key, texts in part.about.items()})


def test_rows_of_single_folds_that_were_not_run_as_all_folds_stay_alone() -> None:
    found = records({"good": (1, 2)})
    alone = [dataclasses.replace(record, tags={key: text for key, text in record.tags.items() if "pooled" not in key}) for record in found]
    boards = leaderboards(rows(alone), {})
    assert [(board.rows[0].split, board.folds) for board in boards] == [("speaker_folds", ()), ("speaker_folds[fold=2]", ())]
