"""Pieces of Markdown that reports share: figures with deviations and intervals, tables, folded parts, and text made harmless."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from harness.safe_text import plural as plural  # reports count in words
from harness.safe_text import printable

RULES = {"l": "---", "c": ":-:", "r": "--:"}


def with_interval(value: float, low: float, high: float) -> str:
    """A figure with its interval, `[–]` where there is none; a figure that can't vary has one of no width.

    >>> with_interval(0.512, 0.4891, 0.534), with_interval(0.5, 0.5, 0.5), with_interval(0.5, math.nan, math.nan)
    ('0.512 [0.489, 0.534]', '0.500 [0.500, 0.500]', '0.500 [–]')
    """
    return f"{value:.3f} {_interval(low, high)}"


def with_spread(figure: tuple[float, float], bounds: tuple[float, float]) -> str:
    """`0.512 ± 0.013 [0.489, 0.534]`: mean, deviation over seeds and interval; `[–]` where there is none."""
    return f"{plus_minus(figure)} {_interval(*bounds)}"


def _interval(low: float, high: float) -> str:
    return "[–]" if math.isnan(low) else f"[{low:.3f}, {high:.3f}]"


def brief(value: float) -> str:
    """A figure between 0 and 1 in three places, without the zero.

    >>> brief(0.5634), brief(1), brief(math.nan)
    ('.563', '1.000', '–')
    """
    return "–" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


def brief_interval(value: float, low: float, high: float) -> str:
    """`.563 [.493, .634]`, which no line breaks; a figure without an interval stands alone.

    >>> print(brief_interval(0.5634, 0.493, 0.634), brief_interval(0.5, math.nan, math.nan))
    .563 [.493, .634] .500
    """
    return brief(value) if math.isnan(low) else unbroken(f"{brief(value)} [{brief(low)}, {brief(high)}]")


def unbroken(text: str) -> str:
    """A text that stays on one line, as a figure with its interval should in a cell of a table."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def points(difference: tuple[float, float, float]) -> str:
    """A difference of UAR with its interval, in points.

    >>> points((0.067, 0.0112, 0.122)), points((0.067, math.nan, math.nan))
    ('+6.7 [+1.1, +12.2]', '+6.7 [–]')
    """
    value, low, high = (100 * figure for figure in difference)
    value = round(value, 1) + 0.0  # -0.0 is 0; of a bound the sign says on which side of 0 it lies
    return f"{value:+.1f} [–]" if math.isnan(low) else f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def plus_minus(figure: tuple[float, float]) -> str:
    """Mean and deviation; without the deviation where there is one seed only.

    >>> plus_minus((0.512, 0.0131)), plus_minus((0.512, math.nan))
    ('0.512 ± 0.013', '0.512')
    """
    mean, sd = figure
    return f"{mean:.3f}" + ("" if math.isnan(sd) else f" ± {sd:.3f}")


def table(heads: Sequence[str], lines: Sequence[Sequence[str]], align: str = "lr") -> str:
    """A table. Args: align: `l`, `c` or `r` for each column; the last letter is that of the columns that follow, too.

    >>> print(table(["cell", "UAR"], [["a", "0.5"]]))
    | cell | UAR |
    | --- | --: |
    | a | 0.5 |
    """
    rules = [RULES[letter] for letter in align.ljust(len(heads), align[-1])[: len(heads)]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rules, *lines))


def anchor(heading: str) -> str:
    """The address of a heading on its page, as GitHub makes it.

    >>> anchor("Confusions, side by side")
    '#confusions-side-by-side'
    """
    return "#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def quoted(paragraphs: Sequence[str]) -> str:
    """Paragraphs as one quotation, set off from the rest."""
    return "\n>\n".join(f"> {text}" for text in paragraphs)


def folded(summary: str, text: str) -> str:
    """Text that a reader opens by a click."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def escape(text: str) -> str:
    """Text that comes from names and errors, made harmless inside Markdown tables and lists."""
    for character, replacement in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "'"), ("](", "]\\(")):
        text = text.replace(character, replacement)
    return " ".join(printable(text).splitlines())


def code(text: str) -> str:
    """A text as it is, such as a command, in a code span that nothing in it can end.

    >>> code("a`b")
    '`` a`b ``'
    """
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    inner = " ".join(printable(text).splitlines())
    return f"{fence} {inner} {fence}" if "`" in text else f"`{inner}`"
