"""Links of README, CONTRIBUTING, CHANGELOG and docs/ lead to files that are there, and to headings that they have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))
CODE = re.compile(r"^( *)```.*?^\1```$|`[^`\n]+`", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")


def links(text: str) -> list[tuple[str, str]]:
    """File and heading of each link of a Markdown text that leads to no other host; either may be empty."""
    return LINK.findall(CODE.sub("", text))


def anchors(text: str) -> set[str]:
    """The names that GitHub gives the headings of a page; of equal ones the first."""
    headings = re.findall(r"^#+ +(.+?) *$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    """The links of a document that lead nowhere."""
    found = []
    for file, heading in links(document.read_text(encoding="utf-8")):
        target = (document.parent / file).resolve() if file else document
        if not target.exists() or (heading and heading not in anchors(target.read_text(encoding="utf-8"))):
            found.append(f"{file}#{heading}")
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(document: Path) -> None:
    assert broken(document) == []


def test_a_link_to_a_file_or_a_heading_that_is_missing_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# It's here: `bench run`\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md) [b](there.md#its-here-bench-run) [c](gone.md) [d](there.md#gone) [e](#gone) `[f](code.md)`\n"
                    "```\n[g](more_code.md)\n```\n[h](https://example.org/gone)\n", encoding="utf-8")
    assert broken(page) == ["gone.md#", "there.md#gone", "#gone"]


def test_every_page_of_docs_is_led_to_by_another_page_or_the_readme() -> None:
    linked = {(document.parent / file).resolve() for document in DOCUMENTS for file, _ in links(document.read_text(encoding="utf-8"))
              if file}
    assert [path.name for path in (ROOT / "docs").glob("*.md") if path.resolve() not in linked] == []
