"""What was learnt is computed from the figures alone."""

from __future__ import annotations

import dataclasses
import math

from published_comparisons import compared

from harness.analyses.published.report import learnt, table_line


def test_the_worth_of_the_random_split_is_computed_from_the_figures_alone() -> None:
    other = dataclasses.replace(compared(0.45, 0.46, unseen=0.44), name="000_2d", published_name="000_2d")
    text = "\n".join(learnt([compared(0.45, 0.46, unseen=0.40), other]))
    assert "worth +4.0 points of UAR on average" in text and "000_1d +6.0 ± 2.8, 000_2d +2.0 ± 2.8" in text
    assert "Beyond what sampling explains: 000_1d." in text
    assert "the claim agrees with what was measured for 000_1d, 000_2d." in text and "part of the clips" not in text
    assert table_line(compared(0.45, 0.46))[1:5] == ["0.450", "0.460 [0.440, 0.480]", "–", "0.460 [0.440, 0.480]"]
    assert learnt([]) == ["Nothing yet: no published recipe was trained on real clips under its own split."]
    assert "worth" not in "".join(learnt([compared(0.45, 0.46, unseen=0.40, half=math.nan)]))
