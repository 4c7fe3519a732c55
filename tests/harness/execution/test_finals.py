"""The figures of a final over its seeds."""

from __future__ import annotations

import pytest

from harness.execution.finals import aggregates


def test_aggregates_are_means_and_deviations_under_names_of_their_own() -> None:
    seeds = [{f"{part}/{score}": value for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")} for value in (0.4, 0.6)]
    found = aggregates(seeds)
    assert found["test/uar_mean"] == 0.5 and found["validation/wa_sd"] == pytest.approx(0.02**0.5)
    assert len(found) == 12 and aggregates([]) == {}
