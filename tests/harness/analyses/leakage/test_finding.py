"""The page on leaks begins with what each leak is worth: what can't be told is said last, and what was not measured."""

from __future__ import annotations

import math

import pytest
from leakage_results import gained, result

from harness.analyses.leakage.enrolment import Enrolment
from harness.analyses.leakage.finding import KNOWN, cell_names, finding_markdown, panel, worths
from harness.analyses.leakage.report import leakage_markdown
from harness.analyses.leakage.worth import CellUnderProtocols, KnownResult
from harness.reports.markdown import points

HONEST, RANDOM = result(0.5), result(0.7, seed=1)
SURE = CellUnderProtocols("leakage-cnn", "mel image × plain_2d[filters=8]", {"speakers": HONEST, "random": RANDOM, "after": RANDOM,
                                                                              "before": result(0.9, seed=1)}, known=tuple(
    KnownResult(Enrolment(number), result(recall), result(0.5), ("ANG", "NEU")) for number, recall in ((1, 0.3), (None, 0.7))))
UNSURE = CellUnderProtocols("leakage-cnn", "mel image × crnn", {"speakers": result(0.5), "random": result(0.51, seed=1)})


def test_a_leak_is_told_of_the_networks_that_gain_and_left_open_of_those_that_can_t_be_told() -> None:
    quotation, heading, lines = finding_markdown([SURE, UNSURE])
    voices = points(gained(RANDOM, HONEST))
    assert quotation.startswith(f"> **Voices heard in training are worth {voices} points to plain_2d**; whether to others, too, can't be "
                                "told (crnn ")
    assert "> **Altered copies of test clips in training are worth +" in quotation
    assert "> **All clips of a test speaker, known without labels, are worth +" in quotation
    assert "Too few of them cost: plain_2d -" in quotation
    assert quotation.endswith("> Not measured: sentences heard in training.")
    assert "**bold** where that is more than chance explains" in heading
    assert lines.split("\n")[0] == "| network | new speakers | voices heard | copies before the split | clips known |"
    assert lines.split("\n")[2].startswith("| plain_2d | .4") and lines.split("\n")[2].count("**") == 6
    assert lines.split("\n")[3].startswith("| crnn | .4") and lines.split("\n")[3].endswith(" | – | – |")


def test_a_leak_that_is_worth_nothing_to_any_network_can_t_be_told() -> None:
    assert finding_markdown([UNSURE])[0].startswith("> **Whether voices heard in training are worth anything can't be told**: mel image ×")
    costly = CellUnderProtocols("s", "net", {"speakers": RANDOM, "random": HONEST})
    assert finding_markdown([costly])[0].startswith("> **Voices heard in training cost -")


def test_too_few_speakers_give_no_interval_and_synthetic_clips_no_finding_about_speech() -> None:
    few = {key: result(recall, speakers=4, synthetic=True) for key, recall in (("speakers", 0.5), ("random", 0.7))}
    text = finding_markdown([CellUnderProtocols("s", "net", few)])[0]
    assert text.startswith("> **No human speech**") and "Too few test speakers for an interval in 1 network." in text
    assert math.isnan(worths([CellUnderProtocols("s", "net", few)])["voices heard"]["net"][1])


def test_the_picture_has_the_figures_in_points() -> None:
    rows = panel([SURE, UNSURE])
    assert list(rows) == ["plain_2d", "crnn"] and list(rows["plain_2d"]) == ["voices heard", "copies before the split", KNOWN]
    assert rows["plain_2d"]["voices heard"] == pytest.approx([100 * each for each in gained(RANDOM, HONEST)])


def test_the_same_network_in_two_studies_or_on_two_corpora_has_two_names() -> None:
    one = CellUnderProtocols("leakage-a", "net", {"speakers": HONEST})
    assert cell_names([one, CellUnderProtocols("leakage-b", "net", {"speakers": HONEST})]) == {0: "net (a)", 1: "net (b)"}
    emodb = CellUnderProtocols("leakage-a", "net", {"speakers": result(0.5, corpus="emodb")})
    assert cell_names([one, emodb]) == {0: "net (crema_d)", 1: "net (emodb)"}


def test_a_page_on_protocols_that_can_t_be_compared_has_no_finding_and_names_those_that_were_trained() -> None:
    alone = CellUnderProtocols("s", "net", {"speakers": HONEST})
    text = leakage_markdown([alone])
    assert finding_markdown([alone]) == [] and text.startswith("# What leaks are worth\n\n**More:**")
    assert "- **Unseen speakers** is the honest one" in text and "- **Random clips**" not in text and "--enrolment" not in text
    assert text.index("## The study s") < text.index("## The protocols") < text.index("## How to read the figures")
