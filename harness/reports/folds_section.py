"""Rows fold by fold: the folds of a pooled leaderboard; average ranks over folds, which pairs differ, and a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from harness.evaluation.folds import FoldComparison, compare_over_folds, folds, smallest_p
from harness.evaluation.intervals import LEVEL, mean_sd
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.reports.markdown import escape, plural, plus_minus, table

Draw = Callable[[str, Sequence[str], FoldComparison], str]
NAMED = 3  # test speakers of a fold that are named; of more, there is their number


def pooled_sentence(board: Leaderboard) -> str:
    """What a leaderboard's folds are, and which of them are missing."""
    first = board.rows[0]
    trained, validated = (_range(board, part) for part in ("train", "validation"))
    tested = next((row for row in board.finished if row.clips), None)
    people = f" of {plural(tested.speakers['test'], 'speaker')}" if tested and tested.speakers["test"] else ""
    whole = (f"Each of {tested.clips['test']:,} clips{people} is tested once, in one of {first.folds} folds" if tested
             else f"Each clip is tested in one of {first.folds} folds; nothing is pooled or ranked before all have finals")
    return (f"{whole}. A fold has a search, a choice on its own validation part and finals of its own, trained on {trained} clips and "
            f"chosen on {validated}; figures are of all test clips together, validation UAR is the mean over the folds, "
            "training seconds are their sum.")


def _range(board: Leaderboard, part: str) -> str:
    clips = sorted({row.clips[part] for fold in board.folds for row in fold.rows if part in row.clips})
    return "–".join(f"{count:,}" for count in dict.fromkeys(clips[:1] + clips[-1:])) or "its"


def by_fold(board: Leaderboard) -> str:
    """Test UAR of every row in each fold and over the folds, then the settings that each fold chose."""
    by_row: dict[str, dict[int, Row]] = {row.cell: {} for row in board.rows}
    for row in (row for fold in board.folds for row in fold.finished):
        by_row[row.pooled_cell][row.fold] = row
    lines = [_fold_line(fold, [folds.get(fold.rows[0].fold) for folds in by_row.values()]) for fold in board.folds]
    means = [[row.test["uar"][0] for row in folds.values()] for folds in by_row.values()]
    mean = ["mean ± sd over folds", "", "", *(plus_minus(mean_sd(uars)) if uars else "–" for uars in means)]
    names = [escape(board.short(row)) for row in board.rows]
    chosen = [f"- {name}: {escape(text)}" for name, folds in zip(names, by_row.values(), strict=True) if (text := _chosen(folds))]
    settings = "Settings that validation UAR chose, fold by fold:\n\n" + "\n".join(chosen)
    heads = ["fold", "test speakers", "test clips", *(f"test UAR of {name}" for name in names)]
    return "\n\n".join([table(heads, [*lines, mean]), *([settings] if chosen else [])])


def _fold_line(fold: Leaderboard, rows: Sequence[Row | None]) -> list[str]:
    clips = next((str(row.clips.get("test", "")) for row in rows if row), "")
    return [str(fold.rows[0].fold), escape(_speakers(fold)), clips, *(plus_minus(row.test["uar"]) if row else "–" for row in rows)]


def _speakers(fold: Leaderboard) -> str:
    if not fold.predictions:
        return ""
    names = sorted(set(fold.predictions[0].test[0].speakers.tolist()))
    return ", ".join(names) if len(names) <= NAMED else str(len(names))


def _chosen(folds: Mapping[int, Row]) -> str:
    """`training.learning_rate 0.001, 0.003, 0.001` of the folds of a row, in their order."""
    rows = [folds[fold] for fold in sorted(folds)]
    settings = sorted({setting for row in rows for setting in row.chosen if "." in setting})
    return "; ".join(f"{setting} {', '.join(rounded(row.chosen.get(setting, '–')) for row in rows)}" for setting in settings)


def rounded(value: str) -> str:
    """The text of a setting, numbers with three digits."""
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value


def folds_markdown(rows: Sequence[Row], draw: Draw | None) -> list[str]:
    """One part for each protocol with folds; none without.

    Args:
        draw: protocol, row labels and their comparison -> path of the critical-difference diagram; None: there is none.
    """
    parts = []
    for protocol, (labels, figures) in folds(rows).items():
        comparison = compare_over_folds(figures)
        parts += [f"### {escape(protocol)}", _rank_table(labels, figures, comparison),
                  _sentences(labels, len(figures), comparison)]
        if draw and not comparison.reason_missing:
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
