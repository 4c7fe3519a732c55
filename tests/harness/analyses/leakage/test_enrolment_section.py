"""The part on known speakers: a sentence and a line of the picture for each composition, a line of the table for each number."""

from __future__ import annotations

from pathlib import Path

from leakage_results import result

from harness.analyses.leakage.enrolment import Enrolment
from harness.analyses.leakage.enrolment_section import enrolment_markdown, lines_of
from harness.analyses.leakage.report import leakage_markdown
from harness.analyses.leakage.worth import CellUnderProtocols, KnownResult
from harness.reports.figures import enrolment_figure
from harness.training.figures import save

EMOTIONS = ("ANG", "NEU")
KNOWN = tuple(KnownResult(Enrolment(number, emotions), result(recall, speakers=speakers), result(0.5, speakers=speakers), EMOTIONS)
              for number, emotions, recall, speakers in (
                  (1, (), 0.4, 20), (5, (), 0.6, 20), (None, (), 0.7, 20), (5, ("NEU",), 0.5, 20), (10, ("NEU",), 0.6, 4)))
CELL = CellUnderProtocols("frozen", "net", {"speakers": result(0.5), "random": result(0.6)}, known=KNOWN)


def test_it_is_said_with_how_many_clips_knowing_the_speaker_pays_and_with_how_many_it_costs() -> None:
    sentences, picture, table = enrolment_markdown(CELL, lambda cell: "leakage/1.png")
    assert sentences.split("\n")[0].startswith(
        "- Known clips of any emotion: they are worth more than chance explains with 5, all; they cost more than chance explains with 1. "
        "With all it is +2")
    assert sentences.split("\n")[1].startswith("- Known clips of NEU alone: no more than chance explains with 5. With 10 it is +10.")
    assert picture == "![Points of UAR gained by known clips of each speaker](leakage/1.png)"
    assert [line.split(" | ")[:2] for line in table.split("\n")[2:]] == [
        ["| 1", "any"], ["| 5", "any"], ["| all", "any"], ["| 5", "NEU alone"], ["| 10", "NEU alone"]]
    assert table.endswith("[–] |"), "four speakers give no interval"


def test_a_cell_of_which_no_speaker_is_known_has_no_such_part_and_its_command_no_such_option() -> None:
    bare = CellUnderProtocols("frozen", "net", {"speakers": result(0.5), "random": result(0.6)})
    assert enrolment_markdown(bare) == [] and "--enrolment" not in leakage_markdown([bare]).partition("## The study")[2]


def test_the_command_names_the_numbers_and_that_no_copies_were_made() -> None:
    assert "--seeds 0 --copies --enrolment 1 5 10 all --set training.epochs=5`" in leakage_markdown([CELL])


def test_the_picture_takes_lines_of_other_lengths_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    assert list(lines_of(KNOWN)["any"]) == ["1", "5", "all"]
    for name in ("one.png", "two.png"):
        save(enrolment_figure(lines_of(KNOWN)), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
