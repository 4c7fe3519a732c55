"""A study's report as one HTML file: the page's own words and pictures, rows to sort and filter, confusions, curves, and clips to hear."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from harness.evaluation.answer import Answer
from harness.evaluation.leaderboard import Leaderboard
from harness.reports.html.board_plots import BoardPlots, board_plots
from harness.reports.html.clips_table import clips_to_hear
from harness.reports.html.markup import to_html
from harness.reports.html.rows_table import filters, protocol_name, rows_table
from harness.reports.html.template import filled
from harness.reports.markdown import anchor
from harness.reports.page_parts import PageParts
from harness.reports.pages import INDEX, NOISE, html_page, pictures_folder
from harness.reports.sections import Section
from harness.reports.trust_section import READING

DRAWN_ANEW = r"^confusions_|_(learning|reliability)\.png$"  # pictures that the page has as tables and plots
CONFUSIONS, CLIPS, PROTOCOLS, FAILS = ("Confusions side by side", "Clips that every row gets wrong", "Every protocol", "Where it fails")


def study_html(parts: PageParts, data: Mapping[str, Any], page: Path, pictures: Path, corpora: Path | None) -> str:
    """The file's text.

    Args:
        data: the study's figures, as `study_data` gives them. page: the Markdown page, beside which the file will lie. pictures: the
            folder with those of the page. corpora: where clips are looked for; None: nobody said.
    """
    boards = [board for answer in parts.answers for board in answer.boards]
    several = len(parts.answers) > 1
    table = rows_table(boards, data["leaderboards"], several)
    plots = [board_plots(board, protocol_name(board, several)) for board in _in_order(parts.answers) if board.predictions]
    clips = [found for place, answer in enumerate(parts.answers) if answer.main
             and (found := clips_to_hear(answer.main, corpora, f"clips-{place}"))]
    return filled("study.html", title=parts.study, version=importlib.metadata.version("ser-bench"),
                  lead=_html(parts.title, pictures), answer=_html(parts.first, pictures), trust=_html(parts.trust[:-1], pictures),
                  table=table, filters=filters(table, parts.answers, several), sections=_sections(parts, pictures, plots),
                  links=_links(page), plots=plots, clips=clips)


def _in_order(answers: Sequence[Answer]) -> list[Leaderboard]:
    """Leaderboards as the page's sections have them: the main ones, then those beside them, then all others."""
    main = [answer.main for answer in answers if answer.main]
    twins = [board for answer in answers for pair in answer.pairs for board in (pair.heard, pair.new)]
    every = [board for answer in answers for board in answer.boards]
    return list({id(board): board for board in (*main, *twins, *every)}.values())


def _html(parts: Sequence[str], pictures: Path) -> Markup:
    return to_html("\n\n".join(part for part in parts if part), pictures, DRAWN_ANEW)


def _sections(parts: PageParts, pictures: Path, plots: Sequence[BoardPlots]) -> list[dict[str, Any]]:
    """The sections of the page, each with what the file adds to it, and the plots of all rows after what fails."""
    found = [{"heading": section.heading, "words": section.words, "id": anchor(section.heading)[1:],
              "text": _html(_text(section), pictures), "adds": {CONFUSIONS: "confusions", CLIPS: "clips"}.get(section.heading, ""),
              "folded": section.heading == PROTOCOLS} for section in parts.sections]
    own = [{"heading": heading, "words": heading.lower(), "id": anchor(heading)[1:], "text": Markup(), "adds": adds, "folded": False}
           for heading, adds in (("Reliability of each row", "reliabilities"), ("Learning curves of the finals", "curves"))
           if any(getattr(board, adds) for board in plots)]
    after = next((place for place, section in enumerate(found, 1) if section["heading"] == FAILS), len(found))
    return [*found[:after], *own, *found[after:]]


def _text(section: Section) -> Sequence[str]:
    """Its parts, less those that the file has in another form: what is confused, with the matrices, and the first clips of its table."""
    return [part for part in section.parts
            if section.heading != CONFUSIONS and not (section.heading == CLIPS and part.startswith("<details>"))]


def _links(page: Path) -> dict[str, str]:
    """Words -> the file beside the page that they lead to."""
    folder, noise = pictures_folder(page).name, page.with_name(f"{page.stem}{NOISE}.md")
    return {"The same as Markdown": page.name, "figures as data": f"{folder}/record.json", "predictions": f"{folder}/predictions.csv",
            **({"how recall falls with noise": noise.name} if noise.exists() else {}), "all studies": html_page(Path(INDEX)).name,
            **({"how to read this": f"../{READING}"} if (page.parent.parent / READING).exists() else {})}
