"""Runs the cells of a study under honest and leaking protocols, in an experiment of its own, and reads the results back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.analyses.leakage.enrolment import MARK, Enrolment, enrolments, reason_not_priced
from harness.analyses.leakage.enrolment_section import lines_of
from harness.analyses.leakage.finding import NOTHING, panel
from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.leakage.plan import PlannedCell, parts, planned_cells, protocols
from harness.analyses.leakage.report import leakage_markdown
from harness.analyses.leakage.worth import PROTOCOLS, CellUnderProtocols, KnownResult, ProtocolResult
from harness.console import Console
from harness.data.copies_before_split import refuse_leaks
from harness.data.corpora import Workspace, open_corpus, refuse_broken
from harness.evaluation.final_predictions import complete_predictions
from harness.evaluation.find_runs import LEAKAGE
from harness.evaluation.rows import Row, rows
from harness.execution.prepare import feasible, split_reason
from harness.execution.run_study import Execution, run_study
from harness.reports.answer_figures import rows_figure
from harness.reports.figures import enrolment_figure
from harness.reports.pages import LEAKAGE_PAGE, link_to, new_pictures, staying, write_beside
from harness.study.cells import Cell, chosen_cells, plan
from harness.study.files import chosen_study, parse_component
from harness.study.settings import has_setting
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.figures import save
from harness.training.predictions import Predictions
from registry.augmentation import Augmentation
from registry.core import short_label
from registry.corpus import Corpus
from registry.errors import BenchError, require

PREFIX = "leakage-"  # of the experiments' names
WORTH = "worth.png"


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
    cells = planned_cells(study, _of_any_speaker(chosen_cells(made, options.cell), console), copies)
    refuse_broken(corpus, allow_missing)
    known = _known_splits(options, protocols(study)[0], cells, corpus, console)
    runs = [(part, {key: value for key, value in options.settings.items() if any(has_setting(cell.base, key) for cell in plan(part, ""))})
            for part in parts(study, cells, corpus, known)]
    for part, fixed in runs:  # a protocol that can't be compared is known before any other is trained
        feasible(part, open_corpus(part.corpus, workspace.data, workspace.left_out), fixed)
    tracker = store.experiment(PREFIX + name, LEAKAGE)  # made first, so that its runs are on no leaderboard
    named, keys_of = {cell.name: cell for cell in cells}, {short_label(split): key for key, split in known.items()}
    for part, fixed in runs:
        since = time.time()
        keys = run_study(replace(file, name=PREFIX + name, study=part), store, workspace, fixed, console, allow_missing=allow_missing,
                         execution=execution, leaks_allowed=True, kind=LEAKAGE)
        for final in tracker.records("final"):
            if final.state == "finished" and final.about.cell in keys and final.about.requested_at >= since - 0.01:
                cell = named[final.about.recipe]
                key = keys_of.get(final.about.split) or cell.stands_for(final)
                tracker.tag(final.run_id, RunTags(compared={cell.identity: key}))  # reports match by that, not by names
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
        keys = {final.about.cell: final.about.compared[identity].split() for final in finals}
        trained = {row.cell: row for row in rows([*seeds, *finals]) if row.seeds}
        if trained:
            cell = _cell(experiment.removeprefix(PREFIX), study_file, trained, keys, tracker)
            dated.append((max(row.requested_at for row in trained.values()), cell))
    return list({(cell.cell, cell.corpus): cell for _, cell in sorted(dated, key=lambda pair: pair[0])}.values())


def _cell(study: str, study_file: str, trained: Mapping[str, Row], keys: Mapping[str, list[str]], tracker: Tracker) -> CellUnderProtocols:
    """One comparison. Args: trained: its rows. keys: what each stands for. Raises: BenchError when predictions are gone."""
    predictions = {cell: complete_predictions(tracker, row) for cell, row in trained.items()}
    places = {key: cell for cell in trained for key in keys[cell]}
    under = {key: _result(trained[cell], predictions[cell]) for key, cell in places.items() if key in PROTOCOLS}
    known = []
    for key, cell in places.items():
        if key.startswith(MARK) and "speakers" in places:
            same_clips = [each.of_clips(predictions[cell][0].clips) for each in predictions[places["speakers"]]]
            known.append(KnownResult(Enrolment.of(key), _result(trained[cell], predictions[cell]),
                                     _result(trained[places["speakers"]], same_clips), predictions[cell][0].emotions))
    ordered = sorted(known, key=lambda each: (len(each.enrolment.emotions), each.enrolment.order))
    return CellUnderProtocols(study, next(iter(trained.values())).recipe, under, study_file, tuple(ordered))


def _result(row: Row, predictions: Sequence[Predictions]) -> ProtocolResult:
    """What a row has of its finals. Args: predictions: of its seeds, on all or some of its test clips."""
    return ProtocolResult(predictions, row.clips, row.coverage, row.synthetic, row.epochs, row.seed_numbers, row.corpus_label, row.settings,
                          row.augmentation)


def _of_any_speaker(cells: Sequence[Cell], console: Console) -> list[Cell]:
    """The cells that need not know who speaks; the others are told. Raises: UsageError where all of them need to."""
    fitting = [cell for cell in cells if cell.base.feature_space.normalise != "per_speaker"]
    others = sorted({cell.label for cell in cells if cell not in fitting})
    require(len(fitting) > 0, f"{', '.join(others)} standardises within each speaker, which no protocol here allows: name the cell that "
                              "does not, and what knowing the speaker is worth is measured by --enrolment")
    for label in others:
        console.say(f"left out: {label}: it standardises within each speaker, which --enrolment does for the other cells")
    return fitting


def _known_splits(options: LeakageOptions, unseen: Any, cells: Sequence[PlannedCell], corpus: Corpus, console: Console) -> dict[str, Any]:
    """Key -> protocol of each enrolment that fits the corpus; what does not fit is told."""
    splits = {enrolment.key: enrolment.split(unseen) for enrolment in enrolments(options.enrolment, corpus.emotions)}
    reasons = {key: split_reason(split, corpus) for key, split in splits.items()}
    told = [*filter(None, reasons.values()),
            *(f"{cell.name}: {why}" for cell in cells if splits and (why := reason_not_priced(cell.base)))]
    for reason in told:
        console.say(f"speakers not known: {reason}")
    return {key: split for key, split in splits.items() if not reasons[key]}


def write_leakage(store: Store) -> None:
    """Write `reports/leakage.md` and its pictures from every leakage experiment in the store, where there is any."""
    page = store.home / "reports" / LEAKAGE_PAGE
    with staying(page):
        cells = [cell for name in store.studies(LEAKAGE) for cell in cells_under_protocols(store, name)]
    if not cells:
        return
    with new_pictures(page) as pictures:
        names = {id(cell): f"{number}.png" for number, cell in enumerate((cell for cell in cells if cell.known), 1)}

        def draw(cell: CellUnderProtocols) -> str:
            save(enrolment_figure(lines_of(cell.known)), pictures / names[id(cell)])
            return link_to(page, names[id(cell)])

        rows = panel(cells)
        if rows:
            save(rows_figure({"": rows}, {NOTHING: 0.0}, label="points of test UAR gained, with 95 % interval"), pictures / WORTH)
        write_beside(page, leakage_markdown(cells, draw, link_to(page, WORTH) if rows else "", page))
