"""Five folds of two speakers each: records and predictions of rows that are right on a chosen share of their clips."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from made_records import final

from harness.evaluation.final_predictions import FinalPredictions, MissingFiles
from harness.evaluation.rows import Row, rows
from harness.tracking.run_record import RunRecord
from harness.training.predictions import Predictions

EMOTIONS = ("ANG", "DIS", "FEA")
FOLDS, SPEAKERS, CLIPS = 5, 2, 18  # speakers of a fold, clips of a speaker


def label(fold: int) -> str:
    return f"speaker_folds[fold={fold}]" if fold > 1 else "speaker_folds"


def records(cells: Mapping[str, tuple[int, ...]], seeds: int = 2, total: int = FOLDS) -> list[RunRecord]:
    """Finals of cells in some folds: name -> folds. The search of each fold chose a rate of its own."""
    return [record for cell, folds in cells.items() for fold in folds for record in final(
        f"{cell}{fold}", tuple(0.5 + 0.01 * seed for seed in range(seeds)), 0.001 * fold, split=label(fold), pooled_split="speaker_folds",
        pooled_cell=f"all of {cell}", fold=str(fold), folds=str(total), recipe=cell, clips="train 108, validation 36, test 36")]


def rows_of(cells: Mapping[str, tuple[int, ...]], seeds: int = 2) -> list[Row]:
    return rows(records(cells, seeds))


def said(fold: int, seed: int, right: float) -> Predictions:
    """What a network of a fold says of its clips, of which it takes about a share rightly."""
    rng = np.random.default_rng([fold, seed])
    truth = np.tile(np.arange(3), SPEAKERS * CLIPS // 3)
    predicted = np.where(rng.random(truth.size) < right, truth, (truth + 1) % 3)
    speakers = np.repeat([f"S{2 * fold + i:02d}" for i in range(SPEAKERS)], CLIPS)
    names = np.array([f"{speaker}_{i:02d}" for i, speaker in enumerate(speakers)])
    return Predictions(EMOTIONS, names, truth, np.eye(3)[predicted] * 0.7 + 0.1, {"speaker": speakers})


def predictions(made: list[Row], right: Mapping[str, float]) -> dict[str, FinalPredictions | MissingFiles]:
    """Of each row's finals; validation is the next fold's clips. Args: right: recipe -> share of clips."""
    history = {f"{part}_{figure}": [0.3, 0.5] for part in ("train", "validation") for figure in ("loss", "wa", "uar")}
    return {row.cell: FinalPredictions(
        row, [said(row.fold, seed, right[row.recipe]) for seed in range(row.seeds)],
        [said(row.fold % FOLDS + 1, 100 + seed, right[row.recipe]) for seed in range(row.seeds)], history) for row in made if row.seeds}
