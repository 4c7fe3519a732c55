"""Whether a network's probabilities can be believed: the expected calibration error, and the bins of a reliability picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.training.predictions import Predictions

BINS = 15  # of equal width, as in Guo et al. 2017, so that figures compare


@dataclass(frozen=True)
class Bin:
    """The clips whose answers were given with a confidence in (low, high]: their mean confidence, and the share that was right."""

    low: float
    high: float
    clips: int
    confidence: float
    accuracy: float


def calibration_errors(seeds: Sequence[Predictions], bins: int = BINS) -> list[float]:
    """Expected calibration error of each seed: the mean over clips of |accuracy − confidence| of their bin.

    Few clips give an error above zero even where calibration is perfect: some .05 for 500 clips whose confidences are spread.
    Reference: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    return [float(sum(b.clips * abs(b.accuracy - b.confidence) for b in reliability([seed], bins)) / len(seed.truth)) for seed in seeds]


def calibration_error(seeds: Sequence[Predictions], bins: int = BINS) -> float:
    """The mean of the errors of each seed."""
    return float(np.mean(calibration_errors(seeds, bins)))


def reliability(seeds: Sequence[Predictions], bins: int = BINS) -> list[Bin]:
    """The bins that have clips, all seeds' answers taken together; confidence is the probability of the likeliest emotion."""
    confidence = np.concatenate([seed.probabilities.max(axis=1) for seed in seeds])
    right = np.concatenate([seed.predicted == seed.truth for seed in seeds])
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    return [Bin(float(edges[i]), float(edges[i + 1]), int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean()))
            for i in range(bins) for inside in [bin_of == i] if inside.any()]
