"""How wide the columns of a table are on a terminal, and where its cells wrap: at words, and only in need within them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

NUMBER = re.compile(r"–|[-+−]?[\d.,]*\d ?%?( ?± ?[\d.]+)?( ?\[[^\]]*\])?|\[[^\]]*\]")
BREAKS = re.compile(r"(?<=[_+=,/(\[])|(?<=[A-Za-z]\.)")  # behind these a word is broken that is longer than its column
GAP = 2  # columns between two columns without lines
INDENT = "  "  # of the further lines of a cell
SHORT = 12  # columns of a cell that is not wrapped
READABLE = 34  # columns that a column of long text should have before optional ones are shown


class TableLayout:
    """A table for so many columns of a terminal.

    Args:
        headings, rows: plain text.
        optional: headings of columns that may be left out, the first one first.
    Attributes: left_out: those that are. boxed: whether there is room for lines around cells.
    """

    def __init__(self, headings: list[str], rows: list[list[str]], width: int, optional: Sequence[str] = ()) -> None:
        self.headings, self.rows, self.left_out = headings, rows, list[str]()
        for heading in optional:
            if heading in self.headings and sum(map(max, self._least(), (min(n, READABLE) for n in self._texts()))) > self._room(width):
                self._leave_out(heading)
        natural = [max(map(cell_len, column)) for column in self._columns()]
        self.boxed = sum(natural) + 3 * len(natural) + 1 <= width
        room = self._room(width)
        self.widths = natural if self.boxed else shared(natural, shared(self._texts(), self._least(), room), room)

    def _columns(self) -> list[tuple[str, ...]]:
        return list(zip(self.headings, *self.rows, strict=True))

    def _room(self, width: int) -> int:
        return width - GAP * (len(self.headings) - 1)

    def _least(self) -> list[int]:
        """The width of each column in which no word, no number and no short text has to be broken."""
        return [max(*map(cell_len, heading.split()), *(cell_len(cell) if whole else max(_words(cell)) for cell in cells), 1)
                for heading, *cells in self._columns() for whole in [are_numbers(cells) or max(map(cell_len, cells), default=0) <= SHORT]]

    def _texts(self) -> list[int]:
        """The width of each column in which no cell is wrapped; a heading may be."""
        return [max(map(cell_len, cells), default=0) for _, *cells in self._columns()]

    def _leave_out(self, heading: str) -> None:
        place = self.headings.index(heading)
        self.left_out.append(heading)
        self.headings = [*self.headings[:place], *self.headings[place + 1 :]]
        self.rows = [[*row[:place], *row[place + 1 :]] for row in self.rows]

    def table(self) -> Table:
        """The table with every cell wrapped to its column."""
        table = Table(box=box.HEAVY_HEAD, header_style="bold") if self.boxed else Table(
            box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
        for (heading, *cells), width in zip(self._columns(), self.widths, strict=True):
            table.add_column(Text(folded(heading, width, "")), justify="right" if are_numbers(cells) else "left", width=width, no_wrap=True)
        for row in self.rows:
            table.add_row(*(Text(folded(cell, width)) for cell, width in zip(row, self.widths, strict=True)))
        return table


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers, alone or with their deviation and interval; a dash stands for none.

    >>> are_numbers(["0.512 ± 0.013 [0.489, 0.534]", "–", ""]), are_numbers(["12 finished"]), are_numbers(["–"])
    (True, False, False)
    """
    return any(any(letter.isdigit() for letter in cell) for cell in cells) and all(NUMBER.fullmatch(cell) for cell in cells if cell)


def _words(cell: str) -> list[int]:
    """The widths of a cell's words, in the second line and later."""
    first, *others = cell.split() or [""]
    return [cell_len(first), *(cell_len(INDENT) + cell_len(word) for word in others)]


def shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths of columns: each at least the least, more where there is room; where even that is not there, the widest give way.

    >>> shared([10, 40], [10, 12], 30), shared([20, 20], [20, 20], 30)
    ([10, 20], [15, 15])
    """
    widths = list(least)
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < room:
        growing = [i for i, width in enumerate(widths) if width < natural[i]]
        if not growing:
            break
        widths[max(growing, key=lambda i: natural[i] / widths[i])] += 1
    return widths


def folded(cell: str, width: int, indent: str = INDENT) -> str:
    """A cell in lines of at most so many columns, the second and later ones indented.

    >>> folded("mel × logistic_regression[C=0.01]", 16).split(chr(10))
    ['mel ×', '  logistic_', '  regression[C=', '  0.01]']
    """
    lines, line, indent = list[str](), "", indent if width > 3 * len(indent) else ""
    for word in (word for paragraph in cell.split("\n") for word in paragraph.split(" ")):
        joined = f"{line} {word}" if line.strip() else line + word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line.strip():
            lines.append(line)
            line = indent
        for piece in _pieces(word, width - len(indent)):
            if line.strip() and cell_len(line + piece) > width:
                lines.append(line)
                line = indent
            line += piece
    return "\n".join([*lines, line])


def _pieces(word: str, width: int) -> list[str]:
    """A word in pieces of at most so many columns: whole where it fits, else broken behind punctuation, else anywhere."""
    if cell_len(word) <= width:
        return [word]
    return [piece[start : start + width] for piece in BREAKS.split(word) for start in range(0, len(piece), max(width, 1))]
