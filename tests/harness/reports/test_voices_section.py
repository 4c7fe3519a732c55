"""What a report says of heard and new voices: the chosen row's share in points, and a line for every row."""

from __future__ import annotations

from pathlib import Path

from made_records import boards_of, row

from harness.evaluation.voices import VoicesOfRow
from harness.reports.figures import voices_figure
from harness.reports.voices_section import _finding, _known_finding, known_markdown, voices_markdown
from harness.tracking.run_record import RunRecord
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
    assert voices_markdown([]) == known_markdown([]) == []


def test_the_picture_takes_rows_without_an_interval_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        save(voices_figure({row.name: row for row in (TOLD, NOT_TOLD, FEW)}, {"chance": 1 / 6}), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


LOST = VoicesOfRow("net", (0.71, 0.67, 0.75), (0.54, 0.5, 0.58), (-0.17, -0.2, -0.14))


def test_it_is_said_how_many_rows_gain_and_lose_by_known_clips_and_which_most() -> None:
    assert _known_finding([("1", LOST), ("5", TOLD), ("2", NOT_TOLD)]).endswith(
        "Of 3 rows 1 gain by it, 1 lose, and of 1 neither can be told. **5** gains most, +7.0 [+1.0, +13.0] points of UAR; **1** loses "
        "most, -17.0 [-20.0, -14.0] points of UAR.")
    assert _known_finding([("2", NOT_TOLD)]).endswith("of 1 neither can be told.")


def test_known_clips_are_a_table_in_the_order_of_their_number() -> None:
    def pair(number: int) -> list[list[RunRecord]]:
        split = {"split": f"known_speakers[enrolment={number}]"}
        knowing = split | {"feature_space": "mel image normalise=per_speaker"}
        return [row(f"nothing{number}", "net", split), row(f"known{number}", "net", knowing)]

    drawn: list[str] = []
    text = known_markdown(boards_of(*pair(10), *pair(2)), lambda rows, _: drawn.extend(name for name, _ in rows) or "picture.png")
    assert drawn == ["known_speakers[enrolment=2]", "known_speakers[enrolment=10]"]
    assert [part.split("\n")[0] for part in text] == [
        "## Speakers of whom clips are known, without labels", text[1], "![Test UAR without and with known clips](picture.png)",
        "| protocol | row | nothing known | speaker known | points gained |"]
