"""Runs the cells of a study under honest and leaking protocols, in an experiment of its own, and reads the results back."""

from __future__ import annotations

import time
from dataclasses import replace

from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.leakage.plan import parts, planned_cells
from harness.analyses.leakage.report import leakage_markdown
from harness.analyses.leakage.worth import CellUnderProtocols, ProtocolResult
from harness.console import Console
from harness.data.copies_before_split import refuse_leaks
from harness.data.corpora import Workspace, open_corpus, refuse_broken
from harness.evaluation.final_predictions import complete_predictions
from harness.evaluation.find_runs import LEAKAGE
from harness.evaluation.rows import Row, rows
from harness.execution.prepare import feasible
from harness.execution.run_study import Execution, run_study
from harness.reports.pages import LEAKAGE_PAGE, staying, write_beside
from harness.study.cells import chosen_cells, plan
from harness.study.files import chosen_study, parse_component
from harness.study.settings import has_setting
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import speaker_counts
from registry.augmentation import Augmentation
from registry.errors import BenchError

PREFIX = "leakage-"  # of the experiments' names


def measure_leakage(options: LeakageOptions, store: Store, workspace: Workspace, console: Console, allow_missing: bool = False,
                    execution: Execution | None = None) -> list[CellUnderProtocols]:
    """Train the study's cells, without a search, under every protocol, and write the report; the same call continues.

    Returns: the study's cells with their results.
    Raises: BenchError for what must be fixed first, or when nothing could be trained.
    """
    file = chosen_study(options.study, corpus=options.corpus, seeds=list(options.seeds))
    name, study = file.name, file.study
    refuse_leaks(study)
    store.check_experiment(PREFIX + name, LEAKAGE)
    corpus = open_corpus(study.corpus, workspace.data, workspace.left_out)
    copies = Augmentation(copies=tuple(parse_component("augmentations", text) for text in options.copies)).copies
    made = plan(study, corpus.fingerprint, options.settings, corpus.votes_fingerprint)
    cells = planned_cells(study, chosen_cells(made, options.cell), copies)
    refuse_broken(corpus, allow_missing)
    runs = [(part, {key: value for key, value in options.settings.items() if any(has_setting(cell.base, key) for cell in plan(part, ""))})
            for part in parts(study, cells, corpus)]
    for part, fixed in runs:  # a protocol that can't be compared is known before any other is trained
        feasible(part, open_corpus(part.corpus, workspace.data, workspace.left_out), fixed)
    tracker = store.experiment(PREFIX + name, LEAKAGE)  # made first, so that its runs are on no leaderboard
    named = {cell.name: cell for cell in cells}
    for part, fixed in runs:
        since = time.time()
        keys = run_study(replace(file, name=PREFIX + name, study=part), store, workspace, fixed, console, allow_missing=allow_missing,
                         execution=execution, leaks_allowed=True, kind=LEAKAGE)
        for final in tracker.records("final"):
            if final.state == "finished" and final.about.cell in keys and final.about.requested_at >= since - 0.01:
                cell = named[final.about.recipe]
                tracker.tag(final.run_id, RunTags(compared={cell.identity: cell.stands_for(final)}))  # reports match by that, not by names
    results = cells_under_protocols(store, PREFIX + name)
    if not results:
        raise BenchError(f"no training of {name} finished: the runs of the experiment {PREFIX}{name} have the reasons")
    write_leakage(store)
    return results


def cells_under_protocols(store: Store, experiment: str) -> list[CellUnderProtocols]:
    """The newest comparison of each cell on each corpus, in the store's order, from the finals that were trained for it."""
    tracker = store.experiment(experiment, LEAKAGE)
    records = tracker.records()
    study_file = next((record.about.study_file for record in records if record.kind == "study"), "")
    seeds = [record for record in records if record.kind == "seed"]
    dated: list[tuple[float, CellUnderProtocols]] = []
    for identity in dict.fromkeys(identity for record in records for identity in record.about.compared):
        finals = [record for record in records if identity in record.about.compared]
        protocols = {final.about.cell: final.about.compared[identity].split() for final in finals}
        trained = [row for row in rows([*seeds, *finals]) if row.seeds]
        under = {protocol: _under(row, tracker) for row in trained for protocol in protocols[row.cell]}
        if under:
            cell = CellUnderProtocols(experiment.removeprefix(PREFIX), trained[0].recipe, under, study_file)
            dated.append((max(row.requested_at for row in trained), cell))
    return list({(cell.cell, cell.corpus): cell for _, cell in sorted(dated, key=lambda pair: pair[0])}.values())


def _under(row: Row, tracker: Tracker) -> ProtocolResult:
    """A row's counts. Raises: BenchError when its predictions are gone from the store."""
    predictions = complete_predictions(tracker, row)
    test = tuple(sorted(predictions[0].clips.tolist()))
    return ProtocolResult(speaker_counts(predictions), test, row.clips, row.coverage, row.synthetic, row.epochs, row.seed_numbers,
                          row.corpus_label, row.settings, row.augmentation)


def write_leakage(store: Store) -> None:
    """Write `reports/leakage.md` from every leakage experiment in the store, where there is any."""
    page = store.home / "reports" / LEAKAGE_PAGE
    with staying(page):
        cells = [cell for name in store.studies(LEAKAGE) for cell in cells_under_protocols(store, name)]
    if cells:
        write_beside(page, leakage_markdown(cells))
