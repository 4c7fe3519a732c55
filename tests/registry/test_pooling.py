"""Statistics over time: right by hand, in a fixed order, and of a single frame too."""

from __future__ import annotations

import numpy as np
import pytest

from registry.pooling import PER_BAND, Statistic, pooled

FRAMES = np.array([[0, 10], [1, 10], [2, 10], [3, 10], [9, 10]], np.float32)


@pytest.mark.parametrize(("statistic", "of_first", "of_second"), [
    ("mean", [3], [10]),
    ("std", [np.sqrt((9 + 4 + 1 + 0 + 36) / 5)], [0]),
    ("quartiles", [1, 2, 3], [10, 10, 10]),
    ("slope", [2.0 / 0.2], [0]),  # 2 a frame of 0.2 s
])
def test_each_statistic_is_right_by_hand(statistic: Statistic, of_first: list[float], of_second: list[float]) -> None:
    values = pooled(FRAMES, (statistic,), seconds=1.0)
    assert values.dtype == np.float32 and values.shape == (2 * PER_BAND[statistic],)
    assert values[0::2] == pytest.approx(of_first) and values[1::2] == pytest.approx(of_second)


def test_all_bands_of_a_statistic_come_before_the_next_statistic() -> None:
    assert pooled(FRAMES, ("mean", "quartiles"), 1.0).tolist() == [3, 10, 1, 10, 2, 10, 3, 10]


def test_a_single_frame_has_no_spread_and_no_slope() -> None:
    assert pooled(FRAMES[:1] + 4, ("mean", "std", "slope", "quartiles"), 0.01).tolist() == [4, 14, 0, 0, 0, 0, 4, 14, 4, 14, 4, 14]
