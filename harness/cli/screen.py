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
    """The leaderboards of a study on the screen, best test UAR first, and what makes them doubtful below."""
    done = [(board, row) for board in boards for row in board.finished]
    settings, corpora = {row.settings for _, row in done}, {f"{row.corpus}: {row.coverage}" for _, row in done}
    common = f" with {' '.join(settings)}" if len(settings) == 1 and "" not in settings else ""
    where = f" on {' '.join(corpora)}" if len(corpora) == 1 else ""
    heads = ["protocol", "rank", "cell", "test UAR", "test WA", "test macro-F1", "validation UAR", *([] if where else ["corpus"]), "marks"]
    lines = [[row.split, rank_of(board, row), row.label if common else f"{row.label} {row.settings}".strip(), figure(board, row),
              *(plus_minus(row.test[score]) for score in ("wa", "macro_f1")), plus_minus(row.validation_uar),
              *([] if where else [f"{row.corpus}: {row.coverage}"]), "; ".join(board.marks(row))] for board, row in done]
    console.table(heads, lines, title=f"{name}{common}{where}: leaderboard by protocol")
    for board in boards:
        for line in [*board.alarms.values(), highlights(board).replace("**", "")] if board.finished else ():
            console.result(f"{board.rows[0].split}: {line}")
    if done:
        console.result("[…] is a 95 % interval, [–] that there is none; rows of rank 1 can't be told apart from the best.")


SHOWN = 20  # clips and parameters that a table holds at most


def print_comparison(found: Comparison, console: Console, one_seed: bool = False) -> None:
    """Everything on stdout, the verdict last; `one_seed` as `verdict` takes it."""
    console.result(f"A: {found.a} (seeds {', '.join(found.seeds[0])})\nB: {found.b} (seeds {', '.join(found.seeds[1])})")
    same = ", ".join(f"{'same' if holds else 'another'} {key}" for key, holds in found.same.items())
    console.result(f"{found.clips} test clips of {found.speakers} speakers; by fingerprint: {same}")
    console.table(["test", "A", "B", "B − A", "95 % interval", "p"], [_cells(SCORES[key], d) for key, d in found.scores.items()])
    for words, clips in (("right in A, wrong in B", found.only_right_in_a), ("wrong in A, right in B", found.only_right_in_b)):
        listed = ": " + ", ".join(clips[:SHOWN]) + (", …" if len(clips) > SHOWN else "") if clips else ""
        console.result(f"{len(clips)} clips {words}{listed}")
    if found.parameters:
        console.table(["parameter", "A", "B"], [[key, *values] for key, values in found.parameters.items()])
    console.result(verdict(found, one_seed))


def _cells(name: str, d: Difference) -> list[str]:
    told = ["–", "–"] if math.isnan(d.p) else [f"{d.low:+.3f} to {d.high:+.3f}", f"{d.p:.3f}" if d.p >= 0.0005 else "< 0.001"]
    return [name, f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", *told]


def print_audit(found: Sequence[AuditedRun], console: Console) -> int:
    """Print a line a final and every finding that is not plainly ok; returns the command's exit code."""
    checks = list(dict.fromkeys(finding.check for each in found for finding in each.findings))
    states = [{finding.check: finding.state for finding in each.findings} for each in found]
    console.table(["cell", "protocol", "seed", *checks],
                  [[each.record.about.label, each.record.about.split, each.record.seed,
                    *(own.get(check, "–") for check in checks)] for each, own in zip(found, states, strict=True)], title="audit")
    shown = [f for each in found for f in each.findings if f.state != "ok" or len(found) == 1]
    for finding, count in Counter(shown).items():
        times = f" ({count} runs)" if count > 1 else ""
        console.result(f"{finding.state}: {finding.check}: {finding.text}{times}")
    failed = sum(each.failed for each in found)
    console.result(f"{len(found)} audited, {failed} failed")
    return 1 if failed else 0
