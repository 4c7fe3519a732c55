"""What was learnt is computed from the figures alone."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

from published_comparisons import compared
from source_trees import ROOT

from harness.analyses.published.report import learnt, published_markdown, table_line
from harness.analyses.published.verdicts import comparisons, from_earlier_report, to_json
from harness.tracking.store import Store


def test_the_worth_of_the_random_split_is_computed_from_the_figures_alone() -> None:
    other = dataclasses.replace(compared(0.45, 0.46, unseen=0.44), name="000_2d", published_name="000_2d")
    text = "\n".join(learnt([compared(0.45, 0.46, unseen=0.40), other]))
    assert "worth +4.0 points of UAR on average" in text and "000_1d +6.0 ± 2.8, 000_2d +2.0 ± 2.8" in text
    assert "Beyond what sampling explains: 000_1d." in text
    assert "the claim agrees with what was measured for 000_1d, 000_2d." in text and "part of the clips" not in text
    assert table_line(compared(0.45, 0.46))[1:5] == ["0.450", "0.460 [0.440, 0.480]", "–", "0.460 [0.440, 0.480]"]
    assert learnt([]) == ["Nothing yet: no published recipe was trained on real clips under its own split."]
    assert "worth" not in "".join(learnt([compared(0.45, 0.46, unseen=0.40, half=math.nan)]))


def test_results_that_an_older_version_wrote_are_kept_though_they_lack_fields(tmp_path: Path) -> None:
    earlier = from_earlier_report(ROOT / "reports" / "published-systems.json")
    assert len(earlier) >= 18
    found = comparisons(Store(tmp_path), earlier)
    assert "| 000_1d |" in published_markdown(found)
    assert len(json.loads(to_json(found))) == len(earlier)
