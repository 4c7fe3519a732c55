"""Tables on terminals: words and numbers stay whole, optional columns give way first, lines around cells only where they fit."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from harness.console import Console
from harness.table_layout import TableLayout, folded, shared

HEADS = ["rank", "cell", "test UAR", "95 % interval", "test WA", "validation UAR"]
ROWS = [["1", "whisper[layers=(0, 1, 2, 3, 4, 5)] vector mean+std × logistic_regression", "0.743", "[0.703, 0.782]", "0.739", "0.595"],
        ["2", "mfcc × svm", "0.518", "[0.479, 0.558]", "0.519", "–"]]


def printed(width: int, capsys: pytest.CaptureFixture[str], optional: tuple[str, ...] = ()) -> list[str]:
    """The lines of the table on so many columns."""
    console = Console()
    console.out.width = width
    console.table(HEADS, ROWS, optional=optional)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", [72, 80, 120, 180])
def test_no_line_is_wider_than_the_terminal_and_no_number_or_word_is_broken(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(width, capsys)
    assert max(map(cell_len, lines)) <= width
    whole = {word for line in lines for word in line.replace("│", " ").split()}
    assert {"0.743", "[0.703,", "logistic_regression", "mean+std", "validation"} <= whole
    assert any("[0.703, 0.782]" in line for line in lines)


def test_there_are_lines_around_cells_where_they_fit_and_none_where_they_cost_the_room(capsys: pytest.CaptureFixture[str]) -> None:
    assert any("│" in line for line in printed(180, capsys)) and not any("│" in line for line in printed(80, capsys))


def test_optional_columns_are_left_out_in_their_order_where_text_would_get_too_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    def left_out(width: int) -> list[str]:
        return TableLayout(HEADS, ROWS, width, ("test WA", "validation UAR")).left_out
    assert [left_out(width) for width in (100, 80, 60)] == [[], ["test WA"], ["test WA", "validation UAR"]]
    assert "test" not in printed(60, capsys, ("test UAR", "test WA", "validation UAR"))[-1]


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table(["cell", "UAR"], [])
    assert "cell" in capsys.readouterr().out


def test_where_nothing_else_helps_words_are_broken_behind_punctuation() -> None:
    assert folded("training.learning_rate", 12).split("\n") == ["training.", "  learning_", "  rate"]
    assert folded("ßßßßßßßß", 4).split("\n") == ["ßßßß", "ßßßß"]
    assert sum(shared([30, 30, 5], [30, 30, 5], 40)) == 40
