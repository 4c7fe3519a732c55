"""Counts of simulated rows of a leaderboard, and a published table of figures over blocks.

The simulations are of six emotions. Whether a clip is recognised depends on its speaker, on the clip, on how a network takes to a
speaker, on the luck of one training, and on chance; the first two are the same for all rows of a table, so networks are right on much
the same clips.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

CLASSES = 6
SPEAKER, CLIP, TASTE = 0.3, 0.8, 0.1  # standard deviations of what speaks for a clip, of 1 in all
DEMSAR = np.array([  # AUC of four variants of C4.5 on 14 data sets: Demšar 2006, table 6; voting's two .975 are no tie in his ranks
    [.763, .768, .771, .798], [.599, .591, .590, .569], [.954, .971, .968, .967], [.628, .661, .654, .657], [.882, .888, .886, .898],
    [.936, .931, .916, .931], [.661, .668, .609, .685], [.583, .583, .563, .625], [.775, .838, .866, .875], [1, 1, 1, 1],
    [.940, .962, .965, .962], [.619, .666, .614, .669], [.972, .981, .9751, .9749], [.957, .978, .946, .970]])


def simulated(rng: np.random.Generator, recalls: list[float], seeds: int = 1, speakers: int = 30, clips: int = 4,
              training: float = 0.0) -> np.ndarray:
    """Counts of rows of these true recalls (rows, seeds, speakers, truth, predicted); `clips` of each speaker and emotion."""
    rows, rest = len(recalls), math.sqrt(1 - SPEAKER**2 - CLIP**2 - TASTE**2)
    heard = rng.normal(0, SPEAKER, (speakers, 1, 1)) + rng.normal(0, CLIP, (speakers, CLASSES, clips))
    heard = heard + rng.normal(0, TASTE, (rows, 1, speakers, 1, 1)) + rng.normal(0, training, (rows, seeds, 1, 1, 1))
    threshold = ndtri(recalls)[:, None, None, None, None] * math.sqrt(1 + training**2)
    right = (heard + rng.normal(0, rest, (rows, seeds, speakers, CLASSES, clips)) < threshold).sum(axis=-1)
    counts, each = np.zeros((*right.shape, CLASSES), dtype=np.int64), np.arange(CLASSES)
    counts[..., each, each], counts[..., each, (each + 1) % CLASSES] = right, clips - right
    return counts
