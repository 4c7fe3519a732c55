"""Networks trained on one corpus and tested on one, without training."""

from __future__ import annotations

import numpy as np

from harness.analyses.transfer.matrix import About, Matrix, Pair, pooled


def pair(source: str, target: str, recall: float, speakers: int = 10, emotions: int = 2, shares: bool = False) -> Pair:
    """Every speaker has 100 clips of each emotion, and the same recall in all; what is wrong is taken for the next emotion."""
    right = round(100 * recall)
    counts = np.eye(emotions, dtype=int) * right + np.roll(np.eye(emotions, dtype=int), 1, axis=1) * (100 - right)
    return Pair(About(source, target, source == target, "9 of 10 clips: partial", False, 0.0), tuple("ABCDEFG"[:emotions]),
                np.tile(counts, (1, speakers, 1, 1)), 100 * emotions * speakers, ("0",), "unseen", shares)


def two_corpora() -> Matrix:
    """A matrix of two corpora; the second has two speakers, whose voices are in training too."""
    pairs = [pair("one", "one", 0.9, emotions=4), pair("one", "two", 0.5), pair("two", "one", 0.8), pair("two", "two", 1.0, 2, shares=True)]
    return Matrix("s", "net", "", 5, "s", pooled({(each.about.source, each.about.target): each for each in pairs}))
