"""What a run does next: trials in rounds over the cells, then the seeds of each cell's final; and what follows the end of a job."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import replace

from harness.execution.finals import Final
from harness.execution.job import STOPPED, Job, Outcome, Stopped
from harness.execution.pool import JobEnd, ProgressEvent
from harness.execution.recovery import finished_by_signature, settle_crashed
from harness.execution.run_context import RunContext, identity, outcome_line
from harness.execution.run_progress import Kind, RunProgress
from harness.execution.run_state import CellProgress, RunningJob
from harness.search.optuna_study import Contradiction, Proposal, Search
from harness.study.cells import Cell
from harness.study.objectives import value_of
from harness.study.trial import Trial
from harness.tracking.outbox import OutboxEntry
from registry.errors import BenchError

LOOK_AGAIN_S = 1.0  # between two looks at what other starts have claimed
SETTLE_EVERY_S = 30.0  # between two looks at whether those other starts are alive


class Schedule:
    """Everything that a run has to do.

    Args:
        searches: of its cells. progress: what shows how far the run is. tries: of a trial whose worker died.
    Attributes:
        running: uid -> job. error: what ends the run, once something does.
    """

    def __init__(self, run: RunContext, searches: list[Search], progress: RunProgress, tries: int) -> None:
        self.run, self.progress, self.tries = run, progress, tries
        ended = [search.ended() if run.study.trials else [] for search in searches]
        self.cells = [CellProgress(search, len(trials), Final(run, search)) for search, trials in zip(searches, ended, strict=True)]
        progress.best = max([0.0, *((t.values or [0.0])[0] for trials in ended for t in trials if t.state.name == "COMPLETE")])
        self.running: dict[str, RunningJob] = {}
        self.error: BaseException | None = None
        self._retries: list[Job] = []
        self._settle_at = 0.0
        self._show_left()

    def finished(self) -> bool:
        """Whether every cell has its trials and its final."""
        return not self.running and all(cell.final.finished for cell in self.cells)

    def all_begun(self) -> bool:
        """Whether nothing is left but what runs."""
        return not self._retries and not any(sum(cell.left(self.run.study)) for cell in self.cells)

    def most_at_once(self) -> int:
        """How many jobs can run at the same time, were there workers for all: of each cell its trials or its seeds."""
        counts = []
        for cell in self.cells:
            trials = max(0, self.run.study.trials - cell.ended)
            seeds = len(self.run.study.seeds) if trials else 0 if cell.final.finished else len(cell.final.missing())
            counts.append(max(trials, seeds))
        return sum(counts)

    def next_job(self) -> Job | None:
        """The next job that can be started, None when there is none just now."""
        if self._retries:
            return self._retries.pop()
        for cell in sorted(self._longest_first("trial"), key=lambda cell: (cell.running > 0, cell.ended + cell.running)):
            if job := self._waiting_trial(cell) or self._new_trial(cell):
                return job
        for cell in self._longest_first("seed"):
            if not cell.running and not cell.waiting and cell.ended >= self.run.study.trials and (job := self._next_seed(cell)):
                return job
        return None

    def _longest_first(self, kind: Kind) -> list[CellProgress]:
        """The cells whose trainings take longest first, so that short ones are left for the end, when workers run out of work."""
        return sorted(self.cells, key=lambda cell: -(self.progress.pace(cell.search.cell.key, kind) or 0.0))

    def _new_trial(self, cell: CellProgress) -> Job | None:
        """The cell's next trial that is not known already."""
        limit = self.run.study.trials
        while cell.ended + cell.running + len(cell.waiting) < limit and time.monotonic() >= cell.look_at:
            try:
                proposal = cell.search.propose(limit)
            except Contradiction as error:
                self._record_contradiction(cell.search.cell, error)
                self._count(cell)
                continue
            if proposal is None:  # other starts of this study have the rest
                cell.ended = len(cell.search.ended())
                cell.look_at = time.monotonic() + LOOK_AGAIN_S
                return None
            if not self._is_known(cell, proposal):
                return self._claim_trial(cell, proposal)
        return None

    def _waiting_trial(self, cell: CellProgress) -> Job | None:
        """A trial that another start had claimed, when that start gave it up; one that it ended is counted."""
        for proposal in cell.waiting if time.monotonic() >= cell.look_at else []:
            cell.look_at = time.monotonic() + LOOK_AGAIN_S
            before = cell.ended
            job = None if self._is_known(cell, proposal) else self._claim_trial(cell, proposal)
            if job or cell.ended > before:
                cell.waiting.remove(proposal)
                return job
        return None

    def _is_known(self, cell: CellProgress, proposal: Proposal) -> bool:
        """Whether an earlier start ended a trial of the same signature, whose end is then the proposal's."""
        known = self.run.known.get(proposal.trial.signature)
        value = value_of(self.run.study.objectives, known.metrics) if known else None
        if known is None or (known.state == "finished" and value is None):  # of a search with other objectives
            return False
        proposal.record_end(known.state, value, known.about.reason, known.run_id)
        self._count(cell)
        return True

    def _claim_trial(self, cell: CellProgress, proposal: Proposal) -> Job | None:
        """The job of a proposal; None when another start runs its signature, or ended it meanwhile."""
        name = self._claim(proposal.trial)
        if self.run.claims.take(name, proposal.uid):
            return self._start(cell, "trial", proposal.trial, proposal.uid, proposal)
        held = self.run.claims.get(name)
        if held and held.outcome:
            proposal.record_end(held.outcome["state"], held.outcome["value"], held.outcome["reason"])
            self._count(cell)
        elif proposal not in cell.waiting:
            cell.waiting.append(proposal)
        return None

    def _next_seed(self, cell: CellProgress) -> Job | None:
        """The next seed of a cell's final that no start has; the final is recorded once all seeds ended."""
        if cell.final.finished or time.monotonic() < cell.look_at:
            return None
        cell.final.record_if_complete()
        for trial in cell.final.missing():
            claim, uid = self._claim(trial), uuid.uuid4().hex[:16]
            if self.run.claims.take(claim, uid) or (
                    not cell.final.belongs_to_another(trial, claim) and self.run.claims.retake(claim, uid)):
                return self._start(cell, "seed", trial, uid, None)
        if not cell.final.record_if_complete():
            cell.look_at = time.monotonic() + LOOK_AGAIN_S
        return None

    def _claim(self, trial: Trial) -> str:
        second = "" if trial.opens_test else "".join(f" {name}" for name in self.run.study.objectives[1:])
        return f"trial {self.run.name} {trial.signature}{second}"

    def _start(self, cell: CellProgress, kind: str, trial: Trial, uid: str, proposal: Proposal | None) -> Job:
        job = self.run.job(kind, cell.search.cell, trial, uid, as_written=trial in cell.final.written,
                           number=proposal.number if proposal else 0)
        self.running[uid] = RunningJob(cell, job, self.run.console.open_bar(f"  {job.name}", trial.steps), proposal)
        cell.running += proposal is not None
        cell.running_seeds += proposal is None
        self.progress.start(uid, cell.search.cell.key, "trial" if proposal else "seed", trial.steps)
        self._show_left()
        return job

    def _count(self, cell: CellProgress) -> None:
        """Count a trial that ended without being trained here."""
        cell.ended += 1
        self.progress.count()
        self._show_left()

    def _show_left(self) -> None:
        """Tell the progress what is still to be started."""
        self.progress.left = {cell.search.cell.key: cell.left(self.run.study) for cell in self.cells}

    def _record_contradiction(self, cell: Cell, error: Contradiction) -> None:
        """A failed row for proposed settings that can't be used together."""
        tags, params = identity(self.run, cell, cell.base)
        params |= error.params
        uid, name = uuid.uuid4().hex[:16], self.run.labels.name(cell, f"trial {error.number}")
        self.run.record(OutboxEntry(uid=uid, kind="trial", name=name, study=self.run.name, parent=self.run.parent,
                                    state="failed", tags=replace(tags, reason=str(error)).to_tags(), params=params,
                                    ended_ms=int(time.time() * 1000)))
        self.run.box.mark_recorded(uid)
        self.run.console.say(f"  {name}: failed ({error})")

    def on_progress(self, event: ProgressEvent) -> bool:
        """Show how far a job is; returns, for an epoch of a trial, whether the trial is to be pruned."""
        running = self.running.get(event.uid)
        if running is None:
            return False
        if event.what == "preparing":
            running.bar.show_features(event.done, int(event.value))
            return False
        running.bar.update(event.done, note=f"validation UAR {event.value:.3f}")
        self.progress.step(event.uid, event.done)
        return running.proposal is not None and running.proposal.should_prune(event.done, event.value)

    def on_end(self, end: JobEnd) -> None:
        """Record the end of a job, try it again, or release it."""
        running = self.running.get(end.uid)
        if running is None:
            return
        if end.outcome:
            self._record_end(running, end.outcome)
        elif end.error:
            self.error = self.error or (None if isinstance(end.error, Stopped) else end.error)
            self._release(running)
        else:
            self._on_death(running, end.died)

    def on_timeout(self, uid: str, limit_s: float) -> None:
        """Record as failed a job that was stopped for taking too long."""
        running = self.running[uid]
        self._record_end(running, self.run.failed(running.job, f"it took longer than --trial-timeout {limit_s:g} s"))

    def _on_death(self, running: RunningJob, died: str) -> None:
        """A result that is on disk counts; else the trial is tried again, a limited number of times."""
        if entry := self.run.box.get(running.job.uid):
            self._record_end(running, Outcome.of(entry, self.run.deliver(entry.uid)))
        elif running.tries < self.tries:
            self._end_open_runs(running)
            running.tries += 1
            self.run.console.say(f"  {running.job.name}: {died}; try {running.tries} of {self.tries}")
            self._retries.append(running.job)
        else:
            self._record_end(running, self.run.failed(running.job, f"{died} in each of {self.tries} tries"))

    def _record_end(self, running: RunningJob, outcome: Outcome) -> None:
        """Record for the search and for other starts of this study how a job ended, and print it."""
        job, cell, record = running.job, running.cell, outcome.record
        value, reason = outcome.record.validation_uar, record.about.reason
        found = value_of(self.run.study.objectives, record.metrics) if running.proposal else value
        searched = running.proposal or not self.run.study.trials  # finals are no part of what a search has found
        self.progress.end(job.uid, value or 0.0 if searched else 0.0, record.state == "pruned")
        self._remove(running)
        cell.look_at = 0.0  # the cell may have waited for this
        if running.proposal:
            running.proposal.record_end(record.state, found, reason, record.run_id)
        if not self.run.claims.end(self._claim(job.trial), state=record.state, value=found, reason=reason) and record.run_id:
            with suppress(Exception):  # MLflow is away
                self.run.tracker.end(record.run_id, "killed", "another start of this study took it over")
        self.run.box.mark_recorded(job.uid)
        if record.ended_by_itself:
            self.run.known[job.trial.signature] = record
        if running.proposal:
            cell.ended += 1
        else:
            cell.final.record_end(job.trial, record.state)
        self._show_left()
        self.progress.tell(outcome_line(job.name, outcome))
        for note in outcome.notes:
            self.run.console.say(f"  {note}")

    def _remove(self, running: RunningJob) -> None:
        del self.running[running.job.uid]
        running.cell.running -= running.proposal is not None
        running.cell.running_seeds -= running.proposal is None
        running.bar.close()
        self.progress.drop(running.job.uid)

    def _release(self, running: RunningJob) -> None:
        """Give up a job that was stopped, so that any start can do it again."""
        self._remove(running)
        self._end_open_runs(running)
        if running.proposal:
            running.proposal.record_end("killed", None, STOPPED)
        self.run.claims.release(self._claim(running.job.trial))

    def _end_open_runs(self, running: RunningJob) -> None:
        with suppress(Exception):  # MLflow is away: the next start ends them
            for record in self.run.tracker.records_of(running.job.uid):
                if record.state == "running":
                    self.run.tracker.end(record.run_id, "killed", STOPPED)

    def wait_for_others(self) -> None:
        """Wait a moment for other starts of this study, which have what is left; what a dead one had can be claimed again."""
        if not self._settle_at:
            self._settle_at = time.monotonic() + SETTLE_EVERY_S
            self.run.console.say("what is left is with other starts of this study: waiting for them")
        if time.monotonic() > self._settle_at:
            self._settle_at = time.monotonic() + SETTLE_EVERY_S
            if settled := str(settle_crashed(self.run, [cell.search for cell in self.cells])):
                self.run.console.say(settled)
            self.run.known |= finished_by_signature(self.run)
        time.sleep(0.2)

    def release_unstarted(self, job: Job | None) -> None:
        """Release what no worker has: a job that is still to be sent, and those to be tried again."""
        for each in [*self._retries, *([job] if job else [])]:
            self._release(self.running[each.uid])
        self._retries.clear()

    def abandon(self) -> None:
        """Release everything that runs; results that are on disk by now count. What a store does not take now, the next start settles."""
        for running in list(self.running.values()):
            entry = self.run.box.get(running.job.uid)
            with suppress(BenchError):
                if entry:
                    self._record_end(running, Outcome.of(entry, self.run.deliver(entry.uid)))
                else:
                    self._release(running)
        for proposal in [proposal for cell in self.cells for proposal in cell.waiting]:
            with suppress(BenchError):
                proposal.record_end("killed", None, STOPPED)
