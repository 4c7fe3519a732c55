"""What is drawn of a leaderboard on an HTML page: confusion matrices as tables, and learning curves and reliability of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from harness.evaluation.calibration import calibration_error, reliability
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import RESOLVED
from harness.evaluation.rows import by_validation
from harness.reports.confusions_section import MOST, of_board
from harness.reports.html.plots import learning_curves, reliability_plot


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix. Args: shares: of each true emotion's clips, in whole per cent, shape (truth, taken for)."""

    name: str
    shares: Sequence[Sequence[int]]


@dataclass(frozen=True)
class BoardPlots:
    """The plots of a leaderboard.

    Args:
        words: pieces of Markdown that stand above the matrices and below. first: matrices beside each other, those of the page: the rows of
            highest validation UAR, and listeners. others: of the other rows.
        curves, reliabilities: row -> plot; what is fitted at once has no curves.
    """

    title: str
    words: Sequence[str]
    emotions: Sequence[str]
    first: Sequence[Matrix]
    others: Sequence[Matrix]
    curves: Mapping[str, Markup]
    reliabilities: Mapping[str, Markup]


def board_plots(board: Leaderboard, title: str) -> BoardPlots:
    """Of a leaderboard that has predictions, its rows by validation UAR, the best first."""
    finals = {board.short(each.row): each for each in sorted(board.predictions, key=lambda each: by_validation(each.row))}
    heard = [Matrix("listeners", _shares(each.confusion)) for each in board.references if each.name == RESOLVED]
    matrices = [Matrix(name, _shares(np.array(each.confusion))) for name, each in finals.items()]
    curves = {name: learning_curves(each.history, each.row.best_epoch, name) for name, each in finals.items() if _epochs(each) > 1}
    reliabilities = {name: reliability_plot(reliability(each.test), calibration_error(each.test), name) for name, each in finals.items()}
    return BoardPlots(title, of_board(board), board.predictions[0].test[0].emotions, [*matrices[:MOST], *heard], matrices[MOST:], curves,
                      reliabilities)


def _epochs(finals: FinalPredictions) -> int:
    return max((len(values) for values in finals.history.values()), default=0)


def _shares(counts: np.ndarray) -> list[list[int]]:
    """A line without clips has no shares: 0 each."""
    return [[round(100 * count / max(sum(line), 1e-9)) for count in line] for line in counts.tolist()]
