"""Statistics of frames over time: what makes a vector of a clip of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Statistic = Literal["mean", "std", "quartiles", "slope"]
PER_BAND: dict[Statistic, int] = {"mean": 1, "std": 1, "quartiles": 3, "slope": 1}  # values


def pooled(frames: np.ndarray, statistics: tuple[Statistic, ...], seconds: float) -> np.ndarray:
    """Statistics of each band, all bands of the first statistic before those of the second.

    Args:
        frames: shape (frames, bands).
        statistics: `mean`; `std`, the standard deviation; `quartiles`: the first, the median and the third; `slope`: of the straight line
            that fits best, in the band's unit per second. Of one frame, `std` and `slope` are 0.
        seconds: that the frames cover.
    Returns: shape (values,), float32; `PER_BAND` says how many a band.
    """
    import numpy as np

    values = frames.astype(np.float64)
    parts = {"mean": lambda: values.mean(axis=0), "std": lambda: values.std(axis=0),
             "quartiles": lambda: np.percentile(values, (25, 50, 75), axis=0).ravel(), "slope": lambda: _slope(values, seconds)}
    return np.concatenate([parts[statistic]() for statistic in statistics]).astype(np.float32)


def _slope(values: np.ndarray, seconds: float) -> np.ndarray:
    import numpy as np

    times = (np.arange(len(values)) - (len(values) - 1) / 2) * seconds / len(values)  # s, around 0
    return times @ values / max(float(times @ times), 1e-12)
