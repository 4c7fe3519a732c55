"""Renders `reports/transfer.md`: what networks trained on one corpus make of the others, from the runs in the store."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from harness.analyses.transfer.matrix import TRANSFER, About, Matrix, Pair, matrices
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.figures import matrix_figure
from harness.reports.markdown import code, escape, table, with_interval
from harness.reports.pages import TRANSFER_PAGE, link_to, pictures_folder, write_beside
from harness.tracking.store import Store
from harness.training.figures import save

INTRODUCTION = """One cell of a study, trained on each corpus with the study's settings and no search, and tested on all of them. Written by
`bench transfer` from the runs in MLflow; nothing is edited by hand.

**On the diagonal** a network is tested on the test part of its own corpus: speakers that it never heard, unless ‡ says so.
**Off the diagonal** it is tested on every clip of the other corpus whose emotion it knows. It is asked among the emotions that both
corpora have: the softmax over these alone, so that an emotion which the other corpus lacks is never an answer. RAVDESS's calm clips are
left out, of training too. Validation clips are of the corpus that was trained on; no clip of another corpus chose anything.

Figures are UAR, means over seeds, with 95 % intervals over the speakers of the tested corpus, and over trainings where there are several
seeds, with one variance for all networks that were tested on a corpus; with one seed, the luck of a training is in no interval.
**Columns do not compare** where their emotions differ in number: chance is 1 / the number of shared emotions, written below each figure."""
FEW = f"†: fewer than {LEAST_SPEAKERS} speakers were tested, so that there is no interval, and the figure says little about other voices."
HEARD = """‡: the network had heard the voices that it is tested on, saying other sentences: its corpus has too few speakers to keep some
apart."""


def write_transfer(store: Store) -> Path | None:
    """Write `reports/transfer.md` and its pictures from every transfer experiment in the store; None without any."""
    found = [each for name in store.studies(TRANSFER) for each in matrices(store, name)]
    if not found:
        return None
    page = store.home / "reports" / TRANSFER_PAGE
    pictures = [pictures_folder(page) / f"{number}.png" for number in range(1, len(found) + 1)]
    for each, picture in zip(found, pictures, strict=True):
        _draw(each, picture)
    write_beside(page, transfer_markdown(found, [link_to(picture) for picture in pictures]))
    return page


def _draw(each: Matrix, path: Path) -> None:
    cells = [[each.pairs.get((source, target)) for target in each.targets] for source in each.sources]
    values = np.array([[pair.above_chance if pair else math.nan for pair in line] for line in cells])
    texts = [[f"{pair.figure()[0]:.3f} {pair.marks}\n(chance {pair.chance:.3f})" if pair else "–" for pair in line] for line in cells]
    save(matrix_figure(values, texts, each.sources, each.targets, f"{each.study}: UAR"), path)


def transfer_markdown(found: Sequence[Matrix], pictures: Sequence[str]) -> str:
    """The whole report as Markdown; `pictures`: the path of each matrix's picture."""
    parts = ["# Trained on one corpus, tested on another", INTRODUCTION]
    for each, picture in zip(found, pictures, strict=True):
        parts += _matrix(each, picture)
    return "\n\n".join(parts) + "\n"


def _matrix(each: Matrix, picture: str) -> list[str]:
    settings = f" with {code(each.settings)}" if each.settings else ""
    seeds = {pair.seeds for pair in each.pairs.values()}
    trained = f"at most {each.epochs} epochs; seeds {' or '.join(' '.join(sorted(own, key=int)) for own in sorted(seeds))}"
    known = {pair.about.target: pair.about for pair in each.pairs.values()}
    lines = [[f"**{escape(source)}**", *(_cell(each.pairs.get((source, target))) for target in each.targets)] for source in each.sources]
    notes = [note for note, mark in ((FEW, "†"), (HEARD, "‡")) if any(mark in pair.marks for pair in each.pairs.values())]
    heads = ["pair", "UAR", "WA", "chance", "emotions", "clips", "speakers", "tested corpus"]
    behind = [[f"{escape(source)} → {escape(target)}", *_behind(pair)] for (source, target), pair in each.pairs.items()]
    return [f"## {escape(each.study)}: {escape(each.cell)}", f"Trained for {trained}{settings}.",
            table(["trained on ↓ tested on →", *(_head(known[target]) for target in each.targets)], lines), *notes,
            f"![UAR of each pair]({picture})",
            "\n".join(f"- {sentence}" for sentence in sentences(each)),
            "<details><summary>Each pair, and how to reproduce</summary>\n\n" + table(heads, behind)
            + f"\n\n{_protocols(each)}\n\n{code(_command(each))}\n\n</details>"]


def _head(about: About) -> str:
    state = about.coverage.rpartition(" ")[2]
    return escape(about.target) + (f" ({state})" if state != "whole" else "")


def _cell(pair: Pair | None) -> str:
    return "–" if pair is None else f"{pair.written()}<br>chance {pair.chance:.3f}"


def _behind(pair: Pair) -> list[str]:
    coverage = f"{escape(pair.about.coverage)}{', its test part' if pair.about.own_test_part else ''}"
    return [pair.written(), with_interval(*pair.figure("wa")), f"{pair.chance:.3f}", " ".join(map(escape, pair.emotions)),
            f"{pair.clips:,}", str(pair.counts.shape[1]), coverage]


def _protocols(each: Matrix) -> str:
    splits = {source: pair.split for (source, _), pair in each.pairs.items()}
    only = [target for target in each.targets if target not in splits]
    return ("Trained under: " + ", ".join(f"{escape(source)} {escape(split)}" for source, split in splits.items()) + "."
            + (f" Only tested on: {', '.join(map(escape, only))}." if only else ""))


def sentences(each: Matrix) -> list[str]:
    """What is seen, in computed sentences."""
    own = [pair for pair in each.pairs.values() if pair.about.own_test_part and not pair.shares_speakers]
    others = [pair for pair in each.pairs.values() if not pair.about.own_test_part]
    if not others:
        return ["No pair of different corpora has been tested."]
    at_home, abroad = ([pair.above_chance for pair in pairs] for pairs in (own, others))
    said = [f"Of what is possible above chance, networks reach {fmean(at_home):.0%} on unseen speakers of their own corpus and "
            f"{fmean(abroad):.0%} on other corpora (means over {len(own)} and {len(others)} pairs; ‡ is not among them)."] if own else []
    best, worst = (choose(others, key=lambda pair: pair.above_chance) for choose in (max, min))
    said.append(f"The best transfer is {_named(best)}, the worst {_named(worst)}.")
    tested = [pair for pair in others if not math.isnan(pair.figure()[1])]
    lost = [pair for pair in tested if pair.figure()[1] <= pair.chance]
    if tested:
        said.append(f"Not to be told from chance, or below it: {'; '.join(map(_named, lost)) or 'none'}, of {len(tested)} pairs of "
                    "different corpora with an interval.")
    if any(pair.about.synthetic for pair in each.pairs.values()):
        said.append("Synthetic corpora are no human speech: their figures only show that the machinery works.")
    return said


def _named(pair: Pair) -> str:
    return f"{escape(pair.about.source)} → {escape(pair.about.target)} ({pair.figure()[0]:.3f}, chance {pair.chance:.3f})"


def _command(each: Matrix) -> str:
    seeds = sorted({seed for pair in each.pairs.values() for seed in pair.seeds}, key=int)
    data = [] if all(pair.about.synthetic for pair in each.pairs.values()) else ["--data", "DIR"]
    words = ["bench", "transfer", "--study", each.asked or each.study, "--corpora", *each.targets, "--cell", each.cell, "--seeds", *seeds,
             *data]
    return " ".join(part for part in (shlex.join(words), each.settings) if part)
