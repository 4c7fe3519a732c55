"""Finals: each cell's best trial, trained with each seed and scored once a seed on the sealed test part; the best models are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress

from harness.evaluation.audit import audit_final
from harness.evaluation.intervals import mean_sd
from harness.execution.job import Outcome
from harness.execution.run_context import RunContext, identity, run_name
from harness.search.optuna_study import Search
from harness.study.trial import Trial
from harness.tracking.outbox import OutboxEntry
from harness.tracking.run_record import RunRecord, RunTags


class Final:
    """The final of one cell, once its search is over."""

    def __init__(self, run: RunContext, search: Search) -> None:
        self.run, self.search, self.cell = run, search, search.cell
        self.finished = False
        self.chosen: Trial | None = None
        self.trials: list[Trial] | None = None
        self._failed: set[str] = set()

    def missing(self) -> list[Trial]:
        """The seeds that are neither known nor failed in this run; the best trial is chosen at the first call."""
        if self.trials is None:
            chosen = self.chosen = self.search.best() if self.run.study.trials else self.cell.base
            if chosen is None:
                self.run.console.say(f"  {self.cell.label}: no trial completed, so there is no final")
                self.finished = True
            self.trials = [dataclasses.replace(chosen, seed=seed, opens_test=True) for seed in self.run.study.seeds] if chosen else []
        return [t for t in self.trials if t.signature not in self.run.known and t.signature not in self._failed]

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        """Note a seed that failed: it is tried again by the next start."""
        if outcome.record.state != "finished":
            self._failed.add(trial.signature)

    def settled_elsewhere(self, trial: Trial, claim: str) -> bool:
        """Whether another start of the study is at a seed, or finished it: then it is read from there."""
        held = self.run.claims.get(claim)
        if held is None or held.outcome is None:
            return held is not None
        if held.outcome["state"] != "finished" and self.run.claims.is_alive(held.coordinator):
            self._failed.add(trial.signature)  # the next start tries it again
            return True
        if held.outcome["state"] == "finished" and (record := self._record_of(held.uid)):
            self.run.known[trial.signature] = record
            return True
        return held.coordinator == self.run.claims.id

    def _record_of(self, uid: str) -> RunRecord | None:
        """What MLflow or the outbox has of a seed that another start finished."""
        with suppress(Exception):  # the store is away: the outbox may have it
            if finished := [r for r in self.run.tracker.of_uid(uid) if r.state == "finished"]:
                return finished[0]
        entry = self.run.box.get(uid)
        return entry.record() if entry else None

    def complete(self) -> bool:
        """Record the final when all its seeds ended; whether it is over."""
        if self.finished:
            return True
        if self.missing():
            return False
        trials = self.trials or []
        done = [self.run.known[t.signature] for t in trials if t.signature in self.run.known]
        signatures = tuple(trial.signature for trial in trials)
        earlier = self._earlier()
        same = [r for r in earlier or [] if r.about.signatures == signatures]
        requested_at = requested_now(earlier or [])
        if same:
            with suppress(Exception):  # MLflow is away, and shows this one beside what was asked for since
                self.run.tracker.tag(same[-1].run_id, RunTags(requested_at=requested_at))  # the leaderboard shows what was asked for last
        else:
            self._claimed(signatures, done, requested_at, store_answers=earlier is not None)
        self.finished = True
        return True

    def _earlier(self) -> list[RunRecord] | None:
        """The finals that the store has; None while it is away."""
        try:
            return [r for r in self.run.tracker.records("final") if r.state == "finished"]
        except Exception:  # it fails in as many ways as there are stores
            return None

    def _claimed(self, signatures: tuple[str, ...], done: list[RunRecord], requested_at: float, store_answers: bool) -> None:
        """Record the final, unless another start of the study does, or it is on its way."""
        name, uid = f"final {self.run.name} {hashlib.sha256(' '.join(signatures).encode()).hexdigest()[:16]}", uuid.uuid4().hex[:16]
        held = self.run.claims.get(name)
        lost = held is not None and held.outcome is not None and store_answers and self.run.box.get(held.uid) is None
        if (lost and self.run.claims.retake(name, uid)) or self.run.claims.take(name, uid):
            self._record(uid, signatures, done, requested_at)
            self.run.claims.end(name, state="finished" if len(done) == len(self.trials or []) else "failed")

    def _record(self, uid: str, signatures: tuple[str, ...], done: list[RunRecord], requested_at: float) -> None:
        assert self.trials and self.chosen
        tags, params = identity(self.run, self.cell, self.chosen)
        tags = dataclasses.replace(tags, signatures=signatures, requested_at=requested_at)
        self.run.record(OutboxEntry(uid=uid, kind="final", name=f"final {run_name(params)}", study=self.run.name, parent=self.run.parent,
                                    state="finished" if len(done) == len(self.trials) else "failed", tags=tags.to_tags(), params=params,
                                    metrics=aggregates([record.metrics for record in done]), ended_ms=int(time.time() * 1000),
                                    children=len(done)))
        self.run.box.told(uid)


def requested_now(records: Iterable[RunRecord]) -> float:
    """Now, or just after the latest that these were asked for: a clock that was set back makes nothing new look old."""
    return round(max([time.time(), *(r.about.requested_at + 0.001 for r in records)]), 3)


def audit_late(run: RunContext) -> None:
    """Audit the finals that came to MLflow by way of the outbox."""
    for record in run.tracker.records("seed"):
        if record.state == "finished" and not record.about.audit:
            for note in audit_final(run.tracker, record.run_id, run.prepared.workplace):
                run.console.say(f"  {note}")


def summarise(run: RunContext, split: str) -> None:
    """On the study's own run: what its best cell on a protocol, chosen by validation UAR, reached in each part."""
    finals = [r for r in run.tracker.records("final") if r.state == "finished" and r.about.split == split
              and r.about.corpus_fingerprint == run.prepared.corpus.fingerprint[:16]]
    if finals:
        best = max(finals, key=lambda r: r.metrics["validation/uar_mean"])
        name = re.sub(r"[^\w.-]", "_", split)  # MLflow refuses brackets in the names of metrics
        run.tracker.aggregate(run.parent, {f"{name}/{part}_uar": best.metrics[f"{part}/uar_mean"] for part in ("validation", "test")})


def aggregates(seeds: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation over the seeds of the scores that a leaderboard shows."""
    keys = [f"{part}/{score}" for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")]
    pairs = {key: mean_sd([metrics[key] for metrics in seeds]) for key in keys if seeds}
    return {name: value for key, (mean, sd) in pairs.items() for name, value in ((f"{key}_mean", mean), (f"{key}_sd", sd))}
