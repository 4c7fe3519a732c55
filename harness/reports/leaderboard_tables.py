"""Rows of a leaderboard as Markdown tables: the one that people read at a glance, the intervals, and the search of each row."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.reports.highlights import rank_of
from harness.reports.markdown import code, escape, plural, plus_minus, table, with_interval, with_spread

ENDS = {"finished": "completed", "pruned": "pruned", "failed": "failed"}  # a trial's end states and their words
BOLD = ("leak found: ", "chosen")  # beginnings of marks


def leaderboard_table(board: Leaderboard) -> str:
    """The finished rows of one protocol, and below them the figures of guessing and of listeners on the same clips.

    Marks that all rows have, and their number of seeds, are left to `common_to_rows`.
    """
    common, several = common_marks(board), len({row.seeds for row in board.finished}) > 1
    lines = [[_rank(board, row), escape(board.short(row)), with_spread(row.test["uar"], board.interval(row)),
              *(f"{row.test[score][0]:.3f}" for score in ("wa", "macro_f1")), plus_minus(row.validation_uar),
              *([str(row.seeds)] if several else []), marks_markdown([mark for mark in board.marks(row) if mark not in common])]
             for row in board.finished]
    references = [["–", f"*{reference.name}*", with_interval(*reference.figures["uar"]),
                   *(f"{reference.figures[score][0]:.3f}" for score in ("wa", "macro_f1")), "", *([""] if several else []), ""]
                  for reference in board.references]
    heads = ["rank", "network", "test UAR", "WA", "macro-F1", "validation UAR", *(["seeds"] if several else []), "marks"]
    return table(heads, [*lines, *references], f"rlrrrr{'r' if several else ''}l")


def _rank(board: Leaderboard, row: Row) -> str:
    rank = rank_of(board, row)
    return "**1**" if rank == "1" else rank


def common_marks(board: Leaderboard) -> list[str]:
    """The marks that all finished rows of a leaderboard have."""
    first, *others = [board.marks(row) for row in board.finished] or [[]]
    return [mark for mark in first if all(mark in of_row for of_row in others) and mark != "chosen"]


def common_to_rows(board: Leaderboard) -> str:
    """What all finished rows have in common, in a sentence; empty without any."""
    seeds = {row.seeds for row in board.finished}
    count = plural(seeds.pop(), "seed") if len(seeds) == 1 else ""
    words = [*map(code, board.names.common), count, marks_markdown(common_marks(board))]
    return f"Every row: {'; '.join(word for word in words if word)}." if any(words) else ""


def marks_markdown(marks: Sequence[str]) -> str:
    """The marks of a row, those that decide in bold."""
    return "; ".join(f"**{escape(mark)}**" if mark.startswith(BOLD) else escape(mark) for mark in marks)


def interval_table(board: Leaderboard) -> str:
    """WA and macro-F1 of the rows with their intervals, which the leaderboard leaves out."""
    lines = [[escape(board.short(row)),
              *(with_spread(row.test[score], board.interval(row, score)) for score in ("wa", "macro_f1"))] for row in board.finished]
    return table(["network", "test WA", "test macro-F1"], lines)


def search_table(board: Leaderboard) -> str:
    """Trials, openings of the test part and leak audit of each row."""
    heads = ["network", "trials: attempted/completed/pruned/failed", "test openings", "leak audit"]
    lines = []
    for row in board.finished:
        trials = sum(row.trials.values()), *(row.trials.get(state, 0) for state in ENDS)  # a killed trial counts as attempted
        audits = " · ".join(audit_markdown(text) for text in row.audit) or "not audited"
        lines.append([escape(board.short(row)), "/".join(map(str, trials)), str(row.test_openings), audits])
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
