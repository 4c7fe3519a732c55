"""A leaderboard at a glance: which rows are best, which one validation chose, and the line that each has in the index and on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from harness.boards import Board
from harness.console import Console
from harness.harmless import file_name
from harness.leaderboard import Row
from harness.markdown import escape
from harness.tables import plus_minus, with_spread

NAMED = 4  # rows that share rank 1 and are named before the others are only counted


def glance(board: Board) -> str:
    """Two or three sentences above a table; empty without finals."""
    chosen = board.chosen
    if chosen is None:
        return ""
    own = board.standings.get(chosen.cell)
    rank = f", rank {own.rank}" if own and own.rank else ""
    parts = [f"**Chosen by validation UAR: {escape(chosen.label)}**, validation {plus_minus(chosen.validation_uar)}, test UAR "
             f"{figure(board, chosen)}{rank}.", _best(board)]
    return " ".join(part for part in parts if part)


def _best(board: Board) -> str:
    if not board.best or len(board.finished) == 1:
        return ""
    first, *others = (escape(row.label) for row in board.best)
    if not others:
        clear = not board.standings[board.best[0].cell].alike and len(board.standings) == len(board.finished)
        return f"{first} is significantly better than every other row." if clear else f"Alone on rank 1: {first}."
    named = first + "".join(f", {label}" for label in others[: NAMED - 1])
    more = f" and {len(others) + 1 - NAMED} more" if len(others) >= NAMED else ""
    return f"{len(board.best)} of {len(board.finished)} rows share rank 1 and can't be told apart: {named}{more}."


def figure(board: Board, row: Row, score: str = "uar") -> str:
    """A row's test figure with its interval, `[–]` where there is none."""
    return with_spread(row.test[score], board.interval(row, score))


def rank_of(board: Board, row: Row) -> str:
    """A row's rank, a dash where there is none."""
    own = board.standings.get(row.cell)
    return str(own.rank) if own and own.rank else "–"


def index_lines(name: str, board: Board) -> list[str]:
    """The cells of a board's line in the index: what validation chose, and which rows are best on test."""
    chosen = board.chosen
    assert chosen is not None  # boards without finals are not in the index
    best = "; ".join(f"{escape(row.label)} {figure(board, row)}" for row in board.best[:NAMED])
    more = f"; {len(board.best) - NAMED} more" if len(board.best) > NAMED else ""
    marks = [mark for mark in board.marks(chosen) if "chosen" not in mark] + [f"⚠ {alarm}" for alarm in board.alarms]
    return [f"[{escape(name)}]({quote(file_name(name))}.md)", escape(f"{chosen.corpus}, {chosen.coverage}"), escape(chosen.split),
            escape(chosen.label), figure(board, chosen),
            rank_of(board, chosen), (best + more) or "–", str(len(board.finished)), str(chosen.seeds), "; ".join(marks)]


def show(name: str, boards: Sequence[Board], console: Console) -> None:
    """The leaderboards of a study on the screen, best test UAR first, and what makes them doubtful below."""
    done = [(board, row) for board in boards for row in board.finished]
    settings, corpora = {row.settings for _, row in done}, {f"{row.corpus}: {row.coverage}" for _, row in done}
    common = f" with {' '.join(settings)}" if len(settings) == 1 and "" not in settings else ""
    where = f" on {' '.join(corpora)}" if len(corpora) == 1 else ""
    heads = ["protocol", "rank", "cell", "test UAR", "test WA", "test macro-F1", "validation UAR", *([] if where else ["corpus"]), "marks"]
    lines = [[row.split, rank_of(board, row), row.label if common else f"{row.label} {row.settings}".strip(), figure(board, row),
              *(plus_minus(row.test[score]) for score in ("wa", "macro_f1")), plus_minus(row.validation_uar),
              *([] if where else [f"{row.corpus}: {row.coverage}"]), "; ".join(board.marks(row)).replace("**", "")] for board, row in done]
    console.table(heads, lines, title=f"{name}{common}{where}: leaderboard by protocol")
    for board in boards:
        for line in [*board.alarms.values(), glance(board).replace("**", "")] if board.finished else ():
            console.result(f"{board.rows[0].split}: {line}")
    if done:
        console.result("[…] is a 95 % interval, [–] that there is none; rows of rank 1 can't be told apart from the best.")
