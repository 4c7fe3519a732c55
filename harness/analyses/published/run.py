"""Runs the published recipes one after the other and writes their comparison; the same call continues."""

from __future__ import annotations

import math
from typing import Any

from harness.analyses.published.finding import panel
from harness.analyses.published.options import ReplicateOptions
from harness.analyses.published.report import published_markdown
from harness.analyses.published.systems import System, chosen
from harness.analyses.published.verdicts import Comparison, comparisons, from_earlier_report, to_json
from harness.console import Console
from harness.data.corpora import Workspace, open_corpus
from harness.execution.run_study import Execution, run_study
from harness.reports.answer_figures import rows_figure
from harness.reports.index import write_index
from harness.reports.pages import PUBLISHED, link_to, new_pictures, staying, write_beside
from harness.reports.study_report import write_report
from harness.study.cells import chosen_cells, plan
from harness.study.files import StudyFile, chosen_study
from harness.tracking.store import Store
from harness.training.figures import save
from registry.errors import BenchError

PICTURE = "wa.png"


def replicate(options: ReplicateOptions, store: Store, workspace: Workspace, console: Console, allow_missing: bool = False,
              execution: Execution | None = None) -> list[Comparison]:
    """Train each recipe under its own split and under its twin of unseen speakers, then write the report.

    Returns: the comparisons of these recipes.
    Raises: UsageError for an unknown name or setting, before anything is trained; BenchError with the reasons, after the others
        ran, when recipes gave nothing.
    """
    plans = [_planned(options, system, name, workspace) for system, name in chosen(options.names, options.variants)]
    failed: dict[str, str] = {}
    for place, (name, system, file, settings) in enumerate(plans, 1):
        published = system.recipe(name).training.epochs
        console.say(f"{place} of {len(plans)}: {name}, {settings.get('training.epochs', published)} of {published} epochs")
        try:
            keys = run_study(file, store, workspace, settings, console, only_cell=name, allow_missing=allow_missing, execution=execution)
            if not any(row.seeds for board in write_report(store, system.name)[1] for row in board.rows if row.cell in keys):
                failed[name] = f"no training finished; {workspace.home / 'reports' / system.name}.md lists the reasons"
        except BenchError as error:
            failed[name] = str(error)
            console.say(f"{name} could not be run: {error}")
    compared = write_published(store)
    write_index(store, {})
    if failed:
        raise BenchError("recipes that gave no figures:\n" + "\n".join(f"  {name}: {reason}" for name, reason in failed.items()))
    return [comparison for comparison in compared if comparison.name in {name for name, *_ in plans}]


def _planned(options: ReplicateOptions, system: System, name: str, workspace: Workspace) -> tuple[str, System, StudyFile, dict[str, Any]]:
    """A recipe with its study and settings as the options change them; BenchError when it can't be run, or its corpus is not there."""
    file = chosen_study(system.name, corpus=options.corpus, splits=options.splits, seeds=options.seeds)
    training = system.recipe(name).training
    shorter = {} if options.epochs_scale == 1 else {"training.epochs": scaled(training.epochs, options.epochs_scale)}
    if shorter and training.schedule == "step":
        shorter["training.drop_epochs"] = scaled(training.drop_epochs, options.epochs_scale)
    settings = {**shorter, **options.settings}
    chosen_cells(plan(file.study, open_corpus(file.study.corpus, workspace.data).fingerprint, settings), None)
    return name, system, file, settings


def scaled(epochs: int, scale: float) -> int:
    """A share of the published epochs, at least one.

    >>> scaled(1000, 0.01), scaled(5, 0.1)
    (10, 1)
    """
    return max(1, math.ceil(round(epochs * scale, 6)))


def write_published(store: Store) -> list[Comparison]:
    """Write the comparison of the published systems, where any of them has runs here or in an earlier report, and return it."""
    page = store.home / "reports" / PUBLISHED
    data = page.with_suffix(".json")
    with staying(page):
        compared = comparisons(store, from_earlier_report(data))
    if compared:
        with new_pictures(page) as pictures:
            figure = rows_figure({"": panel(compared)}, {}, label="test WA, as measured with its 95 % interval")
            save(figure, pictures / PICTURE)
            pages = {path.stem for path in page.parent.glob("*.md")}
            write_beside(page, published_markdown(compared, pages, link_to(page, PICTURE), page))
        write_beside(data, to_json(compared))
    return compared
