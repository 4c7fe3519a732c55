"""Renders `reports/leakage.md`: the same cells under honest and leaking protocols, and what each leak is worth in points of UAR."""

from __future__ import annotations

import itertools
import math
import shlex
from collections.abc import Sequence

from harness.analyses.leakage.worth import PROTOCOLS, CellUnderProtocols, difference, uar
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.markdown import code, escape, table
from harness.tracking.run_record import counts_in_words

LEAKS = (("random", "speakers", "voices that were heard in training"), ("random", "sentences", "sentences that were heard in training"),
         ("sentences", "speakers", "heard voices in place of heard sentences"),
         ("before", "after", "altered copies of test clips in training"), ("before", "copied", "heard voices and copies of test clips"),
         ("copied", "speakers", "no leak: copies of training clips"))
COPIES = ("noise", "time_shift")  # of cells that make none themselves
INTRODUCTION = f"""The same networks are trained in the same way under protocols that let training know more and more of the test
clips. What the test figure gains by that is the worth of the leak: it would be lost on new people.
Written by `bench leakage` from the runs in MLflow; nothing is edited by hand.

## The protocols

- **Unseen speakers** is the honest one: nobody speaks both in training and in test. Sentences may be in both.
- **Unseen speakers, copies after the split**: the same parts, and training also holds altered copies of its own clips. Nothing leaks.
- **Unseen sentences**: no sentence is both in training and in test, but the voices are. About 30 % of the clips are test clips.
- **Random clips**: clips are drawn one by one, so that voices and sentences are both in training and in test.
- **Random clips, copies after the split**: the same parts, and training also holds altered copies of its own clips.
- **Copies before the split (WRONG)**: clips are copied and altered first and split afterwards, so that training holds altered copies of
  test clips. The test clips, and how many training clips there are, are as with copies after the split: nothing but the leak differs.
  No other command can do that, and its figures are no result.

A network whose study makes copies anyway has them under every protocol; its columns with and without copies then say the same.

## How to read the figures

Figures are test UAR, the mean recall of the emotions, as means over seeds with 95 % intervals for new speakers and, from two seeds on,
for new trainings. Differences are in points of UAR: from 0.50 to 0.56 is +6. Both sides of a difference have the same clips to draw
from, the same settings and the same seeds.

- **Paired**: both sides were scored on the same test clips, and are compared speaker by speaker.
- **Unpaired**: the test clips differ, so that both sides' speakers are resampled independently. The interval is wider, and rather
  too wide where some speakers are on both sides.
- **More than chance explains**: the interval does not hold 0. Each interval stands by itself: of twenty differences that are nothing,
  one looks like something.

## What can't be told

- Each protocol is drawn once. The intervals allow for other test speakers, not for other clips to train on.
- Where the numbers of training clips differ, a part of the difference may be due to that: unseen sentences has the fewest.
- In a corpus where all speak the same sentences, unseen speakers is not free of heard sentences: no protocol here is free of both.
- A leak's worth is that for this network, corpus and training: what learns more by heart may gain more from a leak.
- Fewer than {LEAST_SPEAKERS} test speakers give no interval, and one seed says nothing about another training of the same network."""


def points(found: tuple[float, float, float]) -> str:
    """`+6.1 [+2.0, +10.2]`, in points of a hundred."""
    value, low, high = (round(100 * figure, 1) + 0.0 for figure in found)  # no -0.0
    return f"{value:+.1f}" + ("" if math.isnan(low) else f" [{low:+.1f}, {high:+.1f}]")


def worth(cell: CellUnderProtocols, leaking: str, honest: str, what: str) -> list[str] | None:
    """A table's line on one leak of one cell; None where a side was not trained, or both are the same networks."""
    one, other = cell.under.get(leaking), cell.under.get(honest)
    if one is None or other is None or one is other:
        return None
    found = difference(one, other)
    _, low, high = found
    told = ("too few speakers for an interval" if math.isnan(low) else "more than chance explains" if low > 0
            else "it costs more than chance explains" if high < 0 else "not to be told from nothing")
    return [what, f"{PROTOCOLS[leaking]} less {PROTOCOLS[honest]}", "paired" if one.test == other.test else "unpaired", told, points(found)]


def leakage_markdown(found: Sequence[CellUnderProtocols]) -> str:
    """The whole report as Markdown."""
    parts = ["# What leaks are worth", INTRODUCTION]
    for study, group in itertools.groupby(found, key=lambda each: each.study):
        parts += _study(study, list(group))
    return "\n\n".join(parts) + "\n"


def _study(study: str, cells: list[CellUnderProtocols]) -> list[str]:
    parts = [f"## The study {escape(study)}"]
    for each in cells:
        told = [line for leak in LEAKS if (line := worth(each, *leak))]
        parts += [f"### {escape(each.cell)}", f"{marks(each)}.", table(["protocol", "training clips", "test clips", "test speakers", "UAR"],
                                                                         [_line(each, protocol) for protocol in PROTOCOLS]),
                  table(["worth of", "compared", "how", "it is", "points of UAR"], told, "llllr") if told
                  else "Nothing to compare: no two protocols were trained."]
    parts.append("<details><summary>Clips of each protocol, and how to reproduce</summary>\n\n"
                 + "\n".join(line for each in cells for line in _behind(each)) + "\n\n</details>")
    return parts


def _line(cell: CellUnderProtocols, protocol: str) -> list[str]:
    found = cell.under.get(protocol)
    figures = [f"{n:,}" for n in (found.training_clips, len(found.test), found.counts.shape[1])] if found else ["–"] * 3
    return [PROTOCOLS[protocol], *figures, uar(found)]


def marks(cell: CellUnderProtocols) -> str:
    """What a reader must know before quoting a row."""
    one = next(iter(cell.under.values()))
    partial = "partial corpus" if not one.synthetic and not one.coverage.endswith("whole") else ""
    few = f"{len(one.seeds)} seeds" if len(one.seeds) > 1 else "1 seed, so that intervals leave out other trainings"
    missing = [words for protocol, words in PROTOCOLS.items() if protocol not in cell.under]
    return "; ".join(part for part in (escape(cell.corpus), "synthetic" if one.synthetic else partial, few,
                                       f"{one.epochs} epoch{'s'[: one.epochs > 1]}",
                                       f"not trained: {', '.join(missing)}" if missing else "") if part)


def _behind(cell: CellUnderProtocols) -> list[str]:
    honest = next((under for key, under in cell.under.items() if key != "before"), None)
    there = [(words, cell.under[key]) for key, words in PROTOCOLS.items() if key in cell.under]
    lines = [f"- {escape(cell.cell)}, {words}: {escape(counts_in_words(under.clips))}; "
             f"{escape(under.augmentation) or 'no augmentation after the split'}"
             for words, under in there]
    if honest:
        words = ["bench", "leakage", "--study", cell.asked or cell.study, "--corpus", honest.corpus,
                 *([] if honest.synthetic else ["--data", "DIR"]), "--cell", cell.cell, "--seeds", *honest.seeds, *_copies(cell)]
        lines.append(f"- {escape(cell.cell)}: {code(' '.join(part for part in (shlex.join(words), honest.settings) if part))}")
    return lines


def _copies(cell: CellUnderProtocols) -> list[str]:
    """The option that chose the copies, where they are neither the cell's own nor the default."""
    after = cell.under.get("after") or cell.under.get("copied")
    if after is None or after in (cell.under.get("random"), cell.under.get("speakers")):
        return []
    made = after.augmentation.partition(", on the fly")[0].partition("copies of ")[2].split("+")
    return [] if tuple(made) == COPIES else ["--copies", *made]
