"""Leaderboards, comparisons and audits as tables on the screen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from harness.console import Console
from harness.evaluation.audit import AuditedRun
from harness.evaluation.comparison import Comparison, Difference, verdict
from harness.evaluation.intervals import SCORES
from harness.evaluation.leaderboard import Leaderboard
from harness.reports.highlights import figure, highlights, rank_of
from harness.reports.markdown import plus_minus


def print_leaderboards(name: str, boards: Sequence[Leaderboard], console: Console) -> None:
    """The leaderboards of a study, best test UAR first, and what makes them doubtful below."""
    finished = [(board, row) for board in boards for row in board.finished]
    settings, corpora = {row.apart for _, row in finished}, {board.corpus for board, _ in finished}
    common = f" with {' '.join(settings)}" if len(settings) == 1 and "" not in settings else ""
    where = f" on {' '.join(corpora)}" if len(corpora) == 1 else ""
    heads = ["protocol", "rank", "cell", "test UAR", "test WA", "test macro-F1", "validation UAR", *([] if where else ["corpus"]), "marks"]
    lines = [[row.protocol, rank_of(board, row), row.label if common else row.name, figure(board, row),
              *(plus_minus(row.test[score]) for score in ("wa", "macro_f1")), plus_minus(row.validation_uar),
              *([] if where else [board.corpus]), "; ".join(board.marks(row))]
             for board, row in finished]
    console.table(heads, lines, title=f"{name}{common}{where}: leaderboard by protocol")
    for board in boards:
        for line in [*board.alarms.values(), highlights(board).replace("**", "")] if board.finished else ():
            console.result(f"{board.rows[0].protocol}{'' if where else f' on {board.corpus}'}: {line}")
    if finished:
        console.result("[…] is a 95 % interval, [–] that there is none; rows of rank 1 can't be told apart from the best.")


SHOWN = 20  # clips and parameters that a table holds at most


def print_comparison(comparison: Comparison, console: Console, one_seed: bool = False) -> None:
    """Scores, clips and parameters that differ, the verdict last; `one_seed` as `verdict` takes it."""
    for side, name, seeds in zip("AB", (comparison.a, comparison.b), comparison.seeds, strict=True):
        console.result(f"{side}: {name} (seeds {', '.join(seeds)})")
    same = ", ".join(f"{'same' if holds else 'another'} {key}" for key, holds in comparison.same.items())
    console.result(f"{comparison.clips} test clips of {comparison.speakers} speakers; by fingerprint: {same}")
    console.table(["test", "A", "B", "B − A", "95 % interval", "p"], [_cells(SCORES[key], d) for key, d in comparison.scores.items()])
    for words, clips in (("right in A, wrong in B", comparison.only_right_in_a), ("wrong in A, right in B", comparison.only_right_in_b)):
        names = ": " + ", ".join(clips[:SHOWN]) + (", …" if len(clips) > SHOWN else "") if clips else ""
        console.result(f"{len(clips)} clips {words}{names}")
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
