"""The page of all studies as one HTML file: their rows ranked together, to be sorted, and filtered by kind, study and words."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from harness.evaluation.joint_leaderboards import JointRow, JointTable
from harness.reports.html.markup import to_html
from harness.reports.html.rows_table import LINES, ends_of, uar_cells, with_marks
from harness.reports.html.tables import Cell, Column, Line, Table, choices, number, telling
from harness.reports.html.template import filled
from harness.reports.joint_section import Claims, claimed, common_to, finding, how_tested, large_and_small, marks_of, numbers, title
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import anchor, escape

DOWN = "descending"
COLUMNS = (Column("rank", True), Column("row"), Column("test UAR", True, DOWN), Column("95 % interval", first=""), Column("kind"),
           Column("validation UAR", True, DOWN), Column("parameters", True), Column("training s", True),
           Column("ms a clip", True, telling=True), Column("study"))


@dataclass(frozen=True)
class Part:
    """One table with its heading and the words above and below, as HTML. Args: id: of the heading."""

    id: str
    heading: str
    above: Markup
    table: Table
    below: Markup


def index_html(tables: Sequence[JointTable], pages: Mapping[str, str], below: Sequence[str], pictures: Mapping[JointTable, str],
               folder: Path, claims: Claims = MappingProxyType({}), new: Sequence[str] = ()) -> str:
    """The file's text.

    Args:
        pages: study -> the file of its report. below: pieces of Markdown, what stands below the tables. pictures: table -> the address
            of its picture, which lies in `folder` while the page is written.
        claims: (study, recipe) -> what a published system claims of it. new: pieces of Markdown on what is new.
    """
    parts = {each: _part(each, tables, pages, pictures.get(each, ""), folder, claims) for each in tables}
    large, small = ([parts[each] for each in some] for some in large_and_small(tables))
    lines = [line for part in parts.values() for line in part.table.lines]
    filters = [*choices("class", "Kind", lines, several=True), *choices("study", "Study", lines)]
    return filled("index.html", title="Reports", version=importlib.metadata.version("ser-bench"), large=large, small=small,
                  filters=filters, new=to_html("\n\n".join(part for part in new if part), folder),
                  below=to_html("\n\n".join(part for part in below if part), folder))


def _part(each: JointTable, tables: Sequence[JointTable], pages: Mapping[str, str], picture: str, folder: Path,
          claims: Claims) -> Part:
    heading, common = title(each, tables), common_to(each)
    alarms = [f"⚠ **{escape(name)}**: {escape(sentence)}" for name, sentence in each.board["alarms"].items()]
    above = [f"> {finding(each)}", how_tested(each), f"![Test UAR over parameters and over training time]({picture})" if picture else ""]
    below = [f"All rows: {marks_markdown(common)}." if common else "", *alarms]
    return Part(anchor(heading)[1:], heading, to_html("\n\n".join(filter(None, above)), folder),
                _table(each, f"rows-{tables.index(each)}", heading, pages, common, claims),
                to_html("\n\n".join(filter(None, below)), folder))


def _table(each: JointTable, name: str, heading: str, pages: Mapping[str, str], common: Sequence[str], claims: Claims
           ) -> Table:
    names, references = each.names(), each.board["references"]
    drawn = [numbers(reference["uar"])[0] for reference in references if reference["name"] in LINES]
    ends = ends_of([*(value for row in each.rows for value in row.uar), *drawn])
    marks = {row: [claimed(each, row, claims).replace("**", ""), *(mark for mark in marks_of(row) if mark not in common)]
             for row in each.rows}
    lines = [_line(row, names[row], pages, [*filter(None, marks[row])], ends, drawn) for row in each.rows]
    below = [Line([Cell("", ""), Cell(reference["name"]), *uar_cells(numbers(reference["uar"]), ends, drawn),
                   *[Cell("", "")] * 6]) for reference in references]
    return telling(Table(name, heading, COLUMNS, lines, below, head_column=1))


def _line(row: JointRow, name: str, pages: Mapping[str, str], marks: Sequence[str], ends: tuple[float, float], drawn: Sequence[float]
          ) -> Line:
    data: Mapping[str, Any] = row.data
    studies = Markup(", ").join(Markup('<a href="{}">{}</a>').format(quote(pages[study]), study) if study in pages
                                else Markup("{}").format(study) for study in row.studies)
    cells = [number(row.rank, "d"), with_marks(name, marks), *uar_cells(row.uar, ends, drawn),
             with_marks(row.kind, list(data["pretrained"])), number(data["validation_uar"]["mean"]), number(data["parameters"], ",d"),
             number(data["fit_seconds"], ",.0f"), number(data["cost"].get("latency_median_ms"), ".1f"),
             Cell(studies, ", ".join(row.studies))]
    keys = {"class": row.kind, "study": "\n".join(row.studies)}
    return Line(cells, keys, " ".join([str(data["name"]), *map(str, data["marks"])]))
