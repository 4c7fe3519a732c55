"""What each leak is worth: the cells of a study under honest and leaking protocols, in an experiment of their own, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.leakage.plan import PlannedCell, parts, planned_cells
from harness.analyses.leakage.report import COPIES, leakage_markdown
from harness.analyses.leakage.worth import CellUnderProtocols, ProtocolResult
from harness.console import Console
from harness.data.copies_before_split import leak_on_purpose
from harness.data.corpora import Workspace, open_corpus
from harness.evaluation.audit import LEAKAGE
from harness.evaluation.rows import Row, rows
from harness.execution.run_study import Execution, run_study
from harness.reports.pages import LEAKAGE_PAGE, write_beside
from harness.study.cells import chosen_cells, plan
from harness.study.definition import Study
from harness.study.files import chosen_study, parse_component
from harness.study.settings import has_setting
from harness.study.trial import Trial
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from registry.augmentation import Augmentation
from registry.errors import BenchError

PREFIX = "leakage-"  # of the experiments' names
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class LeakageOptions:
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


def measure_leakage(asked: LeakageOptions, store: Store, workplace: Workspace, console: Console, allow_missing: bool = False,
                    execution: Execution | None = None) -> list[CellUnderProtocols]:
    """Train the study's cells, without a search, under every protocol, and write the report; the same call continues.

    Returns: what was measured of this study.
    Raises: BenchError for what must be mended first, or when nothing could be trained.
    """
    file = chosen_study(asked.study, corpus=asked.corpus, seeds=list(asked.seeds))
    name, study = file.name, file.study
    corpus = open_corpus(study.corpus, workplace.data, workplace.left_out)
    copies = Augmentation(copies=tuple(parse_component("augmentations", text) for text in asked.copies)).copies
    cells = planned_cells(study, chosen_cells(plan(study, corpus.fingerprint, asked.settings), asked.cell), copies)
    tracker = store.experiment(PREFIX + name, LEAKAGE)  # made first, so that its runs are on no leaderboard
    with leak_on_purpose():
        for part in parts(study, cells, corpus):
            fixed = {key: value for key, value in asked.settings.items() if any(has_setting(trial, key) for trial in _trials(part))}
            since = time.time()
            keys = run_study(replace(file, name=PREFIX + name, study=part), store, workplace, fixed, console, allow_missing=allow_missing,
                             execution=execution)
            _note(tracker, [r for r in tracker.records("final") if r.state == "finished" and r.about.cell in keys
                            and r.about.requested_at >= since - 0.01], {cell.name: cell for cell in cells})
    found = cells_under_protocols(store, PREFIX + name)
    if not found:
        raise BenchError(f"no training of {name} finished: the runs of the experiment {PREFIX}{name} tell the reasons")
    write_leakage(store)
    return found


def _note(tracker: Tracker, finals: list[RunRecord], cells: Mapping[str, PlannedCell]) -> None:
    """Write on each final which comparison it belongs to: reports match by that, not by names."""
    for final in finals:
        cell = cells[final.about.recipe]
        tracker.tag(final.run_id, RunTags(compared={cell.identity: cell.stands_for(final)}))


def _trials(study: Study) -> list[Trial]:
    return [cell.base for cell in plan(study, "")]


def cells_under_protocols(store: Store, experiment: str) -> list[CellUnderProtocols]:
    """The newest comparison of each cell on each corpus, in the store's order; only finals that were trained for it are its sides."""
    tracker = store.experiment(experiment, LEAKAGE)
    records = tracker.records()
    asked = next((r.about.study_file for r in records if r.kind == "study"), "")
    sides: dict[str, dict[str, str]] = {}  # comparison -> final -> the protocols that it stands for
    for record in records:
        for key, protocols in record.about.compared.items():
            sides.setdefault(key, {})[record.run_id] = protocols
    found: list[tuple[float, CellUnderProtocols]] = []
    for own in sides.values():
        cells = {r.about.cell: own[r.run_id] for r in records if r.run_id in own}
        made = [row for row in rows([r for r in records if r.kind == "seed" or r.run_id in own]) if row.seeds and row.cell in cells]
        under = {protocol: one for row in made if (one := _under(row, tracker)) for protocol in cells[row.cell].split()}
        if under:
            found.append((max(row.requested_at for row in made), CellUnderProtocols(experiment.removeprefix(PREFIX), made[0].recipe, under,
                                                                                asked)))
    return list({(cell.cell, cell.corpus): cell for _, cell in sorted(found, key=lambda each: each[0])}.values())


def _under(row: Row, tracker: Tracker) -> ProtocolResult | None:
    """A row's counts; None when its predictions are gone from the store."""
    said = [found for run in row.seed_runs if (found := tracker.predictions(run, "test"))]
    if len(said) < len(row.seed_runs):
        return None
    counts = np.array([each.counts_by(each.speakers) for each in said])  # (seeds, speakers, truth, predicted)
    return ProtocolResult(counts, tuple(sorted(said[0].clips.tolist())), row.clips, row.coverage, row.synthetic, row.epochs,
                          row.seed_numbers,
                          row.corpus_label, row.settings, row.augmentation)


def write_leakage(store: Store) -> Path | None:
    """Write `reports/leakage.md` from every leakage experiment in the store; None without any."""
    found = [each for name in store.studies(LEAKAGE) for each in cells_under_protocols(store, name)]
    if not found:
        return None
    write_beside(store.home / "reports" / LEAKAGE_PAGE, leakage_markdown(found))
    return store.home / "reports" / LEAKAGE_PAGE
