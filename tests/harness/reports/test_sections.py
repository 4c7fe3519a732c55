"""The parts of a page come in a steady order, and those without content are left out."""

from __future__ import annotations

from drawn_pictures import DrawnPictures
from made_records import known, record, row, study_records

from harness.evaluation.answer import answers
from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.sections import Section, sections
from harness.tracking.run_record import RunRecord


def made(records: list[RunRecord]) -> list[Section]:
    boards = leaderboards(rows(records), known(rows(records)))
    return sections("study", answers(boards), records, DrawnPictures(), [None] * len(boards), "", "Trials: 6.")


def test_every_part_has_its_place() -> None:
    assert [section.heading for section in made(study_records())] == [
        "Every protocol", "Confusions side by side", "Clips that every row gets wrong", "What the search found", "Where it fails", "Cost",
        "How to reproduce", "Declined", "Failed"]


def test_a_study_without_finals_has_its_protocols_and_its_trials() -> None:
    assert [section.heading for section in made([record("trial", "a", state="running")])] == ["Every protocol", "How to reproduce"]


def test_many_leaderboards_are_opened_by_a_click_and_rows_are_named_in_full_at_the_end() -> None:
    records = [run for number in range(5) for run in row(f"c{number}", "net[filters=(4, 8)]", {"split": f"own_{number}"})]
    found = {section.heading: "\n".join(section.parts) for section in made(records)}
    assert found["Every protocol"].count("<details><summary>own_") == 5 and "###" not in found["Every protocol"]
    assert "| mel × net | mel image × net[filters=(4, 8)] |" in found["How to reproduce"]
