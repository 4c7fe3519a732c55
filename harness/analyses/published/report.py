"""`reports/published-systems.md` as Markdown: claimed beside reproduced, the worth of the random split, and what was learnt."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from pathlib import Path

from harness.analyses.published.finding import finding_markdown
from harness.analyses.published.verdicts import REPRODUCED, Comparison, Reproduced, other_settings, outcome, side, verdict
from harness.reports.leaderboard_section import command
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import anchor, brief, brief_interval, code, escape, plural, table
from harness.reports.trust_section import link_to_reading
from harness.tracking.run_record import counts_in_words

OTHER_SCORES, RULE = "Other scores", "How they are compared"
ABOVE_TABLE = """WA as published and as measured here, with 95 % intervals. *New speakers*: the same training, tested on speakers that
are not in it, about whom no system claims anything."""
INTRODUCTION = """Each published model is a recipe of its own (`experiments/published/`), trained as its system trained it, or as near as
its source allows. Written by `bench replicate` from the runs in MLflow; nothing is edited by hand.

**Reproduced** figures are those of the test part of the system's own kind of split, with 95 % intervals: Student's t times a standard
error from 10,000 resamples of the test part's speakers, and the variance between seeds where there are several. **New speakers** is
the same model, trained in the same way, on the twin of that split in which no speaker is in two parts. **Best validation** is the
highest validation WA of any epoch.

**Verdict.** *Reproduced* when the whole corpus and every published epoch were used and the claimed WA differs from ours by no more than
the two test parts' sampling explains: √(a² + b²), where a is our interval's half-width towards the claim and b = 1.96 √(p (1 − p) / n)
for a claim p on n clips. *Not reproduced* when it differs by more. *Can't tell* when clips are missing, epochs or settings differ from
the published ones, parts of the recipe had to be our own choice, every training collapsed to one emotion for every clip, or the test part
has fewer than five speakers; then the verdict says on which side the claim lies, where that is known. Of several seeds those that
collapsed are named and left out of all figures.

Of several runs of a recipe the one nearest to what was published is shown: real clips, no other settings, most clips × epochs (of the
published ones), most seeds, the last one. Runs of other machines in `published-systems.json` beside this page count like runs made here;
their rows are *kept*."""
HEADS = ("recipe", "claimed WA", "reproduced WA", "new speakers WA", "trained on", "verdict")
SCORES = ("recipe", "claimed macro-F1", "reproduced macro-F1", "best validation WA", "reproduced UAR", "new speakers UAR")


def published_markdown(compared: list[Comparison], pages: Collection[str] = (), picture: str = "", page: Path | None = None) -> str:
    """The whole report as Markdown: what was found, then the figures of each recipe, then how they are compared.

    Args:
        pages: the studies whose own reports lie beside it. picture: path of that of claims and results. page: where the report lies;
            None: in the repository.
    """
    more = [f"[{words}]({anchor(heading)})" for words, heading in (("other scores", OTHER_SCORES), ("how they are compared", RULE))]
    parts = ["# Published systems: claimed and reproduced", finding_markdown(compared),
             *([f"![Claimed and reproduced WA]({picture})"] if picture else []), ABOVE_TABLE]
    for title, variants in (("", False), ("### Corrected and restated", True)):
        lines = [table_line(comparison) for comparison in compared if comparison.is_variant == variants]
        parts += [title, table(HEADS, lines, "lrrrll")] if lines else []
    parts += [f"**More:** {' · '.join([*more, link_to_reading(page)])}", f"## {OTHER_SCORES}",
              table(SCORES, [_scores_line(comparison) for comparison in compared], "lr")]
    for system, group in itertools.groupby(compared, key=lambda comparison: comparison.system):
        parts.append(f"## System {system.number}")
        if system.name in pages:
            parts.append(f"Its leaderboards, with ranks, alarms and pictures: [{system.name}.md]({system.name}.md).")
        for comparison in group:
            parts += [f"### {comparison.name}", "\n".join(f"- {detail}" for detail in _details(comparison))]
    return "\n\n".join([part for part in parts if part] + [f"## {RULE}", INTRODUCTION]) + "\n"


def table_line(comparison: Comparison) -> list[str]:
    """A recipe's line of the table."""
    shown, claim = comparison.shown, comparison.claim
    stopped = f", stopped after {shown.row.epochs_trained:g}" if shown.row.epochs_trained < int(shown.row.epochs) else ""
    where = side(claim, comparison.shared) if comparison.shared else ""
    found = outcome(comparison)
    lies = f", claim {where}" if where and found != REPRODUCED else ""
    return [f"[{comparison.name}]({anchor(comparison.name)})", brief(claim.wa), interval(comparison.shared, "wa"),
            interval(comparison.unseen, "wa"),
            f"{shown.row.epochs} of {plural(comparison.published_epochs, 'epoch')}{stopped},<br>{escape(shown.row.coverage)}", found + lies]


def _scores_line(comparison: Comparison) -> list[str]:
    claim, shared, unseen = comparison.claim, comparison.shared, comparison.unseen
    return [comparison.name, _figure(claim.macro_f1), interval(shared, "macro_f1"), _figure(shared.best_validation_wa if shared else None),
            interval(shared, "uar"), interval(unseen, "uar")]


def _figure(value: float | None) -> str:
    return "–" if value is None else brief(value)


def interval(result: Reproduced | None, score: str) -> str:
    """`.512 [.489, .534]`, the figure alone for too few speakers; a dash where nothing was run."""
    return "–" if result is None else brief_interval(*result.figures[score])


def _left_out(result: Reproduced) -> str:
    """Which seeds count in no figure, and why; empty where all do."""
    return f"left out: seed {', '.join(result.left_out)}, which collapsed to one emotion for every clip" if result.left_out else ""


def _details(comparison: Comparison) -> list[str]:
    claim, shown = comparison.claim, comparison.shown
    row = shown.row
    augmentation = f", {escape(row.augmentation)}" if row.augmentation else ""
    remarks = "; ".join(filter(None, (f"validation WA {claim.validation_wa:.3f}" if claim.validation_wa else "", claim.remarks)))
    confused = ", ".join(f"{a}→{b} {n} ({share:.0%})" for a, b, n, share in shown.confused)
    marks = "; ".join(part for part in (marks_markdown(row.marks(row.coverage)), escape(other_settings(row)), plural(row.seeds, "seed"),
                                        _left_out(shown), "kept: its runs lie in another store" if shown.earlier else "") if part)
    lines = [f"Verdict: {escape(verdict(comparison))}.",
             f"Marks: {marks}.",
             f"{escape(row.feature_space)} × {escape(row.architecture)}{augmentation}; {row.parameters:,} parameters; clips: "
             f"{escape(counts_in_words(row.clips))}; trained in {row.fit_seconds:,.0f} s",
             f"A variant of {comparison.published_name}, beside whose claim it stands." if comparison.is_variant else "",
             f"Of the claim: {remarks}." if remarks else "",
             f"Most confused here: {escape(confused)}. Claimed: {', '.join(claim.confusions) or 'not reported'}.",
             f"Never predicted here: {escape(', '.join(shown.never_predicted)) or 'none'}. Claimed: "
             f"{', '.join(claim.never_predicted) or 'none reported'}.",
             *(f"{code(command(comparison.system.name, result.row))} (commit {escape(result.row.commit)}, {escape(result.row.hardware)})"
               for result in (comparison.shared, comparison.unseen) if result)]
    return [line for line in lines if line]
