"""Results of one cell under a protocol of `bench leakage`, without training."""

from __future__ import annotations

import dataclasses

import numpy as np

from harness.analyses.leakage.worth import ProtocolResult, difference
from harness.evaluation.intervals import Figure
from harness.training.predictions import Predictions

OF_EACH = 100  # clips a speaker and emotion


def result(recall: float, speakers: int = 20, seeds: int = 1, spread: float = 0.1, seed: int = 0, **more: object) -> ProtocolResult:
    """Two emotions, 100 clips of each a speaker, whose recalls are alike in both and differ between speakers."""
    right = np.round(OF_EACH * np.clip(np.random.default_rng(seed).normal(recall, spread, speakers), 0, 1)).astype(int)
    speaker, truth, number = (each.ravel() for each in np.indices((speakers, 2, OF_EACH)))
    predicted = np.where(number < right[speaker], truth, 1 - truth)
    ids, names = (np.char.add(prefix, numbers.astype("U5")) for prefix, numbers in (("clip", np.arange(len(truth))), ("S", speaker)))
    said = Predictions(("ANG", "SAD"), ids, truth, np.eye(2)[predicted], {"speaker": names})
    plain = ProtocolResult([said] * seeds, {"train": 10, "validation": 2, "test": 4}, "10 of 20 clips: partial", False, 5,
                           tuple(map(str, range(seeds))), "crema_d", "--set training.epochs=5")
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def gained(one: ProtocolResult, other: ProtocolResult) -> Figure:
    """What one result has more than another of the same clips."""
    same = difference(one, other)
    assert same
    return same.difference
