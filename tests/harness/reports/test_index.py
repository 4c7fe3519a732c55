"""The page of all studies has the rows of every study in tables of their own clips, also of those whose runs lie in another store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from calls import Outcome
from untrained_finals import finals

from harness.reports.index import write_index
from harness.reports.study_report import write_report
from harness.tracking.store import Store


def index(home: Path) -> str:
    return (home / "reports" / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("reported")
def test_a_page_without_a_record_whose_runs_lie_in_another_store_stays_in_the_index(boards: Path) -> None:
    (boards / "reports" / "earlier.md").write_text("# earlier")
    write_index(Store(boards), {})
    text = index(boards)
    (boards / "reports" / "earlier.md").unlink()
    assert "so that their rows stand in no table: [earlier.md](earlier.md)" in text and "[small](small.md)" in text


def test_the_index_has_the_rows_of_a_study_with_ranks_and_links(boards: Path, reported: Outcome) -> None:
    text = index(boards)
    ranks = {cells[2]: cells[1] for line in text.splitlines() if line.startswith("| ") and "[small](small.md)" in line
             for cells in [[cell.strip() for cell in line.split("|")]]}
    assert ranks == {"mel × good": "**1**", "mel × equal": "**1**", "mel × weak": "3", "mel × lost": "–"}
    assert "## random_80_20 on synthetic, 240 clips: whole" in text and "1 row without a rank: tested on other clips, or without" in text
    assert "All rows: shared speakers." in text and "⚠ **noisy selection**: " in text


def test_rows_of_another_store_are_ranked_with_the_own_ones_by_their_record(tmp_path: Path) -> None:
    for name, row, skill in (("here", 2, 0.8), ("there", 3, 0.3)):
        finals(tmp_path / name, name, {row: skill})
        write_report(Store(tmp_path / name), name)
    for file in ("there", "there.md"):
        shutil.move(tmp_path / "there" / "reports" / file, tmp_path / "here" / "reports" / file)
    (tmp_path / "here" / "reports" / "there_noise.md").write_text("# noise")
    write_index(Store(tmp_path / "here"), {})
    text = index(tmp_path / "here")
    assert "- [there_noise.md](there_noise.md): How recall falls with noise in there" in text and "stand in no table" not in text
    assert "2 rows of 2 studies on 48 test clips of 8 speakers" in text
    assert [line.split(" | ")[0] for line in text.splitlines() if line.startswith("|") and "(there.md)" in line] == ["| 2"]
    assert (tmp_path / "here" / "reports" / "README" / "1.png").stat().st_size > 5_000 and "](README/1.png)" in text


def test_a_record_that_can_not_be_read_is_named_and_keeps_nothing_from_being_written(boards: Path, reported: Outcome) -> None:
    (boards / "reports" / "broken").mkdir()
    (boards / "reports" / "broken" / "record.json").write_text('{"schema": 99, "studies": {}}')
    write_index(Store(boards), {})
    text = index(boards)
    shutil.rmtree(boards / "reports" / "broken")
    assert "- ⚠ not read: broken/record.json: broken/record.json has the form 99 of bench ?, and this version reads form 2: update" in text
    assert "[small](small.md)" in text and str(boards) not in text
