"""The Markdown of reports as HTML: pictures lie inside it, tables in boxes that scroll, and no tag passes but those that reports write."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from markupsafe import Markup, escape

from harness.reports.markdown import anchor

if TYPE_CHECKING:
    from markdown_it.token import Token

ALIGN = {"text-align:right": "right", "text-align:center": "center"}
BOX = Markup('<div class="scroll" tabindex="0" role="group" aria-label="Table">')
SUMMARY = re.compile(r"<details><summary>([^<]*)</summary>")
EMPTY = re.compile(r"<details><summary>[^<]*</summary>\s*(<p>\s*</p>\s*)*</details>")


def to_html(text: str, folder: Path, drawn_anew: str = "") -> Markup:
    """The HTML of a piece of a report.

    Args:
        folder: with the page's pictures, which are known by the names of their files; one that is not there is shown by its words.
        drawn_anew: names of pictures that are left out, since the page has them in another form, as a regular expression.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    for rule, render in (("html_block", _block), ("html_inline", _inline), ("table_open", _table), ("table_close", _end_of_table),
                         ("image", _images(folder, drawn_anew))):
        parser.add_render_rule(rule, render)
    tokens = parser.parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("th_open", "td_open"):
            token.attrs = {"class": ALIGN[str(align)]} if (align := token.attrGet("style")) in ALIGN else {}
        if before and before.type == "heading_open":
            before.attrSet("id", anchor(token.content)[1:])
        if before and before.type == "th_open" and not token.content:
            before.tag = tokens[tokens.index(token) + 1].tag = "td"  # a head without words is none
    return Markup(EMPTY.sub("", parser.renderer.render(tokens, parser.options, {})))


def picture(path: Path, words: str) -> Markup:
    """A PNG inside the page. Args: words: what it shows, for those who can't see it."""
    content = path.read_bytes()
    width, height = (int.from_bytes(content[at:at + 4], "big") for at in (16, 20))
    image = Markup('<img class="picture" src="data:image/png;base64,{}" alt="{}" width="{}" height="{}">').format(
        Markup(base64.b64encode(content).decode()), words, width, height)
    return Markup('<span class="scroll" tabindex="0" role="group" aria-label="{}">{}</span>').format(words, image)


def _images(folder: Path, left_out: str) -> Callable[..., str]:
    """How pictures are rendered. Args: folder: in which they lie. left_out: as a regular expression."""
    def image(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
        token = tokens[place]
        path = folder / unquote(str(token.attrGet("src"))).rpartition("/")[2]
        if left_out and re.search(left_out, path.name):
            return ""
        return str(picture(path, token.content) if path.is_file() else escape(token.content))
    return image


def _block(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    """The ends of a folded part; anything else is text."""
    content = tokens[place].content.strip()
    if content == "</details>":
        return "</details>\n"
    summary = SUMMARY.fullmatch(content)
    words = re.sub(r"\\([\\|(])", r"\1", html.unescape(summary[1])) if summary else ""
    return f"<details><summary>{escape(words)}</summary>\n" if summary else f"<p>{escape(content)}</p>\n"


def _inline(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    content = tokens[place].content
    return "<br>" if content == "<br>" else str(escape(content))


def _table(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    return f"{BOX}<table>\n"


def _end_of_table(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    return "</table></div>\n"
