"""Differences between two protocols: paired by speaker on the same test clips, else Welch's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from leakage_results import result
from scipy.stats import t as student

from harness.analyses.leakage.worth import difference


def test_an_unpaired_difference_is_welchs() -> None:
    one, other = result(0.7, "a", speakers=12), result(0.5, "b", speakers=30, spread=0.05, seed=1)
    value, low, high = difference(one, other)
    recalls = [side.counts[0, :, 0, 0] / 100 for side in (one, other)]
    parts = [recall.var(ddof=1) / len(recall) for recall in recalls]
    df = sum(parts) ** 2 / sum(part**2 / (len(recall) - 1) for part, recall in zip(parts, recalls, strict=True))
    assert value == pytest.approx(recalls[0].mean() - recalls[1].mean())
    assert high - value == pytest.approx(student.ppf(0.975, df) * np.sqrt(sum(parts)), rel=0.03)
    assert low == pytest.approx(2 * value - high)


def test_a_paired_difference_leaves_out_what_speakers_have_in_common() -> None:
    one, other = result(0.6), result(0.5)  # the same speakers, all of them ten points apart
    value, low, high = difference(one, other)
    assert value == pytest.approx(0.1, abs=0.005) and high - low < 0.01
    _, low, high = difference(one, dataclasses.replace(other, test=("b",)))
    assert high - low > 0.1
    assert np.isnan(difference(one, result(0.5, "b", speakers=4))[1])
    assert difference(one, one) == (0, 0, 0)
