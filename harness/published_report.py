"""Renders `reports/published-systems.md`: claimed beside reproduced, the worth of the random split, and what was learnt."""

from __future__ import annotations

import itertools
import statistics

from harness.metrics import most_confused
from harness.published import Comparison, Reproduced, verdict
from harness.report import command, count, escape, marks

INTRODUCTION = """Each published model as a recipe of its own (`experiments/published/`), trained as its system trained it, or as near as
the source tells. Written by `bench replicate` from the runs in MLflow; nothing is edited by hand.

**Reproduced** figures are those of the test part of the system's own kind of split, with 95 % intervals (bootstrap over the speakers of
the test part, 10,000 resamples). **Unseen speakers** is the same model, trained in the same way, on the twin of that split in which no
speaker is in two parts. **Best validation** is the highest validation WA of any epoch.

**Verdict.** *Reproduced* when the whole corpus and every published epoch were used and the claimed WA differs from ours by no more than
the two test parts' sampling explains: √(a² + b²), where a is our interval's half-width towards the claim and b = 1.96 √(p (1 − p) / n)
for a claim p on n clips. *Not reproduced* when it differs by more. *Can't tell* when clips or epochs are fewer; then the verdict says on
which side the claim lies."""


def render(compared: list[Comparison]) -> str:
    """The whole report as Markdown."""
    parts = ["# Published systems: claimed and reproduced", INTRODUCTION]
    for title, group in (("The published models", [c for c in compared if c.of == c.name]),
                         ("Corrected and restated", [c for c in compared if c.of != c.name])):
        if group:
            parts += [f"## {title}", table(group)]
    for _, members in itertools.groupby(compared, key=lambda c: c.system.name):
        parts += _system(list(members))
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
    epochs = f"{shown.row.epochs} of {comparison.published_epochs}"
    notes = "; ".join(part for part in (marks(shown.row), count(shown.row.seeds, "seed")) if part)
    return [comparison.name, _figure(claim.wa), interval(shared, "wa"), _figure(claim.macro_f1), interval(shared, "macro_f1"),
            _figure(shared.best_validation_wa if shared else None), interval(unseen, "wa"), interval(shared, "uar"),
            interval(unseen, "uar"), epochs, f"{shown.clips:,}", verdict(comparison), notes]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def interval(found: Reproduced | None, score: str) -> str:
    """`.512 [.489, .534]`; a dash where nothing was run."""
    if found is None:
        return "–"
    mean, low, high = found.figures[score]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def _system(group: list[Comparison]) -> list[str]:
    parts = [f"## System {group[0].system.number}"]
    for comparison in group:
        parts.append(f"### {comparison.name}")
        parts.append("\n".join(f"- {line}" for line in _details(comparison)))
    return parts


def _details(comparison: Comparison) -> list[str]:
    claim, found = comparison.claim, comparison.shared or comparison.unseen
    assert found is not None
    row = found.row
    lines = [f"{escape(row.feature_space)} × {escape(row.architecture)}" + (f", {escape(row.augmentation)}" if row.augmentation else "")
             + f"; {row.parameters:,} parameters; clips: {row.clips}; trained in {row.fit_seconds:,.0f} s"]
    if comparison.of != comparison.name:
        lines.append(f"A variant of {comparison.of}, beside whose claim it stands.")
    if claim.remarks:
        lines.append(f"Of the claim: {claim.remarks}")
    lines.append(f"Most confused here: {_pairs(found)}. Claimed: {', '.join(claim.confusions) or 'not told'}.")
    lines.append(f"Never predicted here: {', '.join(found.never_predicted) or 'none'}. Claimed: "
                 f"{', '.join(claim.never_predicted) or 'none told'}.")
    study = comparison.system.name
    lines += [f"`{command(study, each.row)}` (commit {each.row.commit}, {each.row.hardware})"
              for each in (comparison.shared, comparison.unseen) if each]
    return lines


def _pairs(found: Reproduced) -> str:
    return ", ".join(f"{a}→{b} {n} ({share:.0%})" for a, b, n, share in most_confused(found.confusion, found.emotions))


def learnt(compared: list[Comparison]) -> list[str]:
    """The closing paragraphs, computed: which claims look plausible, and what the random split is worth."""
    own = [c for c in compared if c.of == c.name and c.shared]
    if not own:
        return ["Nothing yet: no published recipe was run under its own split."]
    return [part for part in (_plausible(own), _worth(own), _variants(compared)) if part]


def _plausible(own: list[Comparison]) -> str:
    said = {c.name: verdict(c) for c in own}
    sides = {"agree with what was measured here": [n for n, v in said.items() if v == "reproduced" or " within " in v],
             "lie above it": [n for n, v in said.items() if " above " in v], "lie below it": [n for n, v in said.items() if " below " in v]}
    words = [f"{len(names)} {how} ({', '.join(names)})" for how, names in sides.items() if names]
    full = [c.name for c in own if c.shared and int(c.shared.row.epochs) >= c.published_epochs]
    short = [c.name for c in own if c.name not in full]
    trained = f"The published number of epochs was trained in {len(full)} of {len(own)} recipes" + (
        f"; the claims of the others ({', '.join(short)}) stand beside shorter trainings and lie above them for that reason alone, perhaps."
        if short else ".")
    return f"Of {count(len(own), 'claimed accuracy').replace('accuracys', 'accuracies')}, {'; '.join(words)}. {trained}"


def _worth(own: list[Comparison]) -> str:
    worth = {c.name: 100 * (c.shared.figures["uar"][0] - c.unseen.figures["uar"][0]) for c in own if c.shared and c.unseen}
    if not worth:
        return ""
    least, most = min(worth, key=worth.__getitem__), max(worth, key=worth.__getitem__)
    return (f"The random split was worth {statistics.fmean(worth.values()):+.1f} points of UAR on average over "
            f"{count(len(worth), 'recipe')}: from {worth[least]:+.1f} ({least}) to {worth[most]:+.1f} ({most}). By so much a figure from "
            "random clips differs from what the same model reaches on voices that it has never heard.")


def _variants(compared: list[Comparison]) -> str:
    found = {c.name: c.shared for c in compared if c.shared}
    pairs = [(c.name, c.of) for c in compared if c.of != c.name and c.name in found and c.of in found]
    told = [f"{name} against {of}: {100 * (found[name].figures['uar'][0] - found[of].figures['uar'][0]):+.1f} points of UAR"
            for name, of in pairs]
    return f"Corrected and restated: {'; '.join(told)}." if told else ""
