"""Markdown of reports becomes HTML with its pictures inside and no tag that reports do not write."""

from __future__ import annotations

from pathlib import Path

from html_pages import Page

from harness.reports.html.markup import to_html
from harness.reports.markdown import escape, folded, quoted, table

NASTY = "<script>x</script> a|b [c](http://d) `e` &lt;"


def html(text: str, folder: Path = Path(), drawn_anew: str = "") -> Page:
    return Page(str(to_html(text, folder, drawn_anew)))


def test_names_stay_the_text_that_they_are_in_tables_folded_parts_and_quotations() -> None:
    page = html("\n\n".join([table(["name", ""], [[escape(NASTY), "1<br>2"]]), folded(escape(NASTY), quoted([escape(NASTY)]))]))
    assert [tag for tag, _ in page.tags if tag in ("script", "a", "code")] == []
    assert page.text.count(NASTY.replace("`", "'")) == 3
    assert len(page.of("br")) == len(page.of("details")) == 1 and len(page.of("th")) == 1, "a head without words is no head"


def test_tags_that_reports_do_not_write_are_text() -> None:
    page = html("a <img src=x onerror=y> b\n\n<div>c</div>\n\n<details open><summary>d</summary>")
    assert {tag for tag, _ in page.tags} == {"p"} and "<img src=x onerror=y>" in page.text and "<div>c</div>" in page.text


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches_and_headings_have_their_addresses() -> None:
    page = html("### Over the folds\n\n" + table(["a", "b"], [["1", "2"]]))
    box, = page.of("div")
    assert box["tabindex"] == "0" and box["aria-label"] and page.of("h3") == [{"id": "over-the-folds"}]
    assert [head.get("class") for head in page.of("th")] == [None, "right"] and page.attributes("style") == []


def test_pictures_lie_inside_with_their_words_and_size_and_one_that_is_lost_is_its_words(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0dIHDR" + (864).to_bytes(4, "big") + (300).to_bytes(4, "big")
    (tmp_path / "a b.png").write_bytes(png)
    (tmp_path / "old.png").write_bytes(png)
    page = html("![UAR](study/a%20b.png) ![lost](study/lost.png) ![up](../../up.png)\n\n"
                "<details><summary>Old</summary>\n\n![Old](study/old.png)\n\n</details>", tmp_path, r"^old")
    image, = page.of("img")
    assert (image["alt"], image["width"], image["height"]) == ("UAR", "864", "300")
    assert str(image["src"]).startswith("data:image/png;base64,")
    assert page.text == "lost up", "a folded part of which nothing is left is left out"
