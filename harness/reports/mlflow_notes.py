"""The notes that MLflow's pages show of a study: its question, the answer, and the leaderboards as tables."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.reports.highlights import figure, highlights, rank_of
from harness.reports.markdown import escape, plus_minus, table
from harness.tracking.run_record import LONGEST_TAG

NOTE = "mlflow.note.content"  # a tag of a run, and of an experiment
SIGNED = "Written by `bench`"  # what has it is written anew; what has not was written by people
ROWS = 12  # of a leaderboard at most


def note(question: str, boards: Sequence[Leaderboard], page: str) -> str:
    """A note as Markdown, short enough for a tag: what does not fit is left to the report. Args: page: its name."""
    end = f"\n\n{SIGNED}; all of it: `reports/{page}` below the home."
    text = f"**{escape(question)}**" if question else ""
    finished = [board for board in boards if board.finished]
    for part in [part for board in finished for part in _parts(board)] or ["No row has a final yet."]:
        if len(text) + len(part) + len(end) + 2 <= LONGEST_TAG:
            text += f"\n\n{part}"
    return text.strip() + end


def _parts(board: Leaderboard) -> tuple[str, str]:
    """Answer and table of a leaderboard."""
    rows = board.finished
    lines = [[escape(board.name(row)) + (" ★" if row is board.chosen else ""), figure(board, row), plus_minus(row.validation_uar),
              rank_of(board, row)] for row in rows[:ROWS]]
    more = f"\n\n{len(rows) - ROWS} more rows are in the report." if len(rows) > ROWS else ""
    return (f"### {escape(board.rows[0].protocol)}, {escape(board.corpus)}\n\n{highlights(board)}",
            table(["row", "test UAR", "validation UAR", "rank"], lines, "lrrr") + more)


def is_ours(text: str) -> bool:
    """Whether a note may be written anew: it is empty, or `note` wrote it."""
    return not text or SIGNED in text
