"""`reports/transfer.md` as Markdown: networks that were trained on one corpus, tested on the others, from the runs in the store."""

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
from harness.reports.markdown import code, escape, folded, quoted, table, with_interval
from harness.reports.pages import TRANSFER_PAGE, link_to, new_pictures, staying, write_beside
from harness.tracking.store import Store
from harness.training.figures import save

INTRODUCTION = """One cell of a study, trained on each corpus with the study's settings and no search, and tested on all of them. Written by
`bench transfer` from the runs in MLflow; nothing is edited by hand.

**On the diagonal** a network is tested on the test part of its own corpus: speakers that are not in training, unless ‡ says so.
**Off the diagonal** it is tested on every clip of the other corpus whose emotion it knows. It chooses among the emotions that both
corpora have: the softmax over these alone, so that it never predicts an emotion which the other corpus lacks. RAVDESS's calm clips are
left out, of training too. Validation clips are of the corpus that was trained on; no clip of another corpus chose anything.

Figures are UAR, means over seeds, with 95 % intervals over the speakers of the tested corpus, and over trainings where there are several
seeds, with one variance for all networks that were tested on a corpus; with one seed, the luck of a training is in no interval.
**Columns do not compare** where their emotions differ in number: chance is 1 / the number of shared emotions, written below each figure."""
FEW = f"†: fewer than {LEAST_SPEAKERS} speakers were tested, so that there is no interval, and the figure says little about other voices."
KNOWN = """‡: the voices that the network is tested on are in training too, with other sentences: its corpus has too few speakers to
keep some apart."""


def write_transfer(store: Store) -> None:
    """Write `reports/transfer.md` and its pictures from every transfer experiment in the store, where there is any."""
    page = store.home / "reports" / TRANSFER_PAGE
    with staying(page):
        results = [matrix for name in store.studies(TRANSFER) for matrix in matrices(store, name)]
    if not results:
        return
    names = [f"{number}.png" for number, _ in enumerate(results, 1)]
    with new_pictures(page) as pictures:
        for matrix, name in zip(results, names, strict=True):
            _draw(matrix, pictures / name)
        write_beside(page, transfer_markdown(results, [link_to(page, name) for name in names]))


def _draw(matrix: Matrix, path: Path) -> None:
    cells = [[matrix.pairs.get((source, target)) for target in matrix.targets] for source in matrix.sources]
    values = np.array([[pair.above_chance if pair else math.nan for pair in line] for line in cells])
    texts = [[f"{pair.figure()[0]:.3f} {marks(pair)}\n(chance {pair.chance:.3f})" if pair else "–" for pair in line] for line in cells]
    save(matrix_figure(values, texts, matrix.sources, matrix.targets, f"{matrix.study}: UAR"), path)


def marks(pair: Pair) -> str:
    """† for too few speakers, ‡ for voices that are in training too."""
    return "†" * pair.few_speakers + "‡" * pair.known_voices


def uar_with_marks(pair: Pair) -> str:
    """`0.512 [0.489, 0.534] †`."""
    return f"{with_interval(*pair.figure())} {marks(pair)}".strip()


def figures_with_chance(matrix: Matrix) -> list[list[str]]:
    """A line for each corpus that was trained on: its name, then the figure on each target with its chance level, as plain text."""
    return [[source, *(f"{uar_with_marks(pair)} (chance {pair.chance:.3f})" if (pair := matrix.pairs.get((source, target))) else "–"
                       for target in matrix.targets)] for source in matrix.sources]


def transfer_markdown(results: Sequence[Matrix], pictures: Sequence[str]) -> str:
    """The whole report as Markdown; `pictures`: the path of each matrix's picture."""
    parts = ["# Trained on one corpus, tested on another"]
    for matrix, picture in zip(results, pictures, strict=True):
        parts += _matrix(matrix, picture)
    parts += ["## How it was measured", INTRODUCTION]
    return "\n\n".join(parts) + "\n"


def _matrix(matrix: Matrix, picture: str) -> list[str]:
    settings = f" with {code(matrix.settings)}" if matrix.settings else ""
    seeds = " or ".join(" ".join(sorted(numbers, key=int)) for numbers in sorted({pair.seeds for pair in matrix.pairs.values()}))
    targets = {pair.about.target: pair.about for pair in matrix.pairs.values()}
    lines = [[f"**{escape(source)}**", *(_cell(matrix.pairs.get((source, target))) for target in matrix.targets)]
             for source in matrix.sources]
    notes = [note for note, mark in ((FEW, "†"), (KNOWN, "‡")) if any(mark in marks(pair) for pair in matrix.pairs.values())]
    heads = ["pair", "UAR", "WA", "chance", "emotions", "clips", "speakers", "tested corpus"]
    details = [[f"{escape(source)} → {escape(target)}", *_details(pair)] for (source, target), pair in matrix.pairs.items()]
    return [f"## {escape(matrix.study)}: {escape(matrix.cell)}", quoted(sentences(matrix)), f"![UAR of each pair]({picture})",
            f"Trained for at most {matrix.epochs} epochs; seeds {seeds}{settings}.",
            table(["trained on ↓ tested on →", *(_head(targets[target]) for target in matrix.targets)], lines), *notes,
            folded("Each pair, and how to reproduce", f"{table(heads, details)}\n\n{_protocols(matrix)}\n\n{code(_command(matrix))}")]


def _head(about: About) -> str:
    state = about.coverage.rpartition(" ")[2]
    return escape(about.target) + (f" ({state})" if state != "whole" else "")


def _cell(pair: Pair | None) -> str:
    return "–" if pair is None else f"{uar_with_marks(pair)}<br>chance {pair.chance:.3f}"


def _details(pair: Pair) -> list[str]:
    coverage = f"{escape(pair.about.coverage)}{', its test part' if pair.about.own_test_part else ''}"
    return [uar_with_marks(pair), with_interval(*pair.figure("wa")), f"{pair.chance:.3f}", " ".join(map(escape, pair.emotions)),
            f"{pair.clips:,}", str(pair.counts.shape[1]), coverage]


def _protocols(matrix: Matrix) -> str:
    splits = {source: pair.split for (source, _), pair in matrix.pairs.items()}
    only = [escape(target) for target in matrix.targets if target not in splits]
    return ("Trained under: " + ", ".join(f"{escape(source)} {escape(split)}" for source, split in splits.items()) + "."
            + (f" Only tested on: {', '.join(only)}." if only else ""))


def sentences(matrix: Matrix) -> list[str]:
    """What is seen, in computed sentences."""
    unseen = [pair for pair in matrix.pairs.values() if pair.about.own_test_part and not pair.shares_speakers]
    others = [pair for pair in matrix.pairs.values() if not pair.about.own_test_part]
    if not others:
        return ["No pair of different corpora has been tested."]
    at_home, abroad = ([pair.above_chance for pair in pairs] for pairs in (unseen, others))
    lines = [f"Of what is possible above chance, networks reach {fmean(at_home):.0%} on unseen speakers of their own corpus and "
             f"{fmean(abroad):.0%} on other corpora (means over {len(unseen)} and {len(others)} pairs; ‡ is not among them)."
             ] if unseen else []
    best, worst = (choose(others, key=lambda pair: pair.above_chance) for choose in (max, min))
    lines.append(f"The best transfer is {_named(best)}, the worst {_named(worst)}.")
    sure = [pair for pair in others if not math.isnan(pair.figure()[1])]
    lost = [pair for pair in sure if pair.figure()[1] <= pair.chance]
    if sure:
        lines.append(f"Not significantly above chance: {'; '.join(map(_named, lost)) or 'none'}, of {len(sure)} pairs of different corpora "
                     "with an interval.")
    if any(pair.about.synthetic for pair in matrix.pairs.values()):
        lines.append("Synthetic corpora are no human speech: their figures only show that the machinery works.")
    return lines


def _named(pair: Pair) -> str:
    return f"{escape(pair.about.source)} → {escape(pair.about.target)} ({pair.figure()[0]:.3f}, chance {pair.chance:.3f})"


def _command(matrix: Matrix) -> str:
    seeds = sorted({seed for pair in matrix.pairs.values() for seed in pair.seeds}, key=int)
    data = [] if all(pair.about.synthetic for pair in matrix.pairs.values()) else ["--data", "DIR"]
    words = ["bench", "transfer", "--study", matrix.study_file or matrix.study, "--corpora", *matrix.targets, "--cell", matrix.cell,
             "--seeds", *seeds, *data]
    return f"{shlex.join(words)} {matrix.settings}".strip()
