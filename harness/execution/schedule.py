"""What a run has to do, in order, and what becomes of each piece: trials in rounds over the cells, and a cell's finals after them."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace

from harness.console import Bar
from harness.execution.finals import Final
from harness.execution.job import STOPPED, Job, Outcome, Stopped
from harness.execution.pool import JobEnd, ProgressEvent
from harness.execution.recovery import finished_by_signature, settle_crashed
from harness.execution.run_context import Progress, RunContext, identity, outcome_line, run_name
from harness.search.optuna_study import Contradiction, Proposal, Search
from harness.study.cells import Cell
from harness.study.trial import Trial
from harness.tracking.outbox import OutboxEntry
from registry.errors import BenchError

LOOK_AGAIN_S = 1.0  # after others' claims
CLEAR_UP_S = 30.0  # between two looks at whether those others live


@dataclass
class CellProgress:
    """One cell on its way through a run.

    Args:
        done: trials that ended, as last read. running: trials that this start is at.
        waiting: proposals whose signature is under way elsewhere.
    """

    search: Search
    done: int
    final: Final
    running: int = 0
    waiting: list[Proposal] = field(default_factory=list)
    look_at: float = 0.0


@dataclass
class RunningJob:
    """One job of a run, and what is told when it ends: a trial's proposal; a seed has none."""

    lane: CellProgress
    job: Job
    bar: Bar
    proposal: Proposal | None
    tries: int = 1


class Schedule:
    """Everything that a run has to do.

    Args:
        searches: of its cells. trials, finals: what shows how far they are. tries: of a trial whose worker died.
    """

    def __init__(self, run: RunContext, searches: list[Search], trials: Progress, finals: Progress, tries: int) -> None:
        self.run, self.trials, self.finals, self.tries = run, trials, finals, tries
        self.lanes = [CellProgress(search, len(search.ended()) if run.study.trials else 0, Final(run, search)) for search in searches]
        self.pieces: dict[str, RunningJob] = {}
        self.again: list[Job] = []
        self.fault: BaseException | None = None
        self._clear_up_at = 0.0

    def finished(self) -> bool:
        """Whether every cell has its trials and its finals."""
        return not self.pieces and all(lane.final.finished for lane in self.lanes)

    def next(self) -> Job | None:
        """The next piece of work that can be started, None when there is none just now."""
        if self.again:
            return self.again.pop()
        for lane in sorted(self.lanes, key=lambda lane: (lane.running > 0, lane.done + lane.running)):
            job = self._waited(lane) or self._trial(lane)
            if job:
                return job
        for lane in self.lanes:
            if self._searched(lane) and (job := self._seed(lane)):
                return job
        return None

    def _searched(self, lane: CellProgress) -> bool:
        return not lane.running and not lane.waiting and lane.done >= self.run.study.trials

    def _trial(self, lane: CellProgress) -> Job | None:
        """A cell's next trial, unless it is known what it gives."""
        wanted = self.run.study.trials
        while lane.done + lane.running + len(lane.waiting) < wanted and time.monotonic() >= lane.look_at:
            try:
                proposal = lane.search.propose(wanted)
            except Contradiction as error:
                self._contradiction(lane.search.cell, error)
                self._count(lane)
                continue
            if proposal is None:  # other starts of this study have the rest
                lane.done = len(lane.search.ended())
                lane.look_at = time.monotonic() + LOOK_AGAIN_S
                return None
            if not self._is_known(lane, proposal):
                return self._claimed(lane, proposal)
        return None

    def _is_known(self, lane: CellProgress, proposal: Proposal) -> bool:
        known = self.run.known.get(proposal.trial.signature)
        if known:
            proposal.record_end(known.state, known.metrics.get("validation/uar"))
            self._count(lane)
        return known is not None

    def _claimed(self, lane: CellProgress, proposal: Proposal) -> Job | None:
        """The job of a proposal, once nobody else is at its signature; what another made of it is told."""
        name = self._claim(proposal.trial)
        if self.run.claims.take(name, proposal.uid):
            return self._started(lane, "trial", proposal.trial, proposal.uid, proposal)
        held = self.run.claims.get(name)
        if held and held.outcome:
            proposal.record_end(held.outcome["state"], held.outcome["value"], held.outcome["reason"])
            self._count(lane)
        elif proposal not in lane.waiting:
            lane.waiting.append(proposal)
        return None

    def _waited(self, lane: CellProgress) -> Job | None:
        for proposal in lane.waiting if time.monotonic() >= lane.look_at else []:
            lane.look_at = time.monotonic() + LOOK_AGAIN_S
            before = lane.done
            job = None if self._is_known(lane, proposal) else self._claimed(lane, proposal)
            if job or lane.done > before:
                lane.waiting.remove(proposal)
                return job
        return None

    def _claim(self, trial: Trial) -> str:
        return f"trial {self.run.name} {trial.signature}"

    def _started(self, lane: CellProgress, kind: str, trial: Trial, uid: str, proposal: Proposal | None) -> Job:
        job = self.run.job(kind, lane.search.cell, trial, uid, asks=kind == "trial" and self.run.study.prune)
        self.pieces[uid] = RunningJob(lane, job, self.run.console.line(f"  {job.name}", trial.training.epochs), proposal)
        lane.running += kind == "trial"
        return job

    def _count(self, lane: CellProgress, validation_uar: float = 0.0) -> None:
        lane.done += 1
        self.trials.advance(1, validation_uar)

    def _contradiction(self, cell: Cell, error: Contradiction) -> None:
        """A failed row for proposed settings that can't be used together."""
        tags, params = identity(self.run, cell, cell.base)
        params |= error.params
        uid = uuid.uuid4().hex[:16]
        self.run.record(OutboxEntry(uid=uid, kind="trial", name=run_name(params), study=self.run.name, parent=self.run.parent,
                                    state="failed",
                                    tags=replace(tags, reason=str(error)).to_tags(), params=params,
                                    ended_ms=int(time.time() * 1000)))
        self.run.box.told(uid)
        self.run.console.say(f"  {run_name(params)}: failed ({error})")

    def _seed(self, lane: CellProgress) -> Job | None:
        """The next seed of a cell's final that is not known and nobody else's; the final itself once all are there."""
        if lane.final.finished or time.monotonic() < lane.look_at:
            return None
        for trial in lane.final.missing():
            uid = uuid.uuid4().hex[:16]
            if self.run.claims.take(self._claim(trial), uid):
                return self._started(lane, "seed", trial, uid, None)
            if not lane.final.settled_elsewhere(trial, self._claim(trial)) and self.run.claims.retake(self._claim(trial), uid):
                return self._started(lane, "seed", trial, uid, None)
        if lane.final.complete():
            self.finals.advance(len(self.run.study.seeds))
        else:
            lane.look_at = time.monotonic() + LOOK_AGAIN_S
        return None

    def hear(self, heard: ProgressEvent) -> bool:
        """Show how a trial goes; of an epoch of the search, whether the trial is to be pruned."""
        piece = self.pieces.get(heard.uid)
        if piece is None:
            return False
        if heard.what == "preparing":
            piece.bar.preparing(heard.done, int(heard.value))
            return False
        piece.bar.at(heard.done, note=f"validation UAR {heard.value:.3f}")
        return piece.job.asks and piece.proposal is not None and piece.proposal.should_prune(heard.done, heard.value)

    def ended(self, ended: JobEnd) -> None:
        """Make what is due of a job's end."""
        piece = self.pieces.get(ended.uid)
        if piece is None:
            return
        if ended.outcome:
            self._settle(piece, ended.outcome)
        elif ended.fault:
            self.fault = self.fault or (None if isinstance(ended.fault, Stopped) else ended.fault)
            self._give_up(piece)
        else:
            self._died(piece, ended.died)

    def overdue(self, piece: RunningJob, limit_s: float) -> None:
        """Record as failed what was stopped for taking too long."""
        self._settle(piece, self.run.failed(piece.job, f"it took longer than --trial-timeout {limit_s:g} s"))

    def _died(self, piece: RunningJob, how: str) -> None:
        """A result that was on disk counts; else the trial is tried again, a bounded number of times."""
        entry = self.run.box.get(piece.job.uid)
        if entry:
            self._settle(piece, Outcome.of(entry, self.run.deliver(entry.uid)))
        elif piece.tries < self.tries:
            self._end_runs(piece)
            piece.tries += 1
            self.run.console.say(f"  {piece.job.name}: {how}; try {piece.tries} of {self.tries}")
            self.again.append(piece.job)
        else:
            self._settle(piece, self.run.failed(piece.job, f"{how} in each of {self.tries} tries"))

    def _settle(self, piece: RunningJob, outcome: Outcome) -> None:
        """Tell the search, the other starts of this study and people how a job ended."""
        job, lane = piece.job, piece.lane
        self._remove(piece)
        lane.look_at = 0.0  # what was waited for may have been this
        record, value, reason = outcome.record, outcome.record.validation_uar, outcome.record.about.reason
        if piece.proposal:
            piece.proposal.record_end(record.state, value, reason)
        if not self.run.claims.end(self._claim(job.trial), state=record.state, value=value, reason=reason) and record.run_id:
            with suppress(Exception):  # MLflow is away
                self.run.tracker.end(record.run_id, "killed", "another start of this study took it over")
        self.run.box.told(job.uid)
        if record.ended_by_itself:
            self.run.known[job.trial.signature] = record
        if piece.proposal:
            self._count(lane, value or 0.0)
        else:
            lane.final.ended(job.trial, outcome)
            self.finals.advance(0, value or 0.0)
        self.run.console.say(outcome_line(job.name, outcome))
        for note in outcome.notes:
            self.run.console.say(f"  {note}")

    def _remove(self, piece: RunningJob) -> None:
        del self.pieces[piece.job.uid]
        piece.lane.running -= piece.proposal is not None
        piece.bar.close()

    def _give_up(self, piece: RunningJob) -> None:
        """What was stopped is free to be done again."""
        self._remove(piece)
        self._end_runs(piece)
        if piece.proposal:
            piece.proposal.record_end("killed", None, STOPPED)
        self.run.claims.release(self._claim(piece.job.trial))

    def _end_runs(self, piece: RunningJob) -> None:
        with suppress(Exception):  # MLflow is away: the next start ends them
            for record in self.run.tracker.of_uid(piece.job.uid):
                if record.state == "running":
                    self.run.tracker.end(record.run_id, "killed", STOPPED)

    def wait_for_others(self) -> None:
        """What is left is with other starts of this study; what one that dies had is free again."""
        if not self._clear_up_at:
            self._clear_up_at = time.monotonic() + CLEAR_UP_S
            self.run.console.say("what is left is with other starts of this study: waiting for them")
        if time.monotonic() > self._clear_up_at:
            self._clear_up_at = time.monotonic() + CLEAR_UP_S
            settle_crashed(self.run, [lane.search for lane in self.lanes])
            self.run.known |= finished_by_signature(self.run)
        time.sleep(0.2)

    def let_go(self, job: Job | None) -> None:
        """Give up what no worker is at: a job that is still to be sent, and those to be tried again."""
        for each in [*self.again, *([job] if job else [])]:
            self._give_up(self.pieces[each.uid])
        self.again.clear()

    def abandon(self) -> None:
        """Give up everything that runs; results that are on disk by now count. What a store does not take now, the next start settles."""
        for piece in list(self.pieces.values()):
            entry = self.run.box.get(piece.job.uid)
            with suppress(BenchError):
                if entry:
                    self._settle(piece, Outcome.of(entry, self.run.deliver(entry.uid)))
                else:
                    self._give_up(piece)
        for proposal in [proposal for lane in self.lanes for proposal in lane.waiting]:
            with suppress(BenchError):
                proposal.record_end("killed", None, STOPPED)
