"""Pieces of Markdown that several reports share: figures with intervals, tables, and text made harmless."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from harness.safe_text import printable


def with_interval(value: float, low: float, high: float) -> str:
    """A figure with its interval, `[–]` where there is none; a figure that can't vary has one of no width.

    >>> with_interval(0.512, 0.4891, 0.534), with_interval(0.5, 0.5, 0.5), with_interval(0.5, math.nan, math.nan)
    ('0.512 [0.489, 0.534]', '0.500 [0.500, 0.500]', '0.500 [–]')
    """
    return f"{value:.3f} [–]" if math.isnan(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]], left: int = 1, last: int = 0) -> str:
    """A table whose first `left` and `last` columns hold text and the others figures."""
    rule = ["---"] * left + ["--:"] * (len(heads) - left - last) + ["---"] * last
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *lines))


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
