"""Which signs Matplotlib can draw on this machine: other installed fonts where the default one lacks them, codes where all do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT = "DejaVu Sans"  # it comes with Matplotlib
BOXES = "Last Resort"  # a font that comes with Matplotlib, too, and has a box for every sign


def families(text: str) -> tuple[str, ...] | None:
    """The fonts that together have every sign of a text, the default one first; None where no installed font has one of them."""
    chosen = [DEFAULT]
    for sign in dict.fromkeys(text):
        if sign.isascii() or any(ord(sign) in _signs(name) for name in chosen):
            continue
        other = next((name for name in _installed() if ord(sign) in _signs(name)), None)
        if other is None:
            return None
        chosen.append(other)
    return tuple(chosen)


def codes(labels: Sequence[str]) -> dict[str, str]:
    """Label -> what stands for it in a picture: E1, E2, … by place for all of them where one can't be drawn, else themselves."""
    if all(families(label) for label in labels):
        return {label: label for label in labels}
    return {label: f"E{place}" for place, label in enumerate(labels, 1)}


def width(label: str) -> int:
    """About how many Latin letters a label is as wide as: Chinese, Japanese and Korean signs are as wide as two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in label)


def choose_fonts(figure: Figure) -> None:
    """Give each text of a figure the fonts that have its signs; signs that none has become question marks, not boxes and warnings."""
    from matplotlib.text import Text

    texts: list[Text] = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        names: Iterable[str] = getattr(axis.get_major_formatter(), "seq", ())
        if not all(map(str.isascii, names)):
            axis.set_ticklabels([_drawable(name) for name in names])
            texts += axis.get_majorticklabels()
    for text in texts:
        if not text.get_text().isascii():
            text.set_text(_drawable(text.get_text()))
            text.set_fontfamily(list(families(text.get_text()) or (DEFAULT,)))


def _drawable(text: str) -> str:
    return text if families(text) else "".join(sign if families(sign) else "?" for sign in text)


@cache
def _installed() -> tuple[str, ...]:
    """The names of all other fonts, sorted."""
    from matplotlib.font_manager import fontManager

    return tuple(sorted({font.name for font in fontManager.ttflist if not font.name.startswith((DEFAULT, BOXES))}))


@cache
def _signs(name: str) -> frozenset[int]:
    """The code points of a font, in its most ordinary style; none of one that can't be read or scaled."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    styles = [font for font in fontManager.ttflist if font.name == name]
    ordinary = min(styles, key=lambda font: (font.style != "normal", abs(int(font.weight) - 400), font.fname), default=None)
    try:
        font = FT2Font(ordinary.fname) if ordinary else None
        return frozenset(font.get_charmap()) if font and font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
