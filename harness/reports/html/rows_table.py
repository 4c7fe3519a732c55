"""The rows of a study as one table, from the same data as its `record.json`: a filter for protocols, for kinds of rows and for words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from harness.evaluation.answer import Answer
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import RESOLVED
from harness.reports.html.plots import interval_plot
from harness.reports.html.tables import Cell, Choice, Column, Line, Table, choices, number, telling
from harness.reports.leaderboard_tables import common_marks
from harness.reports.markdown import brief_interval

LINES = ("chance", RESOLVED)  # reference rows beside which each figure is drawn
Data = Mapping[str, Any]
UP, DOWN = "ascending", "descending"
COLUMNS = (Column("rank", True), Column("network"), Column("protocol", telling=True, hidden_by="protocol"),
           Column("test UAR", True, DOWN), Column("95 % interval", first=""), Column("kind", telling=True), Column("WA", True, DOWN),
           Column("macro-F1", True, DOWN), Column("validation UAR", True, DOWN), Column("calibration error", True, telling=True),
           Column("ms a clip", True, telling=True), Column("parameters", True), Column("training s", True),
           Column("seeds", True, DOWN, telling=True))


def rows_table(boards: Sequence[Leaderboard], data: Sequence[Data], several: bool) -> Table:
    """All rows with finals, those of a leaderboard together and in its order, and its reference rows below.

    Args: data: of each leaderboard, as `board_data` gives it. several: whether boards are of several corpora.
    """
    figures = [row["test"]["uar"] for board in data for row in board["rows"] if row["seeds"]]
    shown = [figure[of] for figure in figures for of in ("mean", "low", "high") if figure[of] is not None]
    ends = ends_of([*shown, *(reference["uar"]["value"] for board in data for reference in board["references"])])
    lines, below = [], []
    for board, of_board in zip(boards, data, strict=True):
        protocol, common = protocol_name(board, several), common_marks(board)
        drawn = [reference["uar"]["value"] for reference in of_board["references"] if reference["name"] in LINES]
        lines += [_line(row, board.short(of), protocol, ends, drawn, common)
                  for row, of in zip(of_board["rows"], board.rows, strict=True) if row["seeds"]]
        below += [_reference(reference, protocol, ends, drawn) for reference in of_board["references"]]
    return telling(Table("rows", "Rows with finals: test figures, cost and marks", COLUMNS, lines, below, head_column=1))


def filters(table: Table, answers: Sequence[Answer], several: bool) -> list[Choice]:
    """Protocol, at first that on which a row is taken, and kind; each only where rows differ in it."""
    main = next((protocol_name(answer.main, several) for answer in answers if answer.main), "")
    return [*choices("protocol", "Protocol", table.lines, chosen=main, every="all, each ranked by itself"),
            *choices("class", "Kind", table.lines, several=True)]


def protocol_name(board: Leaderboard, several: bool) -> str:
    """What a leaderboard is called on its page. Args: several: whether there are several corpora."""
    return f"{board.rows[0].protocol} on {board.corpus}" if several else board.rows[0].protocol


def ends_of(values: Sequence[float]) -> tuple[float, float]:
    """The ends of a scale for these figures, NaN left out, in steps of a twentieth.

    >>> ends_of([0.167, 0.611, math.nan])
    (0.15, 0.65)
    """
    known = [value for value in values if not math.isnan(value)]
    return math.floor(20 * min(known, default=0)) / 20, math.ceil(20 * max(known, default=1)) / 20


def _line(row: Data, short: str, protocol: str, ends: tuple[float, float], drawn: Sequence[float], common: Sequence[str]) -> Line:
    cost, uar = row["cost"], row["test"]["uar"]
    marks = [mark for mark in row["marks"] if mark not in common]
    cells = [number(row["rank"], "d"), with_marks(short, marks), Cell(protocol),
             *uar_cells((uar["mean"], uar["low"], uar["high"]), ends, drawn), Cell(row["class"]), number(row["test"]["wa"]["mean"]),
             number(row["test"]["macro_f1"]["mean"]), number(row["validation_uar"]["mean"]), number(row["calibration_error"]["mean"]),
             number(cost.get("latency_median_ms"), ".1f"), number(row["parameters"], ",d"), number(row["fit_seconds"], ",.0f"),
             number(row["seeds"], "d")]
    words = " ".join([row["name"], row["settings"], *row["marks"], *(f"{key}={value}" for key, value in row["chosen_settings"].items())])
    return Line(cells, {"protocol": protocol, "class": row["class"]}, words)


def with_marks(name: str, marks: Sequence[str]) -> Cell:
    """A name with its marks below."""
    return Cell(Markup("{}<small>{}</small>").format(name, "; ".join(marks)) if marks else name, name)


def _reference(reference: Data, protocol: str, ends: tuple[float, float], drawn: Sequence[float]) -> Line:
    uar = reference["uar"]
    figure = uar["value"], uar["low"], uar["high"]
    cells = [Cell("", ""), Cell(reference["name"]), Cell(protocol), *uar_cells(figure, ends, drawn), Cell(""),
             number(reference["wa"]["value"]), number(reference["macro_f1"]["value"]), *[Cell("", "")] * 6]
    return Line(cells, {"protocol": protocol})


def uar_cells(figure: Sequence[float | None], ends: tuple[float, float], drawn: Sequence[float]) -> list[Cell]:
    """A figure in words, and drawn. Args: figure: value, low, high. ends: of the scale. drawn: lines beside it."""
    value, low, high = (math.nan if of is None else float(of) for of in figure)
    return [Cell(brief_interval(value, low, high), f"{value:.9g}"), Cell(interval_plot((value, low, high), ends, drawn))]
