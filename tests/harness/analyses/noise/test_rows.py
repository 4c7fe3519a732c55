"""Recalls, intervals and table of rows measured in noise."""

from __future__ import annotations

import numpy as np
import pytest
from noise_row import ROW

from harness.analyses.noise.rows import pooled


def test_a_recall_is_over_speakers_and_intervals_come_with_the_table() -> None:
    assert ROW.recall("white 10", 1) == pytest.approx((0.8, 0.8, 0.8)), "all speakers are alike"
    (row,) = pooled([ROW])
    assert row.figure("white 10", "uar") == pytest.approx((0.8, 0.8, 0.8)) and np.isnan(ROW.figure("white 10", "uar")[1])
    assert row.kinds == ["white"] and row.levels("white") == ["clean", "white 10", "white 0"]
