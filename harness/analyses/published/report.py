"""`reports/published-systems.md` as Markdown: claimed beside reproduced, the worth of the random split, and what was learnt."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection

from harness.analyses.published.verdicts import Comparison, Reproduced, clips_of, other_settings, side, verdict
from harness.reports.leaderboard_section import command
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import code, escape, plural, table, with_interval
from harness.tracking.run_record import counts_in_words

INTRODUCTION = """Each published model as a recipe of its own (`experiments/published/`), trained as its system trained it, or as near as
its source allows. Written by `bench replicate` from the runs in MLflow; nothing is edited by hand.

**Reproduced** figures are those of the test part of the system's own kind of split, with 95 % intervals: Student's t times a standard
error from 10,000 resamples of the test part's speakers, and the variance between seeds where there are several. **Unseen speakers** is
the same model, trained in the same way, on the twin of that split in which no speaker is in two parts. **Best validation** is the
highest validation WA of any epoch.

**Verdict.** *Reproduced* when the whole corpus and every published epoch were used and the claimed WA differs from ours by no more than
the two test parts' sampling explains: √(a² + b²), where a is our interval's half-width towards the claim and b = 1.96 √(p (1 − p) / n)
for a claim p on n clips. *Not reproduced* when it differs by more. *Can't tell* when clips are missing, epochs or settings differ from
the published ones, parts of the recipe had to be our own choice, or the test part has fewer than five speakers; then the verdict says on
which side the claim lies, where that is known. Of several runs of a recipe the one nearest to what was published is shown: real clips,
no other settings, most clips × epochs (of the published ones), most seeds, the last one. Runs of other machines in
`published-systems.json` beside this page count like runs made here; their rows are *kept*."""
HEADS = ("recipe", "claimed WA", "reproduced WA", "claimed macro-F1", "reproduced macro-F1", "best validation WA", "unseen speakers WA",
         "reproduced UAR", "unseen speakers UAR", "epochs", "clips", "verdict", "marks")
SIDES = {"within": "the claim agrees with what was measured", "above": "the claim lies above it", "below": "the claim lies below it",
         "": "the test part has too few speakers to say"}
OwnResults = list[tuple[Comparison, Reproduced]]  # with the result under its own split


def published_markdown(compared: list[Comparison], pages: Collection[str] = ()) -> str:
    """The whole report as Markdown.

    Args:
        pages: the studies whose own reports lie beside it.
    """
    parts = ["# Published systems: claimed and reproduced", INTRODUCTION]
    for title, variants in (("The published models", False), ("Corrected and restated", True)):
        lines = [table_line(comparison) for comparison in compared if comparison.is_variant == variants]
        parts += [f"## {title}", table(HEADS, lines, "lrrrrrrrrrrl")] if lines else []
    for system, group in itertools.groupby(compared, key=lambda comparison: comparison.system):
        parts.append(f"## System {system.number}")
        if system.name in pages:
            parts.append(f"Its leaderboards, with ranks, alarms and pictures: [{system.name}.md]({system.name}.md).")
        for comparison in group:
            parts += [f"### {comparison.name}", "\n".join(f"- {detail}" for detail in _details(comparison))]
    return "\n\n".join([*parts, "## What was learnt", *learnt(compared)]) + "\n"


def table_line(comparison: Comparison) -> list[str]:
    """A recipe's line of a table."""
    claim, shared, unseen, shown = comparison.claim, comparison.shared, comparison.unseen, comparison.shown
    stopped = f" (stopped after {shown.row.epochs_trained:g})" if shown.row.epochs_trained < int(shown.row.epochs) else ""
    notes = "; ".join(part for part in (marks_markdown(shown.row.marks(shown.row.coverage)), escape(other_settings(shown.row)),
                                         plural(shown.row.seeds, "seed"), "kept" if shown.earlier else "") if part)
    return [comparison.name, _figure(claim.wa), interval(shared, "wa"), _figure(claim.macro_f1), interval(shared, "macro_f1"),
            _figure(shared.best_validation_wa if shared else None), interval(unseen, "wa"), interval(shared, "uar"),
            interval(unseen, "uar"), f"{shown.row.epochs} of {comparison.published_epochs}{stopped}", f"{clips_of(shown.row):,}",
            verdict(comparison), notes]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def interval(result: Reproduced | None, score: str) -> str:
    """`0.512 [0.489, 0.534]`, `[–]` for too few speakers; a dash where nothing was run."""
    return "–" if result is None else with_interval(*result.figures[score])


def _details(comparison: Comparison) -> list[str]:
    claim, shown = comparison.claim, comparison.shown
    row = shown.row
    augmentation = f", {escape(row.augmentation)}" if row.augmentation else ""
    remarks = "; ".join(filter(None, (f"validation WA {claim.validation_wa:.3f}" if claim.validation_wa else "", claim.remarks)))
    confused = ", ".join(f"{a}→{b} {n} ({share:.0%})" for a, b, n, share in shown.confused)
    lines = [f"{escape(row.feature_space)} × {escape(row.architecture)}{augmentation}; {row.parameters:,} parameters; clips: "
             f"{escape(counts_in_words(row.clips))}; trained in {row.fit_seconds:,.0f} s",
             f"A variant of {comparison.published_name}, beside whose claim it stands." if comparison.is_variant else "",
             f"Of the claim: {remarks}." if remarks else "",
             f"Most confused here: {escape(confused)}. Claimed: {', '.join(claim.confusions) or 'not reported'}.",
             f"Never predicted here: {escape(', '.join(shown.never_predicted)) or 'none'}. Claimed: "
             f"{', '.join(claim.never_predicted) or 'none reported'}.",
             *(f"{code(command(comparison.system.name, result.row))} (commit {escape(result.row.commit)}, {escape(result.row.hardware)})"
               for result in (comparison.shared, comparison.unseen) if result)]
    return [line for line in lines if line]


def learnt(compared: list[Comparison]) -> list[str]:
    """The closing paragraphs, computed: which claims look plausible, and what the random split is worth."""
    results = [(c, c.shared) for c in compared if c.shared and not c.is_variant and not c.shared.row.synthetic]
    if not results:
        return ["Nothing yet: no published recipe was trained on real clips under its own split."]
    return [part for part in (_plausible(results), _worth(results), _variants(compared)) if part]


def _plausible(results: OwnResults) -> str:
    """Claims by the side on which they lie; recipes that were trained to the end apart from the others."""
    sentences = []
    for trained, full in (("the published number of epochs", True), ("fewer epochs", False)):
        groups = [f"{words} for {', '.join(names)}" for place, words in SIDES.items()
                  if (names := [c.name for c, result in results if side(c.claim, result) == place
                                and (int(result.row.epochs) == c.published_epochs) == full])]
        sentences += [f"Trained for {trained}: {'; '.join(groups)}."] if groups else []
    partial = sum(not result.row.coverage.endswith("whole") for _, result in results)
    if partial:
        sentences.append(f"{partial} of {len(results)} were trained on part of the clips, which by itself lowers what a network can reach.")
    return " ".join(sentences)


def _worth(results: OwnResults) -> str:
    """What the random split adds to UAR, each difference with its 95 % half-width: √(a² + b²) of the two intervals."""
    pairs = [(c.name, result.figures["uar"], c.unseen.figures["uar"]) for c, result in results if c.unseen]
    worth = {name: (100 * (one[0] - other[0]), 100 * math.hypot(one[2] - one[1], other[2] - other[1]) / 2)
             for name, one, other in pairs if not math.isnan(one[1] + other[1])}  # few speakers make chance differences
    if not worth:
        return ""
    mean, half = map(statistics.fmean, zip(*worth.values(), strict=True))
    differences = ", ".join(f"{name} {points:+.1f} ± {width:.1f}" for name, (points, width) in worth.items())
    beyond = ", ".join(name for name, (points, width) in worth.items() if abs(points) > width)
    chance = f"Beyond what sampling explains: {beyond}." if beyond else "None is beyond what sampling explains."
    return (f"The random split was worth {mean:+.1f} points of UAR on average over {plural(len(worth), 'recipe')} with an unseen-speaker "
            f"twin, each known to about ± {half:.0f}: {differences}. {chance}")


def _variants(compared: list[Comparison]) -> str:
    uar = {c.name: c.shared.figures["uar"][0] for c in compared if c.shared}
    pairs = [(c.name, c.published_name) for c in compared if c.is_variant and {c.name, c.published_name} <= uar.keys()]
    gains = "; ".join(f"{name} against {published}: {100 * (uar[name] - uar[published]):+.1f} points of UAR" for name, published in pairs)
    return f"Corrected and restated: {gains}." if gains else ""
