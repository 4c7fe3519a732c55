"""What a report says of known clips: how many rows gain by them, and a line for each."""

from __future__ import annotations

import dataclasses

from drawn_pictures import DrawnPictures
from made_records import boards_of, row

from harness.evaluation.voices import known_voices
from harness.reports.voices_section import known_finding, known_markdown
from harness.tracking.run_record import RunRecord

LOST, NOT_TOLD, TOLD = (-0.17, -0.2, -0.14), (0.04, -0.03, 0.11), (0.07, 0.01, 0.13)


def pair(number: int, *networks: str) -> list[list[RunRecord]]:
    """Rows of a protocol of so many known clips, without and with them; a network of the name `weak` is worse."""
    split = {"split": f"known_speakers[enrolment={number}]"}
    knowing = split | {"feature_space": "mel image normalise=per_speaker"}
    return [row(f"{name}{number}{kind}", name, tags) for name in networks for kind, tags in (("", split), ("known", knowing))]


def test_it_is_said_how_many_rows_gain_and_lose_by_known_clips_and_which_most() -> None:
    pairs = known_voices(boards_of(*pair(1, "net"), *pair(5, "net"), *pair(2, "net")))
    made = [dataclasses.replace(each, rows=(dataclasses.replace(each.rows[0], gain=gain),))
            for each, gain in zip(sorted(pairs, key=lambda each: each.new.rows[0].split), (LOST, NOT_TOLD, TOLD), strict=True)]
    assert known_finding(made).endswith(
        "of 3 rows 1 gain, 1 lose, 1 can't be told. known_speakers[enrolment=5] gains most, +7.0 [+1.0, +13.0] points; "
        "known_speakers[enrolment=1] loses most, -17.0 [-20.0, -14.0] points.")
    assert known_finding(made[1:2]).endswith("of 1 row 0 gain, 0 lose, 1 can't be told.") and known_finding([]) == ""


def test_known_clips_are_a_table_in_the_order_of_their_number() -> None:
    pictures = DrawnPictures()
    table, picture = known_markdown(known_voices(boards_of(*pair(10, "net"), *pair(2, "net"))), pictures.known_voices)
    assert [name for name, _ in pictures.drawn["known"][0][0]] == ["known_speakers[enrolment=2]", "known_speakers[enrolment=10]"]
    assert table.startswith("| protocol | nothing known | speaker known | points gained |") and picture.endswith("(study/known.png)")
    several = known_markdown(known_voices(boards_of(*pair(2, "net", "other"))))
    assert several[0].startswith("| protocol | network | nothing known |") and known_markdown([]) == []
