"""Rows of a leaderboard as Markdown: the table that people read at a glance, what each row cost, and the marks it bears."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evaluation.rows import Row
from harness.reports.markdown import escape, with_interval

if TYPE_CHECKING:
    from harness.evaluation.leaderboard import Leaderboard

ENDS = {"finished": "completed", "pruned": "pruned", "failed": "failed"}  # a trial's end states and their words

BOLD = ("leak found: ", "chosen")  # beginnings of marks


def table(board: Leaderboard) -> str:
    """The leaderboard of one protocol: rows that finished, and below them what guessing and listeners reach on the same clips."""
    heads = ["rank", "feature space", "architecture", "test UAR", "test WA", "test macro-F1", "validation UAR", "seeds", "marks"]
    lines = [heads, ["--:", "---", "---", *["--:"] * 5, "---"]]
    for row in board.finished:
        own = board.statistics.get(row.cell)
        rank = "–" if own is None or own.rank is None else "**1**" if own.rank == 1 else str(own.rank)
        lines.append([rank, escape(row.feature_space), network(row, not board.settings), with_spread(row.test["uar"], board.interval(row)),
                      *(plus_minus(row.test[score]) for score in ("wa", "macro_f1")), plus_minus(row.validation_uar), str(row.seeds),
                      marks_markdown(board.marks(row))])
    lines += [["–", f"*{each.name}*", "", with_interval(*each.figures["uar"]),
               *(f"{each.figures[score][0]:.3f}" for score in ("wa", "macro_f1")), "", "", ""] for each in board.references]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def marks_markdown(marks: Sequence[str]) -> str:
    """The marks of a row, those that decide in bold."""
    return "; ".join(f"**{escape(mark)}**" if mark.startswith(BOLD) else escape(mark) for mark in marks)


def intervals(board: Leaderboard) -> str:
    """WA and macro-F1 of the rows with their intervals, which the table above leaves out."""
    heads = ["cell", "test WA", "test macro-F1"]
    lines = [[escape(row.label if board.settings else f"{row.label} {row.settings}".strip()),
              *(with_spread(row.test[score], board.interval(row, score)) for score in ("wa", "macro_f1"))] for row in board.finished]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, ["---", "--:", "--:"], *lines])


def network(row: Row, settings: bool = True) -> str:
    """Architecture, augmentation and, unless they are told elsewhere, settings of a row, for a table."""
    named = [f"**{escape(row.recipe)}**:"] if row.recipe else []
    augmented = [f"with {escape(row.augmentation)}"] if row.augmentation else []
    return " ".join([*named, escape(row.architecture), *augmented, *([f"`{escape(row.settings)}`"] if row.settings and settings else [])])


def with_spread(figure: tuple[float, float], bounds: tuple[float, float]) -> str:
    """`.512 ± .013 [.489, .534]`: the deviation over seeds, and the 95 % interval; `[–]` where there is none."""
    return plus_minus(figure) + (" [–]" if math.isnan(bounds[0]) else f" [{bounds[0]:.3f}, {bounds[1]:.3f}]")


def plus_minus(figure: tuple[float, float]) -> str:
    """`.512 ± .013`; without the deviation where there is one seed only."""
    mean, sd = figure
    return f"{mean:.3f}" + ("" if math.isnan(sd) else f" ± {sd:.3f}")


def audits(group: Sequence[Row]) -> str:
    """Trials, openings of the test part and leak audit of each row."""
    heads = ["cell", "trials: attempted/completed/pruned/failed", "test openings", "leak audit"]
    lines = [heads, ["---", ":-:", "--:", "---"]]
    lines += [[escape(row.label), trial_counts(row), str(row.test_openings),
               escape(" · ".join(row.audit) or "not audited")]
              for row in group]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def count(number: int, what: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def trial_counts(row: Row) -> str:
    """Attempted/completed/pruned/failed; what was killed counts as attempted."""
    return "/".join(str(n) for n in (sum(row.trials.values()), *(row.trials.get(state, 0) for state in ENDS)))


def trials_in_words(row: Row) -> str:
    """`2 finished, 1 failed`."""
    return ", ".join(f"{n} {state}" for state, n in row.trials.items()) or "no trials"
