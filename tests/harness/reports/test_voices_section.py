"""What a report says of heard and new voices: the chosen row's share in points, and a line for every row."""

from __future__ import annotations

from pathlib import Path

from harness.evaluation.voices import VoicesOfRow
from harness.reports.figures import voices_figure
from harness.reports.voices_section import _finding, voices_markdown
from harness.training.figures import save

NAN = float("nan")
TOLD = VoicesOfRow("net", (0.56, 0.49, 0.63), (0.63, 0.6, 0.66), (0.07, 0.01, 0.13))
NOT_TOLD = VoicesOfRow("tree", (0.56, 0.49, 0.63), (0.60, 0.57, 0.63), (0.04, -0.03, 0.11))
FEW = VoicesOfRow("few", (0.5, NAN, NAN), (0.6, 0.5, 0.7), (0.1, NAN, NAN))


def test_a_gain_is_told_in_points_of_the_figure_on_heard_speakers() -> None:
    assert _finding(TOLD) == ("**About 7 of 63 points of net come from voices that it has heard in training**: +7.0 [+1.0, +13.0] points "
                              "of UAR.")


def test_what_chance_may_explain_is_no_gain() -> None:
    assert _finding(NOT_TOLD).endswith("can't be told to gain from heard voices: +4.0 [-3.0, +11.0] points of UAR.")
    assert _finding(FEW).endswith("+10.0 [–] points of UAR.")


def test_a_study_of_one_kind_of_protocols_has_no_such_part() -> None:
    assert voices_markdown([]) == []


def test_the_picture_takes_rows_without_an_interval_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        save(voices_figure([TOLD, NOT_TOLD, FEW], {"chance": 1 / 6}), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
