"""Where the row to take fails: its settings, curves and reliability, and its figures by groups of clips and speakers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation.calibration import BINS, calibration_errors
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.intervals import mean_sd
from harness.evaluation.leaderboard import Leaderboard
from harness.reports import groups_section
from harness.reports.folds_section import rounded
from harness.reports.markdown import escape, folded, plus_minus
from harness.training.predictions import Predictions

Draw = Callable[[FinalPredictions], dict[str, str]]


def failures_markdown(boards: Sequence[Leaderboard], draw: Draw | None) -> list[str]:
    """Of the chosen row of each leaderboard. Args: draw: gives the paths of a row's pictures by what they show; None: there are none."""
    chosen = [(board, finals) for board in boards for finals in board.predictions if board.chosen and finals.row.cell == board.chosen.cell]
    return [part for board, finals in chosen for part in _details(board.short(finals.row), finals, draw)]


def _details(name: str, finals: FinalPredictions, draw: Draw | None) -> list[str]:
    row = finals.row
    settings = ", ".join(f"{key} = {rounded(value)}" for key, value in sorted(row.chosen.items()) if "." in key)
    pictures = draw(finals) if draw else {}
    images = "\n\n".join(f"![{what}]({path})" for what, path in pictures.items())
    groups = groups_section.groups_markdown(finals.test)
    chosen = f" Settings that validation UAR chose: {escape(settings)}." if settings else ""
    return [f"**{escape(name)} on {escape(row.split)}**: {calibration_sentence(finals.test)}{chosen}",
            folded("Groups of clips, and the worst speakers", groups) if groups else "",
            folded(", ".join(pictures), images) if pictures else ""]


def calibration_sentence(seeds: Sequence[Predictions]) -> str:
    """How far the probabilities of some networks can be believed, as a sentence."""
    error = mean_sd(calibration_errors(seeds))
    confidence = np.mean([seed.probabilities.max(axis=1).mean() for seed in seeds])
    accuracy = np.mean([(seed.predicted == seed.truth).mean() for seed in seeds])
    spread = plus_minus(error) + ("" if math.isnan(error[1]) else f" over {len(seeds)} seeds")
    sure = "too sure" if confidence > accuracy else "not sure enough"
    return (f"Expected calibration error over {BINS} bins: {spread}; mean confidence {confidence:.3f}, WA {accuracy:.3f}: on the "
            f"whole it is {sure}.")
