"""Clips that every row gets wrong have players of their files, or of the stretch of a file that they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from html_pages import boards_of, folder_of_tones, records
from made_records import final

from harness.reports.html import clips_table
from harness.reports.html.clips_table import clips_to_hear
from registry.corpus import Clip
from registry.segments import Segment


def test_each_clip_says_what_rows_take_it_for_and_the_surest_error_is_first(tmp_path: Path) -> None:
    data = folder_of_tones(tmp_path)
    found = clips_to_hear(boards_of(records())[1], data, "clips")
    assert found and found.plays and found.left_out == 0
    assert [column.head for column in found.table.columns] == ["clip", "listen", "speaker", "intended", "rows take it for"]
    line = next(line for line in found.table.lines if line.cells[0].text == "clip080")
    assert [cell.text for cell in line.cells[2:]] == ["S2", "FEA", "ANG"] and (data / "clip080.wav").as_uri() in line.cells[1].text
    assert [choice.label for choice in found.choices] == ["Intended", "Taken for"]


@pytest.mark.parametrize(("stretch", "address"), [(Segment(0.1, 0.3), "a%20b.wav#t=0.1,0.3"), (Segment(0.1), "a%20b.wav#t=0.1")])
def test_a_clip_that_is_a_stretch_of_a_file_is_played_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stretch: Segment,
                                                                address: str) -> None:
    clip = Clip(id="clip080", emotion="FEA", speaker="S2", path=tmp_path / "a b.wav", segment=stretch)
    monkeypatch.setattr(clips_table, "clips_of", lambda row, data: {"clip080": clip})
    found = clips_to_hear(boards_of(records())[1], tmp_path, "clips")
    assert found and f'/{address}"' in next(line for line in found.table.lines if line.cells[0].text == "clip080").cells[1].text


def test_more_clips_than_a_page_shows_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips_table, "SHOWN", 10)
    found = clips_to_hear(boards_of(records())[1], None, "clips")
    assert found and (len(found.table.lines), found.left_out) == (10, 60) and not found.plays


def test_synthetic_clips_have_no_files() -> None:
    board, = boards_of(final("a", (0.5,), 0.1, synthetic="True"))
    found = clips_to_hear(board, Path(), "clips")
    assert found and not found.plays and found.where == "The clips are synthetic, so that there are no files to hear."
