"""Published recipes beside results, without training."""

from __future__ import annotations

import dataclasses

from harness.analyses.published.systems import systems
from harness.analyses.published.verdicts import Comparison, Reproduced
from harness.evaluation.rows import Row
from harness.study.claims import Claim

SYSTEM = systems()[0]


def compared(claimed: float, measured: float, coverage: str = "7,442 of 7,442 clips: whole", epochs: str = "30",
             unseen: float | None = None, settings: str = "", ours: str = "", half: float = 0.02) -> Comparison:
    """One recipe whose reproduced WA has the interval ± `half`."""
    def result(value: float) -> Reproduced:
        row = Row(**{f.name: "" for f in dataclasses.fields(Row)} | {  # type: ignore[arg-type]
            "coverage": coverage, "epochs": epochs, "synthetic": "synthetic" in coverage, "seeds": 1, "shares_speakers": True,
            "settings": settings, "epochs_trained": float(epochs), "speakers": {}, "deleted_openings": 0, "folds_done": 0, "folds": 0,
            "test_openings": 1, "parameters": 595_430, "fit_seconds": 254.0, "seed_numbers": ("0",), "pretrained": {}, "trials": {},
            "clips": {"train": 4948, "validation": 261, "test": 2233, "left_out": 0}})
        return Reproduced(row, dict.fromkeys(("wa", "uar", "macro_f1"), (value, value - half, value + half)), 0.5,
                          (("SAD", "ANG", 4, 1.0),), ("SAD",))

    return Comparison(SYSTEM, "000_1d", "000_1d", Claim(wa=claimed, ours=ours), 30, result(measured),
                      None if unseen is None else result(unseen))


def collapsed(comparison: Comparison) -> Comparison:
    """The same, of networks that take every clip for sad."""
    emotions = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
    result = comparison.shown
    row = dataclasses.replace(result.row, training_classes=dict.fromkeys(emotions, 800))
    return dataclasses.replace(comparison, shared=dataclasses.replace(result, row=row, never_predicted=emotions[:-1]))
