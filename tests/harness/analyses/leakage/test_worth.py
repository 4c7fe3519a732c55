"""What one protocol gives more than another is told on the clips that both test."""

from __future__ import annotations

import numpy as np
import pytest
from leakage_results import result

from harness.analyses.leakage.worth import difference


def test_a_difference_leaves_out_what_speakers_have_in_common() -> None:
    one, other = result(0.6), result(0.5)  # the same speakers, all of them ten points apart
    same = difference(one, other)
    assert same
    value, low, high = same.difference
    assert value == pytest.approx(0.1, abs=0.005) and high - low < 0.01
    assert (same.clips, same.speakers) == (20 * 2 * 100, 20)
    nothing, few = difference(one, one), difference(one, result(0.5, speakers=4))
    assert nothing and nothing.difference == (0, 0, 0)
    assert few and np.isnan(few.difference[1]), "four speakers are in both"


def test_a_result_counts_its_test_clips_and_whose_they_are() -> None:
    one = result(0.5, speakers=7)
    assert (one.test_clips, one.test_speakers) == (1400, 7) and one.uar[1] < one.uar[0] < one.uar[2]
