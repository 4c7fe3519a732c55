"""Runs a study: searches each cell, trains the finals, and leaves a record of every trial; the same call continues."""

from __future__ import annotations

import itertools
from typing import Any

from filelock import FileLock

from harness.console import Console
from harness.devices import set_up
from harness.finals import finals
from harness.prepare import prepare
from harness.search import Contradiction, Search
from harness.study import Cell, Study, keras_backend, plan
from harness.study_files import find
from harness.tracking import Tracker
from harness.trial import Workplace
from harness.work import STOPPED, Progress, Run, identity, title, work
from registry.core import describe, short_label


def run_study(asked: str, study: Study, workplace: Workplace, settings: dict[str, Any], console: Console, *, only_cell: str | None = None,
              allow_missing: bool = False, name: str = "") -> set[str]:
    """Search every cell and train its finals, continuing where an earlier call stopped.

    Args:
        asked: the study's name or file, as the user gave it. settings: fixed for every cell, as `training.epochs` -> 5.
        only_cell: label of the one cell to run. allow_missing: go on without missing or damaged clips.
        name: of the experiment, where it is not the study's.
    Returns: the keys of the cells that were run.
    Raises: BenchError for what must be mended first. KeyboardInterrupt after the running trial is recorded as killed.
    """
    prepared = prepare(study, workplace, settings, only_cell, allow_missing, console)
    console.say(f"{len(prepared.cells)} cells; starting {keras_backend()} and opening the stores below {workplace.home} …")
    set_up()
    name = name or find(asked).stem
    groups = [(label, list(cells)) for label, cells in itertools.groupby(prepared.cells, key=lambda c: short_label(c.base.split))]
    (workplace.home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(workplace.home / ".bench" / "stores.lock"):  # two first starts must not both make the tables
        run = Run(name, asked, study, prepared, console, Tracker(workplace.home, name), settings, allow_missing)
        searches = [(Search(workplace.home, name, label, cells, study.prune), cells) for label, cells in groups]
    left = run.tracker.reconcile() + sum(search.reconcile() for search, _ in searches)
    if left:
        console.say(f"ended {left} records that an interrupted run left open; their trials are run again")
    run.varied = varied_settings(plan(study, prepared.corpus.fingerprint, settings), settings)
    run.known = {r.tags["bench.signature"]: r for r in run.tracker.records("trial", "seed") if r.state in ("finished", "pruned")}
    run.parent = _open_parent(run)
    try:
        for search, cells in searches:
            _search(run, search, cells)
            finals(run, search, cells)
    except KeyboardInterrupt:
        run.tracker.end(run.parent, "killed")
        raise
    except BaseException:
        run.tracker.end(run.parent, "failed")
        raise
    run.tracker.end(run.parent, "finished")
    return {cell.key for cell in prepared.cells}


def varied_settings(cells: list[Cell], settings: dict[str, Any]) -> tuple[str, ...]:
    """What differs between the trials of a study: components with more than one choice, searched settings and those fixed by the call."""
    recipes = {c.recipe for c in cells}
    components = {"feature_space": {c.base.feature_space.label for c in cells},
                  "architecture": {short_label(c.base.architecture) for c in cells},
                  "augmentation": {c.base.augmentation.label for c in cells}}
    choices = {**({"recipe": recipes} if any(recipes) else components), "split": {short_label(c.base.split) for c in cells}}
    return (*(part for part, labels in choices.items() if len(labels) > 1), *sorted({s for c in cells for s in c.search} | set(settings)))


def _open_parent(run: Run) -> str:
    """The study's own run for this corpus, opened again when there is one."""
    corpus = run.prepared.corpus
    tags = {"corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint[:16], "coverage": corpus.coverage,
            "synthetic": str(corpus.synthetic)}
    earlier = [r for r in run.tracker.records("study") if r.tags.get("bench.corpus_fingerprint") == tags["corpus_fingerprint"]]
    if earlier:
        run.tracker.resume(earlier[-1].run_id)
        run_id = earlier[-1].run_id
    else:
        run_id = run.tracker.start("study", f"{run.name} on {corpus.name}", None, tags)
    declined = "\n".join(f"{where}: {reason}" for where, reason in run.prepared.declined.items())
    run.tracker.tag(run_id, {"declined": declined[:4900], "question": describe(find(run.asked)), "asked": run.asked})
    return run_id


def _search(run: Run, search: Search, cells: list[Cell]) -> None:
    """Give every cell its trials, in rounds, so that each has its first before any has its second."""
    if not run.study.trials:
        return
    missing = {cell.key: max(0, run.study.trials - len(search.done(cell))) for cell in cells}
    label = short_label(cells[0].base.split)
    run.console.say(f"{label}: {len(cells)} cells × {run.study.trials} trials, {sum(missing.values())} to do")
    with run.console.working(), run.console.bar(f"{label}: trials", sum(missing.values())) as bar:
        progress = Progress(bar)
        for _ in range(max(missing.values(), default=0)):
            for cell in cells:
                if missing[cell.key]:
                    missing[cell.key] -= 1
                    _try(run, cell, search, progress)


def _try(run: Run, cell: Cell, search: Search, progress: Progress) -> None:
    """One trial of the search, run unless its signature is known, and told to Optuna."""
    try:
        proposal = search.propose(cell)
    except Contradiction as error:
        _record_contradiction(run, cell, error)
        progress.advance(1)
        return
    known = run.known.get(proposal.trial.signature)
    if known:
        proposal.tell(known.state, known.metrics.get("validation/uar"))
        progress.advance(1)
        return
    try:
        _, result = work(run, "trial", cell, proposal.trial, run.parent, progress, proposal)
    except KeyboardInterrupt:
        proposal.tell("killed", None, STOPPED)
        raise
    proposal.tell(result.state, result.validation.uar if result.validation else None, result.reason)


def _record_contradiction(run: Run, cell: Cell, error: Contradiction) -> None:
    """A failed row for proposed settings that can't be used together."""
    tags, params = identity(run, cell, cell.base)
    params |= error.params
    run_id = run.tracker.start("trial", title(params), run.parent, {**tags, "reason": str(error)}, params)
    run.tracker.end(run_id, "failed")
    run.console.say(f"  {title(params)}: failed ({error})")
