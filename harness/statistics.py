"""The statistics that leaderboards print: what is known of a figure from the seeds it was repeated with."""

from __future__ import annotations

import math
import statistics


def mean_sd(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n − 1); NaN as the deviation of a single value.

    >>> mean_sd([0.4, 0.5, 0.6])
    (0.5, 0.1)
    """
    mean = statistics.fmean(values)
    return round(mean, 12), round(statistics.stdev(values), 12) if len(values) > 1 else math.nan
