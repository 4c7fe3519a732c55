"""Leaderboards, comparisons and audits as tables on the screen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from string import ascii_letters

from harness.console import Console
from harness.evaluation.audit import AuditedRun
from harness.evaluation.comparison import Comparison, Difference, verdict
from harness.evaluation.intervals import SCORES
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.evaluation.short_names import ShortNames, short_names
from harness.reports.highlights import figure, highlights, rank_of
from harness.reports.markdown import plural, plus_minus

CHOSEN = "chosen"  # the mark that stands in a table in words, where others have a letter
OPTIONAL = ("test macro-F1", "test WA", "± seeds")  # columns of a leaderboard that a narrow terminal does without


def print_leaderboards(name: str, boards: Sequence[Leaderboard], console: Console) -> None:
    """The leaderboards of a study, a table each, best test UAR first, and what makes it doubtful below."""
    finished = [board for board in boards if board.finished]
    names = short_names([row for board in finished for row in board.finished])
    left_out = [print_leaderboard(name, board, names, console) for board in finished]
    if finished:
        wider = f" A wider terminal, and the report, also show: {', '.join(reversed(left_out[0]))}." if left_out[0] else ""
        console.result(f"[…] is a 95 % interval, [–] that there is none; rows of rank 1 can't be told apart from the best.{wider}")


def print_leaderboard(name: str, board: Leaderboard, names: ShortNames, console: Console) -> list[str]:
    """One table with its marks and alarms; returns the columns that there was no room for."""
    marks = {row.cell: board.marks(row) for row in board.finished}
    common = [mark for mark in marks[board.finished[0].cell] if all(mark in each for each in marks.values()) and mark != CHOSEN]
    others = dict.fromkeys(mark for each in marks.values() for mark in each if mark not in (*common, CHOSEN))
    letters = dict(zip(others, ascii_letters, strict=False))
    heads = ["rank", "cell", "test UAR", "± seeds", "95 % interval", "test WA", "test macro-F1", "validation UAR", "marks"]
    rows = [[rank_of(board, row), names.of(row), f"{row.test['uar'][0]:.3f}", _deviation(row.test["uar"]), interval_of(board, row),
             f"{row.test['wa'][0]:.3f}", f"{row.test['macro_f1'][0]:.3f}", f"{row.validation_uar[0]:.3f}",
             " ".join(sorted((letters.get(mark, mark) for mark in marks[row.cell] if mark not in common), key=lambda mark: mark != CHOSEN))]
            for row in board.finished]
    shared = f"; {' with '.join(names.common)}" if names.common else ""
    left_out = console.table(heads, rows, title=f"{name}: {board.rows[0].protocol} on {board.corpus}{shared}", optional=OPTIONAL)
    for line in (highlights(board).replace("**", ""), *([f"all rows: {'; '.join(common)}"] if common else []),
                 *(f"{letter}: {mark}" for mark, letter in letters.items()), *(f"⚠ {line}" for line in board.alarms.values()), ""):
        console.result(line)
    return left_out


def interval_of(board: Leaderboard, row: Row) -> str:
    """The 95 % interval of a row's test UAR, `[–]` where there is none."""
    return figure(board, row).removeprefix(plus_minus(row.test["uar"])).strip()


def _deviation(figure: tuple[float, float]) -> str:
    return "–" if math.isnan(figure[1]) else f"{figure[1]:.3f}"


SHOWN = 20  # clips and parameters that a table holds at most


def print_comparison(comparison: Comparison, console: Console, one_seed: bool = False) -> None:
    """Scores, clips and parameters that differ, the verdict last; `one_seed` as `verdict` takes it."""
    for side, name, seeds in zip("AB", (comparison.a, comparison.b), comparison.seeds, strict=True):
        console.result(f"{side}: {name} (seeds {', '.join(seeds)})")
    same = ", ".join(f"{'same' if holds else 'another'} {key}" for key, holds in comparison.same.items())
    console.result(f"{plural(comparison.clips, 'test clip')} of {plural(comparison.speakers, 'speaker')}; by fingerprint: {same}")
    console.table(["test", "A", "B", "B − A", "95 % interval", "p"], [_cells(SCORES[key], d) for key, d in comparison.scores.items()])
    for words, clips in (("right in A, wrong in B", comparison.only_right_in_a), ("wrong in A, right in B", comparison.only_right_in_b)):
        names = ": " + ", ".join(clips[:SHOWN]) + (", …" if len(clips) > SHOWN else "") if clips else ""
        console.result(f"{plural(len(clips), 'clip')} {words}{names}")
    if comparison.parameters:
        console.table(["parameter", "A", "B"], [[key, *values] for key, values in comparison.parameters.items()])
    console.result(verdict(comparison, one_seed))


def _cells(name: str, d: Difference) -> list[str]:
    test = ["–", "–"] if math.isnan(d.p) else [f"{d.low:+.3f} to {d.high:+.3f}", f"{d.p:.3f}" if d.p >= 0.0005 else "< 0.001"]
    return [name, f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", *test]


def print_audit(runs: Sequence[AuditedRun], console: Console) -> int:
    """A line for each run, and every finding that is not ok; of a single run all.

    Returns: the exit code: 1 when a check failed, or when of some run nothing could be checked.
    """
    checks = list(dict.fromkeys(finding.check for run in runs for finding in run.findings))
    states = [{finding.check: finding.state for finding in run.findings} for run in runs]
    console.table(["cell", "protocol", "seed", *checks],
                  [[run.cell or run.record.about.label, run.record.about.split, run.record.seed,
                    *(state_of.get(check, "–") for check in checks)] for run, state_of in zip(runs, states, strict=True)], title="audit")
    for finding, count in Counter(f for run in runs for f in run.findings if f.state != "ok" or len(runs) == 1).items():
        console.result(f"{finding.state}: {finding.check}: {finding.text}" + (f" ({count} runs)" if count > 1 else ""))
    failed = sum(run.failed for run in runs)
    console.result(f"{len(runs)} audited, {failed} failed")
    if unchecked := sum(not run.checked for run in runs):
        console.result(f"of {unchecked} nothing could be checked, which is no pass: bring back their files below mlartifacts/, or the code "
                       "of their components, or run the study again")
    return 1 if failed else 0
