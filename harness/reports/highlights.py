"""A leaderboard in two or three sentences: the row that validation chose, and those that share rank 1."""

from __future__ import annotations

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row, by_validation
from harness.reports.markdown import escape, plus_minus, with_spread

FAMILIES = ("pretrained", "functionals", "from scratch")
NAMED = 4  # rows that share rank 1 and are named before the others are only counted


def highlights(board: Leaderboard) -> str:
    """Two or three sentences above a table; empty without finals."""
    chosen = board.chosen
    if chosen is None:
        return ""
    rank = rank_of(board, chosen)
    first = (f"**Chosen by validation UAR: {escape(board.name(chosen))}**, validation {plus_minus(chosen.validation_uar)}, test UAR "
             f"{figure(board, chosen)}{'' if rank == '–' else f', rank {rank}'}.")
    return " ".join(part for part in (first, _best(board), _by_family(board)) if part)


def _by_family(board: Leaderboard) -> str:
    """Which row validation chooses of each kind; empty where all are of one."""
    families: dict[str, list[Row]] = {}
    for row in board.finished:
        families.setdefault(row.family or FAMILIES[-1], []).append(row)
    if len(families) == 1:
        return ""
    chosen = [(family, min(families[family], key=by_validation)) for family in FAMILIES if family in families]
    each = "; ".join(f"{family}: {escape(board.name(row))}, test UAR {figure(board, row)}" for family, row in chosen)
    return f"Of each kind, validation chooses: {each}."


def _best(board: Leaderboard) -> str:
    """The rows of rank 1 in a sentence; empty where there is one row, or no rank."""
    if not board.best or len(board.finished) == 1:
        return ""
    first, *others = (escape(board.name(row)) for row in board.best)
    if not others:
        clear = not board.statistics[board.best[0].cell].alike and len(board.statistics) == len(board.finished)
        return f"{first} is significantly better than every other row." if clear else f"Alone on rank 1: {first}."
    names = ", ".join([first, *others[: NAMED - 1]])
    more = f" and {len(others) + 1 - NAMED} more" if len(others) >= NAMED else ""
    return f"{len(board.best)} of {len(board.finished)} rows share rank 1 and can't be told apart: {names}{more}."


def figure(board: Leaderboard, row: Row, score: str = "uar") -> str:
    """A row's test figure with its interval, `[–]` where there is none."""
    return with_spread(row.test[score], board.interval(row, score))


def rank_of(board: Leaderboard, row: Row) -> str:
    """A row's rank, a dash where there is none."""
    rank = board.statistics[row.cell].rank if row.cell in board.statistics else None
    return str(rank or "–")
