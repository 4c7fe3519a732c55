"""The index lists every leaderboard with its chosen and its best rows, and every other page."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Outcome
from made_records import known, lucky_and_sound

from harness.evaluation.leaderboard import leaderboards
from harness.reports.index import index_line, write_index
from harness.tracking.store import Store


@pytest.mark.usefixtures("reported")
def test_a_page_whose_runs_lie_in_another_store_stays_in_the_index(boards: Path) -> None:
    (boards / "reports" / "earlier.md").write_text("# earlier")
    write_index(Store(boards), {})
    text = (boards / "reports" / "README.md").read_text()
    (boards / "reports" / "earlier.md").unlink()
    assert "Of runs that lie in another store: [earlier.md](earlier.md)." in text and "[small](small.md)" in text


def test_the_index_names_the_row_that_validation_chose_and_those_that_can_not_be_told_from_the_best(boards: Path, reported: Outcome
                                                                                                    ) -> None:
    line, = (line for line in (boards / "reports" / "README.md").read_text().splitlines() if line.startswith("| [small]"))
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    _, corpus, split, chosen, figure, rank, best, count, seeds, marks = cells
    assert (corpus, split, chosen, rank, count, seeds) == ("synthetic, 240 clips: whole", "random_80_20", "mel × good", "1", "4", "2")
    assert "[0." in figure and f"mel × good {figure}; mel × equal 0." in best and "weak" not in best
    assert marks == "shared speakers; ⚠ loss of chance; ⚠ noisy selection", "what concerns the whole table marks its line, too"


def test_a_line_of_the_index_names_the_row_that_validation_chose() -> None:
    board, = leaderboards(lucky_and_sound(), known(lucky_and_sound()))
    assert index_line("s", "s.md", board)[3] == "mel image × sound"
