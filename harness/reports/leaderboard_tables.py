"""Rows of a leaderboard as Markdown tables: the one that people read at a glance, the intervals, and the search of each row."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.reports.highlights import rank_of
from harness.reports.markdown import escape, plus_minus, table, with_interval, with_spread

ENDS = {"finished": "completed", "pruned": "pruned", "failed": "failed"}  # a trial's end states and their words
BOLD = ("leak found: ", "chosen")  # beginnings of marks


def leaderboard_table(board: Leaderboard) -> str:
    """The finished rows of one protocol, and below them the figures of guessing and of listeners on the same clips."""
    heads = ["rank", "feature space", "architecture", "test UAR", "test WA", "test macro-F1", "validation UAR", "seeds", "marks"]
    ranks = {row.cell: rank_of(board, row) for row in board.finished}
    rows = [["**1**" if ranks[row.cell] == "1" else ranks[row.cell], escape(row.feature_space), network(row, settings=not board.settings),
             with_spread(row.test["uar"], board.interval(row)), *(plus_minus(row.test[score]) for score in ("wa", "macro_f1")),
             plus_minus(row.validation_uar), str(row.seeds), marks_markdown(board.marks(row))] for row in board.finished]
    references = [["–", f"*{reference.name}*", "", with_interval(*reference.figures["uar"]),
                   *(f"{reference.figures[score][0]:.3f}" for score in ("wa", "macro_f1")), "", "", ""] for reference in board.references]
    return table(heads, [*rows, *references], "rllrrrrrl")


def marks_markdown(marks: Sequence[str]) -> str:
    """The marks of a row, those that decide in bold."""
    return "; ".join(f"**{escape(mark)}**" if mark.startswith(BOLD) else escape(mark) for mark in marks)


def network(row: Row, settings: bool = True) -> str:
    """Recipe, architecture, augmentation and, unless it stands elsewhere, what distinguishes a row from others."""
    parts = [f"**{escape(row.recipe)}**:" if row.recipe else "", escape(row.architecture),
             f"with {escape(row.augmentation)}" if row.augmentation else "",
             f"`{escape(row.apart)}`" if row.apart and settings else ""]
    return " ".join(part for part in parts if part)


def interval_table(board: Leaderboard) -> str:
    """WA and macro-F1 of the rows with their intervals, which the leaderboard leaves out."""
    lines = [[escape(board.name(row)),
              *(with_spread(row.test[score], board.interval(row, score)) for score in ("wa", "macro_f1"))] for row in board.finished]
    return table(["cell", "test WA", "test macro-F1"], lines)


def search_table(board: Leaderboard) -> str:
    """Trials, openings of the test part and leak audit of each row."""
    heads = ["cell", "trials: attempted/completed/pruned/failed", "test openings", "leak audit"]
    lines = []
    for row in board.finished:
        trials = sum(row.trials.values()), *(row.trials.get(state, 0) for state in ENDS)  # a killed trial counts as attempted
        audits = " · ".join(audit_markdown(text) for text in row.audit) or "not audited"
        lines.append([escape(board.name(row)), "/".join(map(str, trials)), str(row.test_openings), audits])
    return table(heads, lines, "lcrl")


def audit_markdown(summary: str) -> str:
    """What `leak_checks.summary` gives, with what failed in bold; other texts and summaries of earlier versions as they are."""
    if not summary.endswith(" checks ok"):
        return escape(summary)
    *failed, rest = summary.split("\n")
    return "; ".join([*(f"**{escape(text)}**" for text in failed), escape(rest)])


def trials_in_words(row: Row) -> str:
    """`2 finished, 1 failed`."""
    return ", ".join(f"{n} {state}" for state, n in row.trials.items()) or "no trials"
