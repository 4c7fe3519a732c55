"""The part of a leaderboard on what listeners heard: a board of its own, by the voted emotion."""

from __future__ import annotations

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.voted_emotion import VotedBoard, VotedRow
from harness.reports.markdown import escape, folded, plus_minus, table, with_interval

TITLE = "Scored on the emotion that listeners heard"
UNKNOWN = """Listeners voted on these clips, but the runs did not note how often for each emotion: `bench report --data DIR` scores them on
what was heard, too."""


def voted_markdown(board: Leaderboard) -> str:
    """The board, folded unless rows were trained on votes; empty where no votes are known, a sentence where `--data` would add them."""
    voted = board.voted
    if voted is None:
        return UNKNOWN if any("human" in finals.test[0].about for finals in board.predictions) else ""
    text = f"{_explained(voted)}\n\n{_table(board, voted)}"
    return f"### {TITLE}\n\n{text}" if any(row.target for row in board.finished) else folded(TITLE, text)


def _explained(voted: VotedBoard) -> str:
    without = f" {voted.without:,} clips without votes are left out." if voted.without else ""
    return (f"Here the truth is what most listeners heard in the voice, not what was intended. Of {voted.clips:,} clips {voted.tied:,} "
            f"tie, and count for each tied emotion in equal shares.{without} JSD: Jensen–Shannon divergence in bits between a clip's "
            "probabilities and the shares of its votes, mean over clips: 0 where they are equal, 1 where they share nothing.")


def _table(board: Leaderboard, voted: VotedBoard) -> str:
    of_cell = {row.cell: row for row in board.finished}
    lines = [[str(row.rank or "–"), escape(board.name(of_cell[cell])), *_figures(row), f"{of_cell[cell].test['uar'][0]:.3f}"]
             for cell, row in voted.rows.items()]
    lines += [["–", f"*{name}*", *_figures(row), ""] for name, row in voted.references.items()]
    return table(["rank", "cell", "UAR, voted", "WA, voted", "JSD", "UAR, intended"], lines, "rlr")


def _figures(row: VotedRow) -> list[str]:
    return [with_interval(*row.uar), f"{row.wa[0]:.3f}", plus_minus(row.divergence)]
