"""Tables that a reader sorts and filters, as the template of pages takes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

MISSING = "–"


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        head: its name. numeric: sorted as numbers, and aligned on the right. first: how it is sorted at the first click, `ascending` or
            `descending`; empty: it can't be sorted. telling: left out where all lines show the same.
        hidden_by: the filter that leaves one value of it, which stands there.
    """

    head: str
    numeric: bool = False
    first: str = "ascending"
    telling: bool = False
    hidden_by: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell. Args: text: what it shows. value: by which it is sorted, where that is not the text; empty: last."""

    text: str | Markup
    value: str | None = None


@dataclass(frozen=True)
class Line:
    """One line.

    Args:
        cells: one for each column. keys: filter -> its value; several stand on a line each.
        words: by which it is found, beside what it shows.
    """

    cells: Sequence[Cell]
    keys: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class Table:
    """A table. Args: name: its id on the page. head_column: which column names a line. below: lines that stay below, as chance does."""

    name: str
    caption: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    below: Sequence[Line] = ()
    head_column: int = 0


@dataclass(frozen=True)
class Choice:
    """A filter.

    Args: values: value -> its word. chosen: the one that counts at first; empty: all of them. several: whether more than one may be chosen.
    """

    key: str
    label: str
    values: Mapping[str, str]
    chosen: str = ""
    several: bool = False


def telling(table: Table) -> Table:
    """The table without columns that say nothing: those that are to differ, and show the same in all lines."""
    kept = [place for place, column in enumerate(table.columns)
            if not column.telling or len({line.cells[place].text for line in table.lines}) > 1]
    lines, below = ([replace(line, cells=[line.cells[place] for place in kept]) for line in lines] for lines in (table.lines, table.below))
    return replace(table, columns=[table.columns[place] for place in kept], lines=lines, below=below,
                   head_column=kept.index(table.head_column))


def number(value: float | None, form: str = ".3f") -> Cell:
    """The cell of a figure; a dash where there is none.

    >>> number(1234.5, ",.0f"), number(None)
    (Cell(text='1,234', value='1234.5'), Cell(text='–', value=''))
    """
    if value is None or math.isnan(value):
        return Cell(MISSING, "")
    return Cell(format(value, form), f"{value:.9g}")


def choices(key: str, label: str, lines: Sequence[Line], several: bool = False, chosen: str = "", every: str = "all") -> list[Choice]:
    """The filter of the values that lines have, in their order; none where all have the same. Args: every: the word for all of them."""
    values = list(dict.fromkeys(value for line in lines for value in line.keys.get(key, "").splitlines()))
    if len(values) < 2:
        return []
    shown = {} if several else {"": every}
    return [Choice(key, label, {**shown, **{value: value for value in values}}, chosen, several)]
