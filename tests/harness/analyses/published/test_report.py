"""The page on published systems: what was found first, a table that fits a page, then each recipe, and how they are compared."""

from __future__ import annotations

import json
from pathlib import Path

from published_comparisons import compared
from source_trees import ROOT

from harness.analyses.published.report import published_markdown, table_line
from harness.analyses.published.verdicts import comparisons, from_earlier_report, to_json
from harness.tracking.store import Store

SPACE = "\N{NO-BREAK SPACE}"


def test_a_line_has_the_claim_beside_what_was_measured_and_the_outcome_in_a_word_or_two() -> None:
    figure = f".460{SPACE}[.440,{SPACE}.480]"
    assert table_line(compared(0.45, 0.46)) == [
        "[000_1d](#000_1d)", ".450", figure, "–", "30 of 30 epochs,<br>7,442 of 7,442 clips: whole", "reproduced"]
    assert table_line(compared(0.60, 0.46))[-1] == "not reproduced, claim above"
    assert table_line(compared(0.45, 0.46, epochs="10"))[-1] == "can't tell, claim within"


def test_the_finding_comes_first_and_the_rule_last() -> None:
    text = published_markdown([compared(0.45, 0.46, unseen=0.40)], {"system_000"}, "published-systems/wa.png")
    places = [text.index(part) for part in ("# Published systems", "> **Of 1 published model", "](published-systems/wa.png)", "| recipe |",
                                            "**More:**", "## Other scores", "## System 000", "- Verdict: reproduced.",
                                            "## How they are compared", "**Verdict.** *Reproduced* when")]
    assert places == sorted(places) and places[0] == 0


def test_results_that_an_older_version_wrote_are_kept_though_they_lack_fields(tmp_path: Path) -> None:
    earlier = from_earlier_report(ROOT / "reports" / "published-systems.json")
    assert len(earlier) >= 18
    found = comparisons(Store(tmp_path), earlier)
    assert "| [000_1d](#000_1d) |" in published_markdown(found)
    assert len(json.loads(to_json(found))) == len(earlier)
