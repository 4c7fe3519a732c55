"""The rows of a study over the folds of a protocol: average ranks, which pairs differ, and a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation.folds import FoldComparison, compare_over_folds, folds, smallest_p
from harness.evaluation.intervals import LEVEL
from harness.evaluation.rows import Row
from harness.reports.markdown import escape, table

Draw = Callable[[str, Sequence[str], FoldComparison], str]


def folds_markdown(rows: Sequence[Row], draw: Draw) -> list[str]:
    """One part for each protocol with folds; none without.

    Args:
        draw: protocol, row labels and their comparison -> path of the critical-difference diagram.
    """
    parts = []
    for protocol, (labels, figures) in folds(rows).items():
        comparison = compare_over_folds(figures)
        parts += [f"## Over the folds of {escape(protocol)}", _rank_table(labels, figures, comparison),
                  _sentences(labels, len(figures), comparison)]
        if not comparison.reason_missing:
            parts.append(f"![Critical difference]({draw(protocol, labels, comparison)})")
    return parts


def _rank_table(labels: Sequence[str], figures: np.ndarray, comparison: FoldComparison) -> str:
    """Rows by average rank, the best first."""
    order = np.argsort(comparison.average_ranks, kind="stable")
    lines = [[escape(labels[i]), f"{comparison.average_ranks[i]:.2f}", f"{figures[:, i].mean():.3f}", str(len(figures))] for i in order]
    return table(["row", "average rank", "mean test UAR", "folds"], lines)


def _sentences(labels: Sequence[str], blocks: int, comparison: FoldComparison) -> str:
    signed = _signed_ranks_sentence(labels, blocks, comparison)
    if comparison.reason_missing:
        return f"{comparison.reason_missing} {signed}"
    return (f"Friedman's test of all rows being alike over {blocks} folds: p {comparison.friedman:.3f}. Average ranks that lie "
            f"{comparison.critical_difference:.2f} apart differ (Nemenyi). {signed}")


def _signed_ranks_sentence(labels: Sequence[str], blocks: int, comparison: FoldComparison) -> str:
    smallest = smallest_p(len(labels), blocks)
    if smallest >= LEVEL:
        return f"Wilcoxon's signed ranks can tell no rows apart here: {blocks} folds give no corrected p below {smallest:.2g}."
    apart = [f"{escape(labels[i])} and {escape(labels[j])} (p {comparison.corrected[i, j]:.3f})"
             for i in range(len(labels)) for j in range(i) if comparison.corrected[i, j] < LEVEL]
    if apart:
        return f"By Wilcoxon's signed ranks with Holm's correction these differ: {'; '.join(apart)}."
    return "By Wilcoxon's signed ranks with Holm's correction no two rows can be told apart."
