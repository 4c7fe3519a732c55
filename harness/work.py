"""One piece of a run: trains and scores one trial, shows how it goes, and leaves its record, whatever happens."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from harness.console import Bar, Console
from harness.prepare import Prepared
from harness.search import Proposal
from harness.study import Cell, Study, Trial, setting_value
from harness.tracking import Record, Tracker, flat_metrics
from harness.trial import Pruned, Result, run_trial
from registry.core import short_label

STOPPED = "stopped by the user"
PARTS = ("recipe", "feature_space", "architecture", "augmentation", "split")


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
    allow_missing: bool
    parent: str = ""
    known: dict[str, Record] = field(default_factory=dict)
    varied: tuple[str, ...] = ()


def work(run: Run, kind: str, cell: Cell, trial: Trial, parent: str, progress: Progress, proposal: Proposal | None = None
          ) -> tuple[str, Result]:
    """Run one trial and record it; the record ends as killed when the user stops it."""
    tags, params = identity(run, cell, trial)
    name = (f"seed {trial.seed} " if kind == "seed" else "") + title(params)
    params |= {"seed": trial.seed} if kind == "seed" else {}
    run_id = run.tracker.start(kind, name, parent, tags, params)
    result = Result(trial, state="failed", reason="the run ended while this was going on")
    with run.console.bar(f"  {name}", trial.training.epochs) as epochs:

        def on_epoch(epoch: int, metrics: dict[str, float]) -> None:
            run.tracker.epoch(run_id, epoch, metrics)
            epochs.at(epoch, note=f"validation UAR {metrics['validation_uar']:.3f}")
            if proposal and proposal.should_prune(epoch, metrics["validation_uar"]):
                raise Pruned(f"validation UAR below the median of the cell's trials at epoch {epoch}")

        try:
            result = run_trial(trial, run.prepared.workplace, on_epoch, epochs.preparing)
        except KeyboardInterrupt:
            result = Result(trial, state="killed", reason=STOPPED)
            raise
        finally:
            run.tracker.finish(run_id, result)
    if result.state in ("finished", "pruned"):
        run.known[trial.signature] = Record(run_id, name, kind, result.state, {}, flat_metrics(result), {})
    progress.advance(1, result.validation.uar if result.validation else 0.0)
    run.console.say(_line(name, result))
    return run_id, result


def identity(run: Run, cell: Cell, trial: Trial) -> tuple[dict[str, str], dict[str, Any]]:
    """The tags and parameters of a trial's run: parameters only for what the study varies."""
    base = cell.base
    parts = {"recipe": cell.recipe, "feature_space": base.feature_space.label, "architecture": short_label(base.architecture),
             "augmentation": base.augmentation.label, "split": short_label(base.split)}
    corpus = run.prepared.corpus
    tags = {**parts, "cell": cell.key, "signature": trial.signature, "corpus": corpus.name, "coverage": corpus.coverage,
            "corpus_fingerprint": corpus.fingerprint[:16], "synthetic": str(corpus.synthetic),
            "shares_speakers": str(trial.split.shares_speakers),
            "epochs": str(trial.training.epochs), "backend": trial.backend, "corpus_label": short_label(trial.corpus),
            "settings": " ".join(f"--set {shlex.quote(f'{k}={v}')}" for k, v in run.settings.items()),
            "allow_missing": "--allow-missing" if run.allow_missing else ""}
    params = {setting: parts.get(setting, setting_value(trial, setting)) for setting in run.varied}
    return tags, {k: v for k, v in params.items() if v not in (None, "")}


def title(params: dict[str, Any]) -> str:
    """A run's name: what differs, and no more."""
    values = [str(v) if k in PARTS else f"{k.rpartition('.')[2]}={_short(v)}" for k, v in params.items()]
    return " ".join(values) or "trial"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _line(title: str, result: Result) -> str:
    took = f"{sum(result.seconds.values()):.0f} s"
    if not result.validation:
        return f"  {title}: {result.state} ({result.reason}) after {took}"
    test = f", test WA {result.test.wa:.3f} UAR {result.test.uar:.3f}" if result.test else ""
    return f"  {title}: validation UAR {result.validation.uar:.3f} at epoch {result.best_epoch}{test} ({took})"
