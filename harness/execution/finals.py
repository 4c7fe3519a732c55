"""Finals: each cell's best trial, trained with each seed and scored once a seed on the sealed test part, and the settings as written."""

from __future__ import annotations

import dataclasses
import hashlib
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress

from harness.evaluation.audit import audit_final
from harness.evaluation.intervals import mean_sd
from harness.execution.run_context import RunContext, identity
from harness.execution.search_summary import metric_name
from harness.search.optuna_study import Search
from harness.study.trial import Trial
from harness.tracking.outbox import OutboxEntry
from harness.tracking.run_record import RunRecord, RunTags


class Final:
    """The final of one cell: its best trial trained with each seed, once its search is over.

    Attributes: trials: of the best trial, a seed each; None before it is chosen. written: those with the settings as written, where the
        study wants them and the best trial has others.
    """

    def __init__(self, run: RunContext, search: Search) -> None:
        self.run, self.search, self.cell = run, search, search.cell
        self.finished = False
        self.best: Trial | None = None
        self.trials: list[Trial] | None = None
        self.written: list[Trial] = []
        self._recorded = False
        self._failed: set[str] = set()

    def missing(self) -> list[Trial]:
        """The seeds that neither finished nor failed; the best trial is chosen at the first call."""
        if self.trials is None:
            self.best = best = self.search.best() if self.run.study.trials else self.cell.base
            if best is None:
                self.run.console.say(f"  {self.cell.label}: no trial completed, so there is no final")
                self.finished = True
            self.trials = self._seeds(best) if best else []
            self.written = self._seeds(self.cell.base) if best and self.run.study.finals_as_written and not self._best_is_written else []
        return self._unfinished([*self.trials, *self.written])

    def _seeds(self, trial: Trial) -> list[Trial]:
        return [trial.of_final(seed) for seed in self.run.study.seeds]

    def _unfinished(self, trials: Iterable[Trial]) -> list[Trial]:
        return [t for t in trials if t.signature not in self.run.known and t.signature not in self._failed]

    @property
    def _best_is_written(self) -> bool:
        return self.best is not None and self.best.signature == self.cell.base.signature

    def left(self, seeds: int) -> int:
        """How many seeds neither finished nor failed; all of them before the best trial is chosen."""
        return 0 if self.finished else seeds + self.run.study.as_written if self.trials is None else len(self.missing())

    def record_end(self, trial: Trial, state: str) -> None:
        """Record how a seed ended; one that failed is left to the next start."""
        if state != "finished":
            self._failed.add(trial.signature)

    def belongs_to_another(self, trial: Trial, claim: str) -> bool:
        """Whether another start of the study trains a seed or ended it; what it finished is read, what failed there counts as failed."""
        held = self.run.claims.get(claim)
        if held is None or held.outcome is None:
            return held is not None
        if held.outcome["state"] == "finished" and (record := self._record_of(held.uid)):
            self.run.known[trial.signature] = record
            return True
        if held.outcome["state"] != "finished" and self.run.claims.is_alive(held.coordinator):
            self._failed.add(trial.signature)
            return True
        return held.coordinator == self.run.claims.id

    def _record_of(self, uid: str) -> RunRecord | None:
        """What MLflow or the outbox has of a seed that another start finished."""
        with suppress(Exception):  # MLflow is away: the outbox may have it
            if finished := [r for r in self.run.tracker.records_of(uid) if r.state == "finished"]:
                return finished[0]
        entry = self.run.box.get(uid)
        return entry.record() if entry else None

    def record_if_complete(self) -> bool:
        """Record the final once all its seeds have ended; returns whether those with the settings as written have ended, too."""
        if not self.finished:
            missing = self.missing()
            if self.trials and not self._recorded and not self._unfinished(self.trials):
                self._record_or_refresh()
                self._recorded = True
            if not missing:
                self._mark_written()
                self.finished = True
        return self.finished

    def _mark_written(self) -> None:
        """Mark seeds as such that were trained when the settings as written were still the best."""
        for record in [self.run.known[trial.signature] for trial in self.written if trial.signature in self.run.known]:
            if record.run_id and not record.about.as_written:
                with suppress(Exception):  # MLflow is away
                    self.run.tracker.tag(record.run_id, RunTags(as_written=True))

    def _record_or_refresh(self) -> None:
        """Record the final; one that MLflow has with the same seeds is marked as requested again."""
        trials, uid = self.trials or [], uuid.uuid4().hex[:16]
        seeds = [self.run.known[t.signature] for t in trials if t.signature in self.run.known]
        signatures = tuple(trial.signature for trial in trials)
        earlier = self._earlier()
        same = [r for r in earlier or [] if r.about.signatures == signatures and r.about.cell == self.cell.key]
        requested_at = requested_now(earlier or [])
        if same:
            with suppress(Exception):  # MLflow is away
                # The leaderboard shows the latest request.
                self.run.tracker.tag(same[-1].run_id, RunTags(requested_at=requested_at, as_written=self._best_is_written or None,
                                                               **self.run.pool_tags(self.cell)))
        elif self._claim(signatures, uid, mlflow_answers=earlier is not None):
            state = "finished" if len(seeds) == len(trials) else "failed"
            self._record(uid, state, signatures, seeds, requested_at)
            self.run.claims.end(self._claim_name(signatures), state=state)

    def _earlier(self) -> list[RunRecord] | None:
        """The finals that MLflow has; None while it is away."""
        try:
            return [r for r in self.run.tracker.records("final") if r.state == "finished"]
        except Exception:  # MLflow fails in as many ways as there are stores
            return None

    def _claim_name(self, signatures: tuple[str, ...]) -> str:
        return f"final {self.run.name} {self.cell.key} {hashlib.sha256(' '.join(signatures).encode()).hexdigest()[:16]}"

    def _claim(self, signatures: tuple[str, ...], uid: str, mlflow_answers: bool) -> bool:
        """Whether this start is to record the final: not one that another start records, or that is on its way to MLflow."""
        name = self._claim_name(signatures)
        held = self.run.claims.get(name)
        lost = held is not None and held.outcome is not None and mlflow_answers and self.run.box.get(held.uid) is None
        return (lost and self.run.claims.retake(name, uid)) or self.run.claims.take(name, uid)

    def _record(self, uid: str, state: str, signatures: tuple[str, ...], seeds: list[RunRecord], requested_at: float) -> None:
        assert self.best
        tags, params = identity(self.run, self.cell, self.best)
        tags = dataclasses.replace(tags, signatures=signatures, requested_at=requested_at, as_written=self._best_is_written or None)
        self.run.record(OutboxEntry(uid=uid, kind="final", name=self.run.labels.name(self.cell), study=self.run.name,
                                    parent=self.run.parent, state=state, tags=tags.to_tags(), params=params,
                                    metrics=aggregates([r.metrics for r in seeds]), ended_ms=int(time.time() * 1000),
                                    children=len(seeds)))
        self.run.box.mark_recorded(uid)


def requested_now(records: Iterable[RunRecord]) -> float:
    """Now, or just after the latest request of these finals: a clock that was set back makes nothing new look old."""
    return round(max([time.time(), *(r.about.requested_at + 0.001 for r in records)]), 3)


def audit_late(run: RunContext) -> None:
    """Audit the finals that MLflow got from the outbox, after their training."""
    for record in run.tracker.records("seed"):
        if record.state == "finished" and not record.about.audit:
            for note in audit_final(run.tracker, record.run_id, run.prepared.workspace):
                run.console.say(f"  {note}")


def summarise(run: RunContext, split: str) -> None:
    """Log to the study's own run what its best cell on a protocol, chosen by validation UAR, reached in each part."""
    finals = [r for r in run.tracker.records("final") if r.state == "finished" and r.about.split == split
              and r.about.corpus_fingerprint == run.prepared.corpus.fingerprint[:16]]
    if finals:
        best = max(finals, key=lambda r: r.uar("validation") or 0.0)
        name = metric_name(split)
        run.tracker.log_metrics(run.parent, {f"{name}/{part}_uar": best.uar(part) or 0.0 for part in ("validation", "test")})


def aggregates(seeds: list[dict[str, float]]) -> dict[str, float]:
    """Mean over the seeds, under the name that seeds use, and standard deviation of the scores that a leaderboard shows."""
    keys = [f"{part}/{score}" for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")]
    pairs = {key: mean_sd([metrics[key] for metrics in seeds]) for key in keys if seeds}
    return {name: value for key, (mean, sd) in pairs.items() for name, value in ((key, mean), (f"{key}_sd", sd))}
