"""Renders what folds say of a study's rows: average ranks, which pairs differ, and a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation.folds import FoldComparison, compare_over_folds, folds, smallest_p
from harness.evaluation.intervals import LEVEL
from harness.evaluation.rows import Row
from harness.reports.markdown import escape, table

Draw = Callable[[str, Sequence[str], FoldComparison], str]


def folds_markdown(made: Sequence[Row], draw: Draw) -> list[str]:
    """One part for each protocol with folds; none without.

    Args:
        draw: protocol, row labels and their comparison -> path of the critical-difference diagram.
    """
    parts = []
    for protocol, (labels, figures) in folds(made).items():
        found = compare_over_folds(figures)
        parts += [f"## Over the folds of {escape(protocol)}", _ranks(labels, figures, found), _sentences(labels, len(figures), found)]
        if not found.lacking:
            parts.append(f"![Critical difference]({draw(protocol, labels, found)})")
    return parts


def _ranks(labels: Sequence[str], figures: np.ndarray, found: FoldComparison) -> str:
    """Rows by average rank, the best first."""
    order = np.argsort(found.average_ranks, kind="stable")
    lines = [[escape(labels[i]), f"{found.average_ranks[i]:.2f}", f"{figures[:, i].mean():.3f}", str(len(figures))] for i in order]
    return table(["row", "average rank", "mean test UAR", "folds"], lines)


def _sentences(labels: Sequence[str], blocks: int, found: FoldComparison) -> str:
    apart = [f"{escape(labels[i])} and {escape(labels[j])} (p {found.corrected[i, j]:.3f})"
             for i in range(len(labels)) for j in range(i) if found.corrected[i, j] < LEVEL]
    smallest = smallest_p(len(labels), blocks)
    signed = f"By Wilcoxon's signed ranks with Holm's correction these differ: {'; '.join(apart)}." if apart else \
        "By Wilcoxon's signed ranks with Holm's correction no two rows can be told apart."
    if smallest >= LEVEL:
        signed = f"Wilcoxon's signed ranks can tell no rows apart here: {blocks} folds give no corrected p below {smallest:.2g}."
    if found.lacking:
        return f"{found.lacking} {signed}"
    return (f"Friedman's test of all rows being alike over {blocks} folds: p {found.friedman:.3f}. Average ranks that lie "
            f"{found.critical_difference:.2f} apart differ (Nemenyi). {signed}")
