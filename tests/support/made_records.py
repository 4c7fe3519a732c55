"""Records as MLflow would hold them, and what a report draws from, made without training."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.rows import Row, rows
from harness.tracking.run_record import RunRecord
from harness.training.predictions import Predictions

EMOTIONS = ("ANG", "DIS", "FEA")
CONFUSION = [[30, 10, 0], [20, 20, 0], [5, 35, 0]]


def said(seeds: int, worse: int = 0) -> list[Predictions]:
    """The same counts for every seed, spread over six speakers; `worse` clips of ANG are also taken for DIS."""
    truth = np.repeat([0, 1, 2], 40)
    predicted = np.concatenate([np.repeat([0, 1, 2], line) for line in CONFUSION])
    predicted[:worse] = 1
    about = {"speaker": np.array([f"S{i % 6}" for i in range(120)]), "sex": np.array(["female" if i % 2 else "male" for i in range(120)])}
    one = Predictions(EMOTIONS, np.array([f"clip{i:03d}" for i in range(120)]), truth, np.eye(3)[predicted] * 0.7 + 0.1, about)
    return [one] * seeds


def known(made: list[Row]) -> dict[str, FinalPredictions]:
    """What the finals of each row said; the weak row is worse on nearly all clips of ANG."""
    history = {f"{part}_{figure}": [0.3, 0.5] for part in ("train", "validation") for figure in ("loss", "wa", "uar")}
    return {row.cell: FinalPredictions(row, said(row.seeds, 28 if row.cell == "weak" else 0), said(row.seeds), history)
            for row in made if row.seeds}


def boards_of(*finals: list[RunRecord]) -> list[Leaderboard]:
    """The leaderboards of cells, each as `row` gives it."""
    made = rows([record for each in finals for record in each])
    return leaderboards(made, known(made))


def row(cell: str, architecture: str, protocol: dict[str, str], **tags: Any) -> list[RunRecord]:
    """Two seeds of a cell under a protocol, given by its tags."""
    return final(cell, (0.6, 0.61), 0.1, architecture=architecture, **protocol, **tags)


def record(kind: str, cell: str, number: int = 0, state: str = "finished", metrics: dict[str, float] | None = None,
           params: dict[str, str] | None = None, **tags: str) -> RunRecord:
    """One record of a cell on a partial corpus."""
    about = {"cell": cell, "signature": f"{kind}-{cell}-{number}", "corpus": "crema_d", "corpus_fingerprint": "0123456789abcdef",
             "coverage": "5,885 of 7,442 clips: partial", "synthetic": "False", "split": "unseen_speakers_80_20",
             "shares_speakers": "False", "feature_space": "mel image", "architecture": cell, "settings": "",
             "clips": "train 80, validation 10, test 20, left_out 0",
             "speakers": "train 8, validation 1, test 2", "split_fingerprint": "f" * 64, "commit": "abc123",
             "hardware": "2 cores, 8 GB, cpu:0"}
    return RunRecord(f"{kind}{cell}{number}", f"{kind} {number}", kind, state, params or {}, metrics or {},
                     {f"bench.{key}": value for key, value in {**about, **tags}.items()})


def figures(uar: float, seconds: float) -> dict[str, float]:
    return {"test/wa": uar + 0.01, "test/uar": uar, "test/macro_f1": uar - 0.01, "validation/uar": uar + 0.05, "parameters": 12_345,
            "seconds/fit": seconds}


def final(cell: str, uars: tuple[float, ...], rate: float, **tags: Any) -> list[RunRecord]:
    """A cell's finals with their seeds."""
    seeds = [record("seed", cell, i, metrics=figures(uar, 61.0 + i), params={"seed": str(i)}, **tags) for i, uar in enumerate(uars)]
    signatures = " ".join(f"seed-{cell}-{i}" for i in range(len(uars)))
    return [*seeds, record("final", cell, params={"training.learning_rate": str(rate)}, signatures=signatures, **tags)]


def lucky_and_sound() -> list[Row]:
    """Two rows; the one that is best on test is 1 point worse on validation."""
    found = [*final("lucky", (0.60, 0.61), 0.1), *final("sound", (0.55, 0.56), 0.1)]
    return [dataclasses.replace(row, validation_uar=(0.5 if row.cell == "lucky" else 0.51, 0.0)) for row in rows(found)]


HOSTILE = "a|b `c` <script>\nd & e"


def study_records() -> list[RunRecord]:
    """Two protocols; cells with two seeds, one seed and none; trials that finished, were pruned, failed and were killed."""
    shared: dict[str, Any] = {"split": "random_80_20", "shares_speakers": "True"}
    study = RunRecord("s", "study", "study", "finished", {}, {}, {
        "bench.question": "Does it render?", "bench.asked": "study",
        "bench.declined": f"mel × plain_1d on random_80_20: plain_1d needs a sequence\n{HOSTILE.splitlines()[0]}: no"})
    trials = [record("trial", "good", 0), record("trial", "good", 1, "pruned"), record("trial", "good", 2, "killed"),
              record("trial", "weak", 0), record("trial", "never", 0, "failed", reason=f"ResourceExhausted: {HOSTILE}"),
              record("trial", "known", 0, **shared)]
    return [study, *trials, *final("weak", (0.40,), 0.5), *final("good", (0.50, 0.60), 0.00123456),
            *final("known", (0.70, 0.72), 0.01, **shared, settings="--set training.epochs=5")]


def row_of(cell: str) -> Row:
    return next(row for row in rows(study_records()) if row.cell == cell)
