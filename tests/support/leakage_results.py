"""Results of one cell under a protocol of `bench leakage`, without training."""

from __future__ import annotations

import dataclasses

import numpy as np

from harness.analyses.leakage.worth import ProtocolResult


def result(recall: float, test: str = "a", speakers: int = 20, seeds: int = 1, spread: float = 0.1, seed: int = 0,
         **more: object) -> ProtocolResult:
    """Two emotions, 100 clips of each a speaker, whose recalls are alike in both and differ between speakers."""
    right = np.round(100 * np.clip(np.random.default_rng(seed).normal(recall, spread, (1, speakers)), 0, 1)).astype(int)
    counts = np.stack([np.stack([right, 100 - right], -1), np.stack([100 - right, right], -1)], -2).repeat(seeds, axis=0)
    plain = ProtocolResult(counts, (test,), {"train": 10, "validation": 2, "test": 4}, "10 of 20 clips: partial", False, 5,
                           tuple(map(str, range(seeds))), "crema_d", "--set training.epochs=5")
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]
