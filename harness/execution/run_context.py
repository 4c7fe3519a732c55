"""State of one `bench run`, and the tags and parameters of its MLflow runs."""

from __future__ import annotations

import json
import shlex
import time
from dataclasses import dataclass, field, replace
from typing import Any

from harness.console import Console
from harness.execution.job import Job, Objective, Outcome
from harness.execution.prepare import Prepared
from harness.execution.run_labels import PARTS, RunLabels, settings_in_words
from harness.search.claims import Claims
from harness.search.ranges import noted
from harness.study.cells import VOTES, Cell
from harness.study.definition import Study
from harness.study.files import StudyFile
from harness.study.folds import Pool, pool_of, protocol_label
from harness.study.pruning import NEVER
from harness.study.settings import setting_value
from harness.study.trial import Trial
from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import Outbox, OutboxEntry
from harness.tracking.run_record import FOLD, LONGEST_TAG, RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.run_trial import run_trial
from registry.core import short_label
from registry.split import shares_speakers


@dataclass
class RunContext:
    """State of one `bench run`, shared by its trials and finals.

    Args:
        settings: fixed by the command line, as `training.epochs` -> 5. parent: run id of the study's own MLflow run.
        known: signature -> the record of a trial or seed that finished or was pruned.
        labels: what its MLflow runs are called, and what varies between them. all_folds: whether folds are pooled into one row.
    """

    file: StudyFile
    prepared: Prepared
    console: Console
    store: Store
    tracker: Tracker
    claims: Claims
    box: Outbox
    settings: dict[str, Any]
    allow_missing: bool
    objective: Objective = run_trial
    parent: str = ""
    known: dict[str, RunRecord] = field(default_factory=dict)
    labels: RunLabels = field(default_factory=RunLabels)
    all_folds: bool = False

    @property
    def study(self) -> Study:
        """The study that is run."""
        return self.file.study

    @property
    def name(self) -> str:
        """The name of the study, its experiment and its report."""
        return self.file.name

    def pool(self, cell: Cell) -> Pool | None:
        """The row that the folds of a cell are pooled into; None where they are not."""
        return pool_of(cell.base, self.prepared.corpus) if self.all_folds else None

    def protocol(self, cell: Cell) -> str:
        """The label of a cell's protocol, that of all folds together where they are pooled."""
        return protocol_label(cell.base, self.prepared.corpus if self.all_folds else None)

    def pool_tags(self, cell: Cell) -> dict[str, Any]:
        """The tags that name the row which a cell's folds are pooled into; none where they are not."""
        pool = self.pool(cell)
        if not pool:
            return {}
        return {"pooled_cell": pool.key, "pooled_split": pool.protocol, "fold": cell.base.split.fold, "folds": pool.folds}

    def job(self, kind: str, cell: Cell, trial: Trial, uid: str, as_written: bool = False, number: int = 0) -> Job:
        """The job of a trial or seed.

        Args: as_written: it is a seed with the settings as written, which is part of no row. number: of a trial in its cell, from 1.
        """
        tags, params = identity(self, cell, trial)
        second = "".join(self.study.objectives[1:]) if kind == "trial" else ""
        tags = replace(tags, as_written=as_written or None, second_objective=second)
        name = self.labels.name(cell, f"seed {trial.seed}{' as written' * as_written}" if kind == "seed" else f"trial {number}")
        params |= {"seed": trial.seed} if kind == "seed" else {}
        pruning = self.study.pruning if kind == "trial" else NEVER
        return Job(uid=uid, kind=kind, name=name, trial=trial, tags=tags, params=params, parent=self.parent, study=self.name,
                   workspace=self.prepared.workspace, tracking_uri=self.store.uri,
                   best_models=self.study.best_models if kind == "seed" and not as_written else 0, pruning=pruning,
                   second_objective=second, objective=self.objective)

    def record(self, entry: OutboxEntry) -> str:
        """Record what no worker did: on disk first, then in MLflow; returns the run's id, empty while MLflow is away."""
        entry = replace(entry, store=self.store.name)
        self.box.commit(entry, lambda folder: (folder / "files").mkdir(exist_ok=True))
        return self.deliver(entry.uid)

    def deliver(self, uid: str) -> str:
        """Deliver an entry of the outbox to MLflow; returns the run's id, empty while MLflow is away."""
        try:
            return self.box.deliver(uid, to_mlflow(self.tracker))
        except Exception:  # MLflow fails in as many ways as there are stores; the entry still waits
            return ""

    def failed(self, job: Job, reason: str) -> Outcome:
        """Record a job as failed that its worker could not finish; a result that is on disk by then counts."""
        entry = OutboxEntry(uid=job.uid, kind=job.kind, name=job.name, study=job.study, parent=job.parent, state="failed",
                            tags=replace(job.tags, reason=reason).to_tags(), params=job.params, ended_ms=int(time.time() * 1000))
        run_id = self.record(entry)
        return Outcome.of(self.box.get(job.uid) or entry, run_id)


def identity(run: RunContext, cell: Cell, trial: Trial) -> tuple[RunTags, dict[str, Any]]:
    """The tags and parameters of a trial's MLflow run: parameters for features, network and protocol, and for what the study varies."""
    base, ranges = cell.base, noted(cell.search, cell.base)
    corpus = run.prepared.corpus
    tags = RunTags(recipe=cell.recipe, feature_space=base.feature_space.label, architecture=short_label(base.architecture),
                   augmentation=base.augmentation.label, split=short_label(base.split), cell=cell.key,
                   signature=trial.signature, corpus=corpus.name, corpus_label=short_label(trial.corpus),
                   corpus_fingerprint=corpus.fingerprint[:16], coverage=corpus.coverage, synthetic=corpus.synthetic,
                   shares_speakers=shares_speakers(trial.split, corpus), epochs=trial.training.epochs, backend=trial.backend,
                   settings=" ".join(f"--set {shlex.quote(f'{k}={v}')}" for k, v in run.settings.items()),
                   ranges=ranges if len(json.dumps(ranges)) < LONGEST_TAG else {},
                   allow_missing="--allow-missing" if run.allow_missing else "", coordinator=run.claims.id, study_file=run.file.source,
                   target=VOTES if trial.training.target == VOTES else "", colour=run.labels.colour(cell),
                   family=base.feature_space.family, pretrained=base.feature_space.pretrained,
                   validation_folds=base.validation_folds if base.validation_folds > 1 else 0, **run.pool_tags(cell))
    settings = {setting: setting_value(trial, setting) for setting in run.labels.varied if setting not in PARTS}
    return tags, {**run.labels.parameters(cell), **{name: value for name, value in settings.items() if value not in (None, "")}}


def outcome_line(name: str, outcome: Outcome) -> str:
    """One line on how a job ended."""
    took = f"{outcome.record.seconds:.0f} s"
    record, m = outcome.record, outcome.record.metrics
    if outcome.record.validation_uar is None:
        return f"  {name}: {record.state} ({record.about.reason}) after {took}"
    test = f", test WA {m['test/wa']:.3f} UAR {m['test/uar']:.3f}" if "test/uar" in m else ""
    searched = f"; {settings}" if record.kind == "trial" and (settings := settings_in_words(record.params)) else ""
    folds = [f"{m[f'{FOLD}{place}']:.3f}" for place in range(1, outcome.record.about.validation_folds + 1) if f"{FOLD}{place}" in m]
    where = f"(mean of {', '.join(folds)})" if folds else f"at epoch {m['best_epoch']:.0f}"
    return f"  {name}: validation UAR {outcome.record.validation_uar:.3f} {where}{test} ({took}{searched})"
