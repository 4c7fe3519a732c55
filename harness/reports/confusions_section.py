"""Confusion matrices side by side, in per cent of each true emotion's clips, with the emotions that are confused most in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import RESOLVED
from harness.evaluation.rows import by_validation
from harness.reports.markdown import escape, folded
from harness.training.fonts import codes
from harness.training.scores import most_confused

MOST = 3  # rows of highest validation UAR beside each other; more would be too small to read
Draw = Callable[[str, Mapping[str, np.ndarray], tuple[str, ...]], str]


def confusions_markdown(boards: Sequence[Leaderboard], draw: Draw | None) -> list[str]:
    """A sentence and a picture of each leaderboard, those after the first folded; empty without predictions.

    Args: boards: the main one first. draw: protocol, matrices by name and emotions -> path; None: there are no pictures.
    """
    parts = []
    for place, board in enumerate(board for board in boards if board.predictions):
        text = "\n\n".join(of_board(board, draw))
        parts.append(folded(escape(board.rows[0].protocol), text) if place else text)
    return parts


def of_board(board: Leaderboard, draw: Draw | None = None) -> list[str]:
    """What one leaderboard's matrices are, the picture where there is one, and what is confused most."""
    shown = sorted(board.predictions, key=lambda finals: by_validation(finals.row))[:MOST]
    emotions = shown[0].test[0].emotions
    matrices = {board.short(finals.row): np.array(finals.confusion, dtype=float) for finals in shown}
    heard = next((reference for reference in board.references if reference.name == RESOLVED), None)
    if heard:
        matrices["listeners"] = heard.confusion
    lines = [f"- {escape(board.short(finals.row))}: {escape(_pairs(finals, emotions))}." for finals in shown]
    picture = [f"![Confusion matrices in per cent]({draw(board.rows[0].protocol, matrices, emotions)}){_legend(emotions)}"] if draw else []
    rest = len(board.predictions) - len(shown)
    more = f" The {len(shown)} rows of highest validation UAR of {len(board.predictions)}." if rest else ""
    return [f"On {escape(board.rows[0].protocol)}; each line of a matrix is 100 % of the clips of one emotion.{more}", *picture,
            "Most confused:\n\n" + "\n".join(lines)]


def _pairs(finals: FinalPredictions, emotions: tuple[str, ...]) -> str:
    return ", ".join(f"{share:.0%} of {a} taken for {b}" for a, b, _, share in most_confused(finals.confusion, emotions)) or "nothing"


def _legend(emotions: Sequence[str]) -> str:
    """What the codes of the confusion matrix stand for; empty where the pictures have the emotions themselves."""
    pairs = ", ".join(f"{short} = {escape(emotion)}" for emotion, short in codes(emotions).items() if short != emotion)
    return f"\n\nNo installed font has all signs of the emotions, so that the confusion matrix has codes: {pairs}." if pairs else ""
