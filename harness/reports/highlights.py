"""A leaderboard in two or three sentences: the row that validation chose, and those that share rank 1."""

from __future__ import annotations

from collections.abc import Callable

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row, by_validation
from harness.reports.markdown import escape, plus_minus, with_spread

FAMILIES = ("pretrained", "functionals", "from scratch")
SEEDS = 3  # from which on a larger validation part helps a choice more than further seeds
NAMED = 4  # rows that share rank 1 and are named before the others are only counted


def highlights(board: Leaderboard) -> str:
    """Two or three sentences above a table; empty without finals."""
    chosen = board.chosen
    if chosen is None:
        return ""
    rank = rank_of(board, chosen)
    first = (f"**Chosen by validation UAR: {escape(board.name(chosen))}**, validation {plus_minus(chosen.validation_uar)}, test UAR "
             f"{figure(board, chosen)}{'' if rank == '–' else f', rank {rank}'}.")
    families = by_family(board, lambda row: f"{escape(board.name(row))}, test UAR {figure(board, row)}")
    return " ".join(part for part in (first, _best(board), families) if part)


def by_family(board: Leaderboard, words: Callable[[Row], str]) -> str:
    """Which row validation chooses of each kind; empty where all are of one. Args: words: a row and its figure."""
    families: dict[str, list[Row]] = {}
    for row in board.finished:
        families.setdefault(row.family or FAMILIES[-1], []).append(row)
    if len(families) == 1:
        return ""
    chosen = [(family, min(families[family], key=by_validation)) for family in FAMILIES if family in families]
    each = "; ".join(f"{family}: {words(row)}" for family, row in chosen)
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


def choice(board: Leaderboard) -> str:
    """What it means that another row than the chosen one is best on test, and what to do; empty where it is the same row."""
    row = board.chosen
    rank = board.statistics[row.cell].rank if row and row.cell in board.statistics else None
    best = board.finished[0] if rank else row
    if row is None or best is None or best is row:
        return ""
    gap = 100 * (best.test["uar"][0] - row.test["uar"][0])
    if rank == 1:
        return (f"{escape(board.short(best))} is {gap:.1f} points higher on test, which can't be told from nothing. Keep to what "
                "validation chose: a row that is taken for its test figure has a figure that is too high.")
    seeds = max(each.seeds for each in board.finished)
    advice = ("run more seeds (`--seeds 0 1 2`)" if seeds < SEEDS
              else "choose on more clips: `Study(validation_folds=5)`, or `--split speaker_folds --all-folds`")
    return (f"**Validation and test disagree**: {escape(board.short(best))} is {gap:.1f} points better on test, more than chance explains. "
            f"The validation part is too small or too unlike the test part to see it. Take neither for sure before you {advice}.")


def figure(board: Leaderboard, row: Row, score: str = "uar") -> str:
    """A row's test figure with its interval, `[–]` where there is none."""
    return with_spread(row.test[score], board.interval(row, score))


def rank_of(board: Leaderboard, row: Row) -> str:
    """A row's rank, a dash where there is none."""
    rank = board.statistics[row.cell].rank if row.cell in board.statistics else None
    return str(rank or "–")
