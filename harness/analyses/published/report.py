"""Renders `reports/published-systems.md`: claimed beside reproduced, the worth of the random split, and what was learnt."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Collection

from harness.analyses.published.verdicts import Comparison, Reproduced, other_settings, side, verdict
from harness.reports.leaderboard_section import command
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import code, escape, plural, with_interval
from harness.tracking.run_record import counts_in_words

INTRODUCTION = """Each published model as a recipe of its own (`experiments/published/`), trained as its system trained it, or as near as
the source tells. Written by `bench replicate` from the runs in MLflow; nothing is edited by hand.

**Reproduced** figures are those of the test part of the system's own kind of split, with 95 % intervals: Student's t times a standard
error from 10,000 resamples of the test part's speakers, and the variance between seeds where there are several. **Unseen speakers** is
the same model, trained in the same way, on the twin of that split in which no speaker is in two parts. **Best validation** is the
highest validation WA of any epoch.

**Verdict.** *Reproduced* when the whole corpus and every published epoch were used and the claimed WA differs from ours by no more than
the two test parts' sampling explains: √(a² + b²), where a is our interval's half-width towards the claim and b = 1.96 √(p (1 − p) / n)
for a claim p on n clips. *Not reproduced* when it differs by more. *Can't tell* when clips are missing, epochs or settings differ from
the published ones, parts of the recipe had to be our own choice, or the test part has fewer than five speakers; then the verdict says on
which side the claim lies, where that is known. Of several runs of a recipe the one nearest to what was published is shown: real clips,
no other settings, most clips × epochs (of the published ones), most seeds, the last one. What `published-systems.json` beside this page
tells of runs made in another place counts like a run made here, so that rows can come from several machines; such rows are *kept*."""


def published_markdown(compared: list[Comparison], pages: Collection[str] = ()) -> str:
    """The whole report as Markdown.

    Args:
        pages: the studies whose own reports lie beside it.
    """
    parts = ["# Published systems: claimed and reproduced", INTRODUCTION]
    for title, group in (("The published models", [c for c in compared if c.of == c.name]),
                         ("Corrected and restated", [c for c in compared if c.of != c.name])):
        if group:
            parts += [f"## {title}", table(group)]
    for _, members in itertools.groupby(compared, key=lambda c: c.system.name):
        parts += _system(list(members), pages)
    return "\n\n".join([*parts, "## What was learnt", *learnt(compared)]) + "\n"


def table(compared: list[Comparison]) -> str:
    """One line a recipe."""
    heads = ["recipe", "claimed WA", "reproduced WA", "claimed macro-F1", "reproduced macro-F1", "best validation WA",
             "unseen speakers WA", "reproduced UAR", "unseen speakers UAR", "epochs", "clips", "verdict", "marks"]
    lines = [heads, ["---", *["--:"] * 10, "---", "---"]]
    lines += [_line(comparison) for comparison in compared]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _line(comparison: Comparison) -> list[str]:
    claim, shared, unseen = comparison.claim, comparison.shared, comparison.unseen
    shown = shared or unseen
    assert shown is not None  # a comparison without any run is not made
    stopped = f" (stopped after {shown.row.epochs_trained:g})" if shown.row.epochs_trained < int(shown.row.epochs) else ""
    epochs = f"{shown.row.epochs} of {comparison.published_epochs}{stopped}"
    notes = "; ".join(part for part in (marks_markdown(shown.row.marks(shown.row.coverage)), escape(other_settings(shown.row)),
                                         plural(shown.row.seeds, "seed"), "kept" if shown.kept else "") if part)
    return [comparison.name, _figure(claim.wa), interval(shared, "wa"), _figure(claim.macro_f1), interval(shared, "macro_f1"),
            _figure(shared.best_validation_wa if shared else None), interval(unseen, "wa"), interval(shared, "uar"),
            interval(unseen, "uar"), epochs, f"{shown.clips:,}", verdict(comparison), notes]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def interval(found: Reproduced | None, score: str) -> str:
    """`.512 [.489, .534]`; the figure alone where the speakers are too few for an interval, a dash where nothing was run."""
    if found is None:
        return "–"
    return with_interval(*found.figures[score])


def _system(group: list[Comparison], pages: Collection[str]) -> list[str]:
    name = group[0].system.name
    parts = [f"## System {group[0].system.number}"]
    if name in pages:
        parts.append(f"Its leaderboards, with ranks, alarms and pictures: [{name}.md]({name}.md).")
    for comparison in group:
        parts.append(f"### {comparison.name}")
        parts.append("\n".join(f"- {line}" for line in _details(comparison)))
    return parts


def _details(comparison: Comparison) -> list[str]:
    claim, found = comparison.claim, comparison.shared or comparison.unseen
    assert found is not None
    row = found.row
    lines = [f"{escape(row.feature_space)} × {escape(row.architecture)}" + (f", {escape(row.augmentation)}" if row.augmentation else "")
             + f"; {row.parameters:,} parameters; clips: {escape(counts_in_words(row.clips))}; trained in {row.fit_seconds:,.0f} s"]
    if comparison.of != comparison.name:
        lines.append(f"A variant of {comparison.of}, beside whose claim it stands.")
    told = [*([f"validation WA {claim.validation_wa:.3f}"] if claim.validation_wa else []), *([claim.remarks] if claim.remarks else [])]
    lines += [f"Of the claim: {'; '.join(told)}."] if told else []
    lines.append(f"Most confused here: {escape(_pairs(found))}. Claimed: {', '.join(claim.confusions) or 'not told'}.")
    lines.append(f"Never predicted here: {escape(', '.join(found.never_predicted)) or 'none'}. Claimed: "
                 f"{', '.join(claim.never_predicted) or 'none told'}.")
    study = comparison.system.name
    lines += [f"{code(command(study, each.row))} (commit {escape(each.row.commit)}, {escape(each.row.hardware)})"
              for each in (comparison.shared, comparison.unseen) if each]
    return lines


def _pairs(found: Reproduced) -> str:
    return ", ".join(f"{a}→{b} {n} ({share:.0%})" for a, b, n, share in found.confused)


def learnt(compared: list[Comparison]) -> list[str]:
    """The closing paragraphs, computed: which claims look plausible, and what the random split is worth."""
    own = [c for c in compared if c.of == c.name and c.shared and not c.shared.row.synthetic]
    if not own:
        return ["Nothing yet: no published recipe was trained on real clips under its own split."]
    return [part for part in (_plausible(own), _worth(own), _variants(compared)) if part]


def _plausible(own: list[Comparison]) -> str:
    """Claims by the side on which they lie, those of recipes that were trained to the end told apart."""
    sides = {c.name: side(c.claim, c.shared) for c in own if c.shared}
    full = [c.name for c in own if c.shared and int(c.shared.row.epochs) == c.published_epochs]
    told = [text for text in (_sides("published number of epochs", [n for n in sides if n in full], sides),
                              _sides("fewer epochs", [n for n in sides if n not in full], sides)) if text]
    partial = [c for c in own if c.shared and not c.shared.row.coverage.endswith("whole")]
    caution = (f" {len(partial)} of {len(own)} were trained on part of the clips, which by itself lowers what a network can reach."
               if partial else "")
    return " ".join(told) + caution


def _sides(trained: str, names: list[str], sides: dict[str, str]) -> str:
    words = {"within": "the claim agrees with what was measured", "above": "the claim lies above it", "below": "the claim lies below it",
             "": "the test part has too few speakers to say"}
    groups = [f"{text} for {', '.join(found)}" for key, text in words.items() if (found := [n for n in names if sides[n] == key])]
    return f"Trained for the {trained}: {'; '.join(groups)}.".replace("for the fewer", "for fewer") if groups else ""


def _worth(own: list[Comparison]) -> str:
    """What the random split adds to UAR, each difference with its 95 % half-width: √(a² + b²) of the two intervals."""
    pairs = [(c.name, c.shared.figures["uar"], c.unseen.figures["uar"]) for c in own if c.shared and c.unseen]
    worth = {name: (100 * (one[0] - other[0]), 100 * math.hypot(one[2] - one[1], other[2] - other[1]) / 2)
             for name, one, other in pairs if not math.isnan(one[1] + other[1])}  # few speakers make chance differences
    if not worth:
        return ""
    mean, half = (statistics.fmean(each[i] for each in worth.values()) for i in (0, 1))
    told = ", ".join(f"{name} {points:+.1f} ± {width:.1f}" for name, (points, width) in worth.items())
    beyond = [name for name, (points, width) in worth.items() if abs(points) > width]
    chance = f"Beyond what sampling explains: {', '.join(beyond)}." if beyond else "None is beyond what sampling explains."
    return (f"The random split was worth {mean:+.1f} points of UAR on average over {plural(len(worth), 'recipe')} with an unseen-speaker "
            f"twin, each known to about ± {half:.0f}: {told}. {chance}")


def _variants(compared: list[Comparison]) -> str:
    found = {c.name: c.shared for c in compared if c.shared}
    pairs = [(c.name, c.of) for c in compared if c.of != c.name and c.name in found and c.of in found]
    told = [f"{name} against {of}: {100 * (found[name].figures['uar'][0] - found[of].figures['uar'][0]):+.1f} points of UAR"
            for name, of in pairs]
    return f"Corrected and restated: {'; '.join(told)}." if told else ""
