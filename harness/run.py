"""Runs a study: searches each cell, trains the finals, and leaves a record of every trial; the same call continues."""

from __future__ import annotations

import dataclasses
import itertools
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import saved_model
from harness.console import Bar, Console
from harness.devices import set_up
from harness.features import padded_samples
from harness.prepare import Prepared, prepare
from harness.search import Proposal, Search
from harness.statistics import mean_sd
from harness.study import Cell, Study, Trial, keras_backend, setting_value
from harness.study_files import find
from harness.tracking import Record, Tracker, flat_metrics
from harness.trial import Pruned, Result, Workplace, run_trial
from registry.core import describe, short_label
from registry.errors import BenchError

STOPPED = "stopped by the user"
PARTS = ("feature_space", "architecture", "split")


@dataclass
class Progress:
    """Where a run stands, for people."""

    bar: Bar
    done: int = 0
    best: float = 0.0

    def advance(self, steps: int, validation_uar: float = 0.0) -> None:
        """Count finished work and keep the best validation UAR so far."""
        self.done, self.best = self.done + steps, max(self.best, validation_uar)
        self.bar.at(self.done, note=f"best validation UAR {self.best:.3f}" if self.best else "")


@dataclass
class Run:
    """One start of `bench run`: what is shared by its trials and finals."""

    name: str
    asked: str
    study: Study
    prepared: Prepared
    console: Console
    tracker: Tracker
    settings: dict[str, Any]
    parent: str = ""
    known: dict[str, Record] = field(default_factory=dict)
    varied: tuple[str, ...] = ()


def run_study(asked: str, study: Study, workplace: Workplace, settings: dict[str, Any], console: Console, *, only_cell: str | None = None,
              allow_missing: bool = False) -> None:
    """Search every cell and train its finals, continuing where an earlier call stopped.

    Args:
        asked: the study's name or file, as the user gave it. settings: fixed for every cell, as `training.epochs` -> 5.
        only_cell: label of the one cell to run. allow_missing: go on without missing or damaged clips.
    Raises: BenchError for what must be mended first. KeyboardInterrupt after the running trial is recorded as killed.
    """
    prepared = prepare(study, workplace, settings, only_cell, allow_missing, console)
    console.say(f"{len(prepared.cells)} cells; starting {keras_backend()} and opening the stores below {workplace.home} …")
    set_up()
    name = find(asked).stem
    run = Run(name, asked, study, prepared, console, Tracker(workplace.home, name), settings)
    groups = [(label, list(cells)) for label, cells in itertools.groupby(prepared.cells, key=lambda c: short_label(c.base.split))]
    searches = [(Search(workplace.home, name, label, cells, study.prune), cells) for label, cells in groups]
    left = run.tracker.reconcile() + sum(search.reconcile() for search, _ in searches)
    if left:
        console.say(f"ended {left} records that an interrupted run left open; their trials are run again")
    run.varied = varied_settings(prepared.cells)
    run.known = {r.tags["bench.signature"]: r for r in run.tracker.records("trial", "seed") if r.state in ("finished", "pruned")}
    run.parent = _open_parent(run)
    try:
        for search, cells in searches:
            _search(run, search, cells)
            _finals(run, search, cells)
    except KeyboardInterrupt:
        run.tracker.end(run.parent, "killed")
        raise
    except BaseException:
        run.tracker.end(run.parent, "failed")
        raise
    run.tracker.end(run.parent, "finished")


def varied_settings(cells: list[Cell]) -> tuple[str, ...]:
    """What differs between the trials of a study: components with more than one choice, and the searched settings."""
    choices = {"feature_space": {c.base.feature_space.label for c in cells},
               "architecture": {short_label(c.base.architecture) for c in cells},
               "split": {short_label(c.base.split) for c in cells}}
    return (*(part for part, labels in choices.items() if len(labels) > 1), *sorted({s for c in cells for s in c.search}))


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
    except BenchError as error:
        _record_impossible(run, cell, str(error))
        progress.advance(1)
        return
    known = run.known.get(proposal.trial.signature)
    if known:
        proposal.tell(known.state, known.metrics.get("validation/uar"))
        progress.advance(1)
        return
    try:
        _, result = _work(run, "trial", cell, proposal.trial, run.parent, progress, proposal)
    except KeyboardInterrupt:
        proposal.tell("killed", None, STOPPED)
        raise
    proposal.tell(result.state, result.validation.uar if result.validation else None, result.reason)


def _record_impossible(run: Run, cell: Cell, reason: str) -> None:
    """A failed row for searched settings that contradict each other."""
    tags, params = _identity(run, cell, cell.base)
    run_id = run.tracker.start("trial", _title(params), run.parent, {**tags, "reason": reason}, params)
    run.tracker.end(run_id, "failed")
    run.console.say(f"  {cell.label}: failed ({reason})")


def _finals(run: Run, search: Search, cells: list[Cell]) -> None:
    """Train each cell's best trial with each seed and open the test part for it, once a seed."""
    label = short_label(cells[0].base.split)
    best = {cell.key: search.best(cell) for cell in cells}
    with run.console.working(), run.console.bar(f"{label}: finals", len(cells) * len(run.study.seeds)) as bar:
        progress = Progress(bar)
        for cell in cells:
            chosen = best[cell.key]
            if chosen is None:
                run.console.say(f"  {cell.label}: no trial completed, so there is no final")
            else:
                _final(run, cell, chosen, progress)
    _summarise(run, label)


def _summarise(run: Run, split: str) -> None:
    """On the study's own run: what its best cell on a protocol, chosen by validation UAR, reached in each part."""
    finals = [r for r in run.tracker.records("final") if r.state == "finished" and r.tags["bench.split"] == split
              and r.tags["bench.corpus_fingerprint"] == run.prepared.corpus.fingerprint[:16]]
    if finals:
        best = max(finals, key=lambda r: r.metrics["validation/uar_mean"])
        name = re.sub(r"[^\w.-]", "_", split)  # MLflow refuses brackets in the names of metrics
        run.tracker.aggregate(run.parent, {f"{name}/{part}_uar": best.metrics[f"{part}/uar_mean"] for part in ("validation", "test")})


def _final(run: Run, cell: Cell, chosen: Trial, progress: Progress) -> None:
    trials = [dataclasses.replace(chosen, seed=seed, opens_test=True) for seed in run.study.seeds]
    signatures = " ".join(trial.signature for trial in trials)
    if any(r.state == "finished" and r.tags.get("bench.signatures") == signatures for r in run.tracker.records("final")):
        progress.advance(len(trials))
        return
    tags, params = _identity(run, cell, chosen)
    run_id = run.tracker.start("final", f"final {_title(params)}", run.parent, {**tags, "signatures": signatures}, params)
    state = "killed"
    try:
        for trial in trials:
            if trial.signature in run.known:
                progress.advance(1)
            else:
                seed_run, result = _work(run, "seed", cell, trial, run_id, progress)
                _keep_model(run, cell, seed_run, result)
        done = [run.known[t.signature].metrics for t in trials if t.signature in run.known]
        run.tracker.aggregate(run_id, aggregates(done))
        state = "finished" if len(done) == len(trials) else "failed"
    finally:
        run.tracker.end(run_id, state)


def aggregates(seeds: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation over the seeds of the scores that a leaderboard shows."""
    keys = [f"{part}/{score}" for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")]
    pairs = {key: mean_sd([metrics[key] for metrics in seeds]) for key in keys if seeds}
    return {name: value for key, (mean, sd) in pairs.items() for name, value in ((f"{key}_mean", mean), (f"{key}_sd", sd))}


def _work(run: Run, kind: str, cell: Cell, trial: Trial, parent: str, progress: Progress, proposal: Proposal | None = None
          ) -> tuple[str, Result]:
    """Run one trial and record it; the record ends as killed when the user stops it."""
    tags, params = _identity(run, cell, trial)
    title = (f"seed {trial.seed} " if kind == "seed" else "") + _title(params)
    params |= {"seed": trial.seed} if kind == "seed" else {}
    run_id = run.tracker.start(kind, title, parent, tags, params)
    result = Result(trial, state="killed", reason=STOPPED)
    with run.console.bar(f"  {title}", trial.training.epochs) as epochs:

        def on_epoch(epoch: int, metrics: dict[str, float]) -> None:
            run.tracker.epoch(run_id, epoch, metrics)
            epochs.at(epoch, note=f"validation UAR {metrics['validation_uar']:.3f}")
            if proposal and proposal.should_prune(epoch, metrics["validation_uar"]):
                raise Pruned(f"validation UAR below the median of the cell's trials at epoch {epoch}")

        try:
            result = run_trial(trial, run.prepared.workplace, on_epoch)
        finally:
            run.tracker.finish(run_id, result)
    if result.state in ("finished", "pruned"):
        run.known[trial.signature] = Record(run_id, title, kind, result.state, {}, flat_metrics(result), {})
    progress.advance(1, result.validation.uar if result.validation else 0.0)
    run.console.say(_line(title, result))
    return run_id, result


def _keep_model(run: Run, cell: Cell, run_id: str, result: Result) -> None:
    """Log the model if it is among the protocol's best by validation UAR, and drop the one that no longer is."""
    if result.model is None or not result.validation:
        return
    corpus, split = run.prepared.corpus, short_label(cell.base.split)
    kept = [r for r in run.tracker.records("seed") if r.tags.get("bench.model") and r.tags["bench.split"] == split
            and r.tags["bench.corpus_fingerprint"] == corpus.fingerprint[:16]]
    kept.sort(key=lambda r: r.metrics["validation/uar"])
    room = len(kept) < run.study.best_models
    if not room and (not kept or result.validation.uar <= kept[0].metrics["validation/uar"]):
        return
    with tempfile.TemporaryDirectory() as folder:
        saved_model.write(result, corpus, padded_samples(corpus, cell.base.feature_space), Path(folder))
        run.tracker.log_model(run_id, Path(folder), f"{cell.base.architecture.name}_{result.trial.signature}", corpus.emotions,
                              corpus.sample_rate)
    if not room:
        run.tracker.forget_model(kept[0])


def _line(title: str, result: Result) -> str:
    took = f"{sum(result.seconds.values()):.0f} s"
    if not result.validation:
        return f"  {title}: {result.state} ({result.reason}) after {took}"
    test = f", test WA {result.test.wa:.3f} UAR {result.test.uar:.3f}" if result.test else ""
    return f"  {title}: validation UAR {result.validation.uar:.3f} at epoch {result.best_epoch}{test} ({took})"


def _identity(run: Run, cell: Cell, trial: Trial) -> tuple[dict[str, str], dict[str, Any]]:
    """The tags and parameters of a trial's run: parameters only for what the study varies."""
    parts = {"feature_space": cell.base.feature_space.label, "architecture": short_label(cell.base.architecture),
             "split": short_label(cell.base.split)}
    corpus = run.prepared.corpus
    tags = {**parts, "cell": cell.key, "signature": trial.signature, "corpus": corpus.name, "coverage": corpus.coverage,
            "corpus_fingerprint": corpus.fingerprint[:16], "synthetic": str(corpus.synthetic),
            "shares_speakers": str(trial.split.shares_speakers), "settings": " ".join(f"--set {k}={v}" for k, v in run.settings.items())}
    params = {setting: parts.get(setting, setting_value(trial, setting)) for setting in run.varied}
    return tags, {k: v for k, v in params.items() if v is not None}


def _title(params: dict[str, Any]) -> str:
    """A run's name: what differs, and no more."""
    values = [str(v) if k in PARTS else f"{k.rpartition('.')[2]}={_short(v)}" for k, v in params.items()]
    return " ".join(values) or "trial"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
