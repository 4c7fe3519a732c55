"""A row measured in white noise, without a model."""

from __future__ import annotations

import numpy as np

from harness.analyses.noise.rows import NoiseRow


def counts(right: int, elsewhere: int) -> np.ndarray:
    """Two emotions, 10 clips of each of 5 speakers; of the second, so many are right, of the first `elsewhere` are wrong."""
    return np.tile(np.array([[10 - elsewhere, elsewhere], [10 - right, right]]), (1, 5, 1, 1))


ROW = NoiseRow("net", "unseen", False, "lab", "100 of 100 clips: whole", ("ANG", "SAD"),
               {"clean": counts(10, 0), "white 10": counts(8, 2), "white 0": counts(10, 9)}, 100, 3, 0.02, ("run",), ("0",))
