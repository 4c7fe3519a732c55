"""Compares rows of a table over blocks, the folds of a protocol, whose test speakers differ: Wilcoxon with Holm, Friedman with Nemenyi.

A block gives every row one figure. Folds of speakers are blocks; seeds on one and the same split are not, for they share their test clips.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.evaluation.intervals import LEVEL
from harness.evaluation.ranks import over_pairs

if TYPE_CHECKING:
    from harness.evaluation.rows import Row

LEAST_BLOCKS = 5  # with fewer, Friedman's χ² is a poor approximation
FOLD = re.compile(r"\bfold=\d+(, )?")


@dataclass(frozen=True, eq=False)
class FoldComparison:
    """k rows over their blocks.

    Args:
        average_ranks: shape (k,), 1 is best, ties share. corrected: p of Wilcoxon's signed ranks for each pair after Holm, shape (k, k).
        friedman: p of "all rows are alike". critical_difference: of average ranks, by Nemenyi at 0.05.
        reason_missing: why there is no critical difference, a sentence; empty when there is one. A figure that there is not is NaN.
    """

    average_ranks: np.ndarray
    corrected: np.ndarray
    friedman: float
    critical_difference: float
    reason_missing: str


def compare_over_folds(figures: np.ndarray) -> FoldComparison:
    """Compare rows over blocks; higher figures are better.

    Args:
        figures: shape (blocks, rows), at least two rows.
    Reference: Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.
    """
    from scipy.stats import friedmanchisquare, rankdata

    blocks, rows = figures.shape
    average = rankdata(-figures, axis=1).mean(axis=0)
    reason = _reason_missing(blocks, rows)
    if reason:
        return FoldComparison(average, _signed_ranks(figures), math.nan, math.nan, reason)
    alike = bool((figures == figures[:, :1]).all())
    p = 1.0 if alike else float(friedmanchisquare(*figures.T).pvalue)
    return FoldComparison(average, _signed_ranks(figures), p, critical_difference(rows, blocks), "")


def _reason_missing(blocks: int, rows: int) -> str:
    if rows < 3:
        return "There is no critical difference of two rows: Wilcoxon's signed ranks compare them."
    if blocks < LEAST_BLOCKS:
        return (f"There is no critical difference: it needs at least {LEAST_BLOCKS} blocks (folds with test speakers of their own), and "
                f"there {'is 1' if blocks == 1 else f'are {blocks}'}.")
    return ""


def smallest_p(rows: int, blocks: int) -> float:
    """The smallest corrected p that signed ranks of so many blocks can give for the best separated pair of rows.

    >>> smallest_p(2, 5), smallest_p(2, 6)
    (0.0625, 0.03125)
    """
    return float(min(1.0, rows * (rows - 1) // 2 * 2.0 ** (1 - blocks)))


def _signed_ranks(figures: np.ndarray) -> np.ndarray:
    from scipy.stats import wilcoxon

    rows = figures.shape[1]
    p = np.ones((rows, rows))
    for i in range(rows):
        for j in range(i + 1, rows):
            if (figures[:, i] != figures[:, j]).any():
                p[i, j] = p[j, i] = float(wilcoxon(figures[:, i], figures[:, j]).pvalue)
    return over_pairs(p)


def critical_difference(rows: int, blocks: int) -> float:
    """How far average ranks must lie apart for 0.05, by Nemenyi.

    >>> round(critical_difference(5, 30), 3)
    1.114
    """
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - LEVEL, rows, np.inf)) / math.sqrt(2)
    return q * math.sqrt(rows * (rows + 1) / (6 * blocks))


def folds(rows: Sequence[Row], score: str = "uar") -> dict[str, tuple[list[str], np.ndarray]]:
    """Tables of blocks among a study's rows: protocol without its fold -> row labels, and test figures of shape (folds, rows).

    Rows that lack a fold are left out of their protocol's table, and so are folds of other corpora; a table has two rows or more.
    Folds that share their speakers, as those of random clips, are no blocks: what a row gains from a voice it gains in each of them.
    """
    by_protocol: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        if row.seeds and not row.shares_speakers and (row.pooled_cell or "fold" in row.split):
            protocol = row.pooled_split or FOLD.sub("", row.split).replace("[]", "").replace(", ]", "]")
            label = row.name
            by_label = by_protocol.setdefault(f"{protocol} on {row.corpus} ({row.corpus_fingerprint})", {})
            by_label.setdefault(label, {})[row.split] = row.test[score][0]
    tables = {protocol: _complete(by_label) for protocol, by_label in by_protocol.items()}
    return {protocol: table for protocol, table in tables.items() if len(table[0]) > 1}


def _complete(by_label: dict[str, dict[str, float]]) -> tuple[list[str], np.ndarray]:
    """The labels that have every fold, and their figures of shape (folds, rows)."""
    splits = sorted({split for figures in by_label.values() for split in figures})
    labels = [label for label, figures in by_label.items() if len(figures) == len(splits)]
    return labels, np.array([[by_label[label][split] for label in labels] for split in splits])
