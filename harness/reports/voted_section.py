"""The part of a report on what listeners heard: leaderboards of their own, by the voted emotion."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.voted_emotion import VotedBoard, VotedRow
from harness.reports.markdown import escape, plural, plus_minus, table, with_interval

TITLE = "Scored on the emotion that listeners heard"
EXPLAINED = """Here the truth is what most listeners heard in the voice, not what was intended. JSD: Jensen–Shannon divergence in bits
between a clip's probabilities and the shares of its votes, mean over clips: 0 where they are equal, 1 where they share nothing."""
UNKNOWN = """Listeners voted on these clips, but the runs did not note how often for each emotion: `bench report --data DIR` scores them on
what was heard, too."""


def voted_markdown(boards: Sequence[Leaderboard]) -> list[str]:
    """A table for each leaderboard whose votes are known; where none are but there were listeners, how to have them."""
    parts: list[str] = []
    for board in boards:
        if board.voted:
            parts += [f"### {escape(f'{board.rows[0].protocol} on {board.corpus}')}", _explained(board.voted), _table(board, board.voted)]
    heard = any("human" in finals.test[0].about for board in boards for finals in board.predictions)
    return [EXPLAINED, *parts] if parts else [UNKNOWN] if heard else []


def _explained(voted: VotedBoard) -> str:
    without = f" {plural(voted.without, 'clip')} without votes {'is' if voted.without == 1 else 'are'} left out." if voted.without else ""
    return f"Of {plural(voted.clips, 'clip')} {voted.tied:,} tie, and count for each tied emotion in equal shares.{without}"


def _table(board: Leaderboard, voted: VotedBoard) -> str:
    of_cell = {row.cell: row for row in board.finished}
    lines = [[str(row.rank or "–"), escape(board.short(of_cell[cell])), *_figures(row), f"{of_cell[cell].test['uar'][0]:.3f}"]
             for cell, row in voted.rows.items()]
    lines += [["–", f"*{name}*", *_figures(row), ""] for name, row in voted.references.items()]
    return table(["rank", "cell", "UAR, voted", "WA, voted", "JSD", "UAR, intended"], lines, "rlr")


def _figures(row: VotedRow) -> list[str]:
    return [with_interval(*row.uar), f"{row.wa[0]:.3f}", plus_minus(row.divergence)]
