"""The files of a run: what a result has something for is written, and tables agree with the predictions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from tiny_study import STUDY

from harness.study.cells import plan
from harness.tracking.run_files import classification_report, write
from harness.training.predictions import Predictions
from harness.training.result import Result
from registry.corpus import Clip

TRIAL = plan(STUDY, "clips")[0].base
CLIPS = [Clip(id=str(i), emotion=emotion, speaker="1") for i, emotion in enumerate(("ANG", "ANG", "ANG", "ANG", "SAD", "SAD"))]
PREDICTIONS = Predictions.of(CLIPS, ("ANG", "FEA", "SAD"), np.eye(3)[[0, 0, 0, 2, 0, 2]] * 0.7 + 0.1)


def test_the_classification_report_has_a_line_for_each_emotion_that_occurs_and_the_scores_of_the_field() -> None:
    """Three of four angry clips are predicted as angry, one sad clip is too: precision 3/4, recall 3/4; no clip of fear."""
    lines = classification_report(PREDICTIONS).splitlines()
    assert [line.split() for line in lines[2:4]] == [
        ["ANG", "0.7500", "0.7500", "0.7500", "4"], ["SAD", "0.5000", "0.5000", "0.5000", "2"]]
    assert lines[-2:] == ["no clips of FEA", "WA 0.6667   UAR 0.6250   macro-F1 0.6250   loss 0.9163"]


def test_a_result_that_failed_at_once_leaves_its_configuration_alone(tmp_path: Path) -> None:
    write(Result(TRIAL, state="failed", reason="no room"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["configuration.json"]
    assert json.loads((tmp_path / "configuration.json").read_text()) == TRIAL.configuration


def test_each_part_that_was_predicted_has_a_folder_of_tables_that_agree_with_its_predictions(tmp_path: Path) -> None:
    write(Result(TRIAL, predictions={"validation": PREDICTIONS}), tmp_path)
    assert {path.name for path in (tmp_path / "validation").iterdir()} == {
        "classification_report.txt", "confusion_matrix.csv", "confusion_matrix.png", "predictions.csv"}
    with (tmp_path / "validation" / "confusion_matrix.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"true": "ANG", "ANG": "3", "FEA": "0", "SAD": "1"} and not (tmp_path / "test").exists()


def test_the_history_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    names = [f"{part}_{figure}" for part in ("train", "validation") for figure in ("loss", "wa", "uar")]
    write(Result(TRIAL, history={name: [0.25, 0.5] for name in names}, best_epoch=2), tmp_path)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"] and [row["validation_uar"] for row in rows] == ["0.25", "0.5"]
    assert (tmp_path / "learning_curves.png").stat().st_size > 1000
