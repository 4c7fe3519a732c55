"""What each leak is worth: the cells of a study under honest and leaking protocols, in an experiment of their own, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.audits import LEAKAGE
from harness.console import Console
from harness.features import padded_samples
from harness.leaderboard import Row, rows
from harness.leakage_report import COPIES, Measured, Under, render
from harness.prepare import chosen_cells
from harness.report import LEAKAGE as LEAKAGE_PAGE
from harness.report import write_beside
from harness.run import Execution, run_study
from harness.siblings import AugmentedBeforeSplit, AugmentedFirst, leak_on_purpose
from harness.study import Cell, Recipe, Study, Trial, applies, plan
from harness.study_files import chosen_study, component
from harness.tracking import Tracker, studies
from harness.trial import Workplace, open_corpus
from registry.augmentation import Augmentation
from registry.core import get, label_of
from registry.corpus import Corpus
from registry.errors import BenchError

PREFIX = "leakage-"  # of the experiments' names
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Asked:
    """What a call of `bench leakage` wants.

    Args:
        cell: label of the one cell; None: all. settings: fixed in every cell. copies: augmentations of cells that make no copies.
    """

    study: str
    cell: str | None = None
    corpus: str | None = None
    seeds: tuple[int, ...] = SEEDS
    settings: dict[str, Any] = field(default_factory=dict)
    copies: tuple[str, ...] = COPIES


def leakage(asked: Asked, workplace: Workplace, console: Console, allow_missing: bool = False,
            execution: Execution | None = None) -> list[Measured]:
    """Train the study's cells, without a search, under every protocol, and write the report; the same call continues.

    Returns: what was measured of this study.
    Raises: BenchError for what must be mended first, or when nothing could be trained.
    """
    name, study = chosen_study(asked.study, corpus=asked.corpus, seeds=list(asked.seeds))
    corpus = open_corpus(study.corpus, workplace.data, workplace.left_out)
    cells = list({c.label: c for c in chosen_cells(plan(study, corpus.fingerprint, asked.settings), asked.cell)}.values())
    copies = Augmentation(copies=tuple(component("augmentations", text) for text in asked.copies)).copies
    Tracker(workplace.home, PREFIX + name, LEAKAGE)  # made first, so that its runs are on no leaderboard
    with leak_on_purpose():
        for part in _studies(study, cells, copies, corpus):
            fixed = {key: value for key, value in asked.settings.items() if any(applies(trial, key) for trial in _trials(part))}
            run_study(asked.study, part, workplace, fixed, console, allow_missing=allow_missing, name=PREFIX + name,
                      execution=execution)
    found = measured(workplace.home, PREFIX + name)
    if not found:
        raise BenchError(f"no training of {name} finished: the runs of the experiment {PREFIX}{name} tell the reasons")
    write_leakage(workplace.home)
    return found


def _trials(study: Study) -> list[Trial]:
    return [cell.base for cell in plan(study, "")]


def _studies(study: Study, cells: Sequence[Cell], copies: tuple[Any, ...], corpus: Corpus) -> list[Study]:
    """The honest protocols as one study, and a wrong one for each way of making copies before the split."""
    unseen, sentences, clips = protocols(study)
    honest: list[Recipe] = []
    wrong: dict[AugmentedFirst, list[Recipe]] = {}
    for cell in cells:
        recipe, own = _recipe(cell, (unseen, sentences, clips)), cell.base.augmentation
        copied = own if own.copies else dataclasses.replace(own, copies=copies)
        honest += [recipe] if own.copies else [recipe, dataclasses.replace(recipe, splits=(clips,), augmentation=copied)]
        space = cell.base.feature_space
        first = AugmentedFirst(corpus=study.corpus, augmentation=dataclasses.replace(copied, on_the_fly=()),
                               sample_rate=space.sample_rate, samples=padded_samples(corpus, space), trim_db=space.trim_db)
        wrong.setdefault(first, []).append(dataclasses.replace(recipe, splits=(AugmentedBeforeSplit(split=clips),),
                                                               augmentation=dataclasses.replace(own, copies=())))
    bare = Study(corpus=study.corpus, recipes=tuple(honest), trials=0, seeds=study.seeds, best_models=0)
    return [bare, *(dataclasses.replace(bare, corpus=first, recipes=tuple(recipes)) for first, recipes in wrong.items())]


def _recipe(cell: Cell, splits: tuple[Any, ...]) -> Recipe:
    base = cell.base
    return Recipe(name=cell.label, feature_space=base.feature_space, architecture=base.architecture, splits=splits, training=base.training,
                  augmentation=base.augmentation)


def protocols(study: Study) -> tuple[Any, Any, Any]:
    """Unseen speakers, unseen sentences and random clips: the study's own random split and its twins, or 80/20."""
    own = {label_of(type(split)): split for split in study.protocols}
    share = next((share for share in ("80_20", "70_30") if f"random_{share}" in own), "80_20")
    clips = own.get(f"random_{share}") or get("splits", f"random_{share}")()
    twins = (get("splits", name)(seed=clips.seed) for name in (f"unseen_speakers_{share}", "unseen_sentences"))
    return (*twins, clips)


def measured(home: Path, experiment: str) -> list[Measured]:
    """Each cell's newest figures under each protocol, all trained for as many epochs on the same corpus, in the store's order."""
    tracker = Tracker(home, experiment, LEAKAGE)
    records = tracker.records()
    made = sorted((row for row in rows(records) if row.seeds), key=lambda row: row.asked_at)
    newest, asked = {row.recipe: row for row in made}, next((r.tags["bench.asked"] for r in records if r.kind == "study"), "")
    found = []
    for cell in dict.fromkeys(row.recipe for row in made):
        like = [row for row in made if row.recipe == cell and all(getattr(row, key) == getattr(newest[cell], key)
                                                                  for key in ("corpus", "epochs", "backend", "seed_numbers"))]
        under = {protocol: under for protocol, row in {protocol_of(row): row for row in like}.items() if (under := _under(row, tracker))}
        found.append(Measured(experiment.removeprefix(PREFIX), cell, under, asked))
    return [each for each in found if each.under]


def protocol_of(row: Row) -> str:
    """Which of `leakage_report.PROTOCOLS` a row was trained under."""
    name = row.split.partition("[")[0]
    if name.startswith("random"):
        return "after" if "copies of" in row.augmentation else "random"
    return {"augmented_before_split": "before", "unseen_sentences": "sentences"}.get(name, "speakers")


def _under(row: Row, tracker: Tracker) -> Under | None:
    """A row's counts; None when its predictions are gone from the store."""
    said = [found for run in row.seed_runs if (found := tracker.predictions(run, "test"))]
    if len(said) < len(row.seed_runs):
        return None
    counts = np.array([each.counts_by(each.speakers) for each in said])  # (seeds, speakers, truth, predicted)
    return Under(counts, tuple(sorted(said[0].clips.tolist())), row.clips, row.coverage, row.synthetic, int(row.epochs), row.seed_numbers,
                 row.corpus_label, row.settings, row.augmentation)


def write_leakage(home: Path) -> Path | None:
    """Write `reports/leakage.md` from every leakage experiment in the store; None without any."""
    found = [each for name in studies(home, LEAKAGE) for each in measured(home, name)]
    if not found:
        return None
    write_beside(home / "reports" / LEAKAGE_PAGE, render(found))
    return home / "reports" / LEAKAGE_PAGE
