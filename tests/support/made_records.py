"""Records as MLflow would hold them, and what a report draws from, made without training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.folds import FoldComparison
from harness.evaluation.rows import Row
from harness.tracking.run_record import RunRecord
from harness.training.predictions import Predictions

EMOTIONS = ("ANG", "DIS", "FEA")
CONFUSION = [[30, 10, 0], [20, 20, 0], [5, 35, 0]]


def draw(each: FinalPredictions) -> dict[str, str]:
    """Stands in for the pictures: their paths, and no file."""
    return {"Confusion matrix": f"study/{each.row.cell}_confusion.png"}



def diagram(protocol: str, labels: Sequence[str], found: FoldComparison) -> str:
    """Stands in for the critical-difference diagram."""
    return "study/ranks.png"



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

