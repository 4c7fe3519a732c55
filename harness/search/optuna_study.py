"""The search of one cell, in an Optuna study of its own: its next point, and how the earlier ones ended."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from harness.search import budget, study_names
from harness.search.claims import Claims
from harness.study.cells import Cell
from harness.study.objectives import UAR, value_of
from harness.study.pruning import Pruning
from harness.study.settings import setting_value, with_settings
from harness.study.trial import Trial
from harness.tracking import process_identity
from harness.tracking.outbox import Outbox
from registry.errors import BenchError

optuna.logging.set_verbosity(optuna.logging.WARNING)
LOST = "its process ended before it did; its slot was free again"


class Contradiction(BenchError):
    """Proposed settings that can't be used together.

    Args:
        params: setting -> the proposed value. number: of the trial in its cell, from 1.
    """

    def __init__(self, message: str, params: dict[str, Any], number: int) -> None:
        super().__init__(message)
        self.params, self.number = params, number


def open_searches(home: Path, study_name: str, cells: list[Cell], storage: optuna.storages.RDBStorage, claims: Claims,
                  pruning: Pruning, sampler: str = "tpe", objectives: Sequence[str] = (UAR,)) -> list[Search]:
    """The search of each cell.

    Args:
        home: its outbox may hold results that the storage does not know of yet. sampler: `tpe`, `random` or `nsgaii`.
    """
    claims.retry(lambda: study_names.rename_earlier(storage, study_name))
    searches = []
    for cell in cells:
        identity = study_names.identity(study_name, [cell], sampler, cell.key, objectives=objectives)
        protocol = [other for other in cells if other.base.split == cell.base.split]
        name = claims.retry(functools.partial(study_names.name_of, storage, study_name, cell, identity))
        searches.append(Search(home, name, identity, cell, storage, claims, pruning, sampler, objectives))
        claims.retry(functools.partial(searches[-1].begin, study_names.identity(study_name, protocol, sampler, objectives=objectives)))
    return searches


class Search:
    """The search of one cell.

    Its trials are numbered by slots, from 0; a trial that was killed leaves its slot free. Several starts of `bench run` share the
    slots: each takes them by claims.

    Args: name: of its Optuna study. identity: names its claims, and stays as it is when the study is renamed.
    """

    def __init__(self, home: Path, name: str, identity: str, cell: Cell, storage: optuna.storages.RDBStorage, claims: Claims,
                 pruning: Pruning, sampler: str, objectives: Sequence[str] = (UAR,)) -> None:
        self.name, self.identity, self.cell, self.storage, self.claims, self.sampler = name, identity, cell, storage, claims, sampler
        self.outbox, self.pruning, self.objectives = Outbox(home), pruning, objectives
        self.pruner = budget.pruner(pruning, cell.base.steps)
        directions = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)[: len(objectives)]
        self.study = claims.retry(lambda: optuna.create_study(storage=storage, study_name=name, directions=directions, load_if_exists=True))

    def begin(self, earlier: str) -> None:
        """Copy the cell's trials, unless it has some, from `earlier`: a study that earlier versions kept for all cells of a protocol."""
        study_names.describe(self.study, self.cell, self.objectives)
        if self.study.get_trials(deepcopy=False):
            return
        if earlier in optuna.get_all_study_names(self.storage):
            trials = [t for t in optuna.load_study(study_name=earlier, storage=self.storage).get_trials()
                      if t.user_attrs.get("cell") == self.cell.key and (t.user_attrs.get("ended") or not t.state.is_finished())]
            for slot, trial in enumerate(t for t in trials if "slot" not in t.user_attrs):  # of a storage that is older still
                trial.user_attrs["slot"] = slot
            self.study.add_trials(sorted(trials, key=slot_of))

    def ended(self) -> list[FrozenTrial]:
        """The trials that ended by themselves: finished, pruned or failed, not killed; by slot, each slot once."""
        trials: dict[int, FrozenTrial] = {}
        for trial in self._trials():
            if trial.state.is_finished() and trial.user_attrs.get("ended"):
                trials.setdefault(slot_of(trial), trial)
        return [trials[slot] for slot in sorted(trials)]

    def propose(self, limit: int = 1_000_000) -> Proposal | None:
        """The next point: the cell's settings as written first, then random ones, then TPE's.

        The same history gives the same proposal, so that an interrupted study continues as if it had not been.
        Returns: None when every slot below `limit` has ended or is claimed.
        Raises: Contradiction, the trial recorded as failed, when the proposed settings contradict each other.
        """
        ended, uid = {slot_of(trial) for trial in self.ended()}, uuid.uuid4().hex[:16]
        for slot in range(limit):
            claim = f"slot {self.identity} {slot}"
            if slot in ended or not self.claims.take(claim, uid):
                continue
            if any(slot_of(trial) == slot for trial in self.ended()):  # another start ended it meanwhile
                self.claims.release(claim)
                continue
            return self._proposal(slot, uid, claim)
        return None

    def _proposal(self, slot: int, uid: str, claim: str) -> Proposal:
        point = self._first_point() if slot == 0 else {}
        trial, params = self.claims.retry(lambda: self._draw(slot, uid, point))
        proposal = Proposal(self, trial, uid, claim)
        try:
            proposal.trial = with_settings(self.cell.base, params)
        except BenchError as error:
            proposal.record_end("failed", None, str(error))
            raise Contradiction(str(error), params, slot + 1) from error
        self.claims.retry(lambda: trial.set_user_attr("signature", proposal.trial.signature))
        return proposal

    def _draw(self, slot: int, uid: str, point: dict[str, Any]) -> tuple[optuna.Trial, dict[str, Any]]:
        """A running trial at `point`, or where Optuna's sampler says, and its settings.

        It has what identifies its owner from the beginning, so that a crash leaves nothing that nobody owns.
        """
        study = optuna.load_study(study_name=self.name, storage=self.study._storage, pruner=self.pruner,
                                  sampler=budget.sampler(self.sampler, self.cell.key, slot))
        for lost in (t for t in self._trials(TrialState.RUNNING) if t.user_attrs.get("uid") == uid):  # of a try whose answer was lost
            _record_end(optuna.Trial(study, lost._trial_id), "killed", None, LOST)
        attributes = {"slot": slot, "uid": uid, "coordinator": self.claims.id, **process_identity.this_process()}
        new = optuna.trial.create_trial(state=TrialState.RUNNING, params=point, user_attrs=attributes,
                                        distributions=self.cell.search if point else {})
        trial = optuna.Trial(study, study._storage.create_new_trial(study._study_id, new))
        return trial, {setting: trial._suggest(setting, distribution) for setting, distribution in self.cell.search.items()} | point

    def _first_point(self) -> dict[str, Any]:
        """The settings as the study writes them; one that is written outside its range is drawn like those of later trials."""
        written = {setting: setting_value(self.cell.base, setting) for setting in self.cell.search}
        within = {setting: value for setting, value in written.items() if _within(self.cell.search[setting], value)}
        if len(within) == len(written):
            return written
        study = optuna.create_study(sampler=budget.sampler(self.sampler, self.cell.key, 0))
        return {**study.ask(self.cell.search).params, **within}

    def best(self) -> Trial | None:
        """The completed trial with the best validation UAR; the earlier one of equals; None without any."""
        completed = [t for t in self.ended() if t.state is TrialState.COMPLETE]
        if not completed:
            return None
        return with_settings(self.cell.base, max(completed, key=lambda t: (t.values[0], -slot_of(t))).params)

    def reconcile(self) -> int:
        """Settle the trials that dead coordinators left open, and return how many.

        One whose result is on disk ends with it; another fails, and its slot is free again.
        """
        self.claims.reap()
        left = [t for t in self._trials(TrialState.RUNNING) if not self._is_owned(t)]
        for trial in left:
            self.claims.retry(functools.partial(self._settle, trial))
        return len(left)

    def _settle(self, left: FrozenTrial) -> None:
        entry, trial = self.outbox.get(left.user_attrs.get("uid", "none")), optuna.Trial(self.study, left._trial_id)
        if entry:
            _record_end(trial, entry.state, value_of(self.objectives, entry.metrics), entry.about.reason, entry.run_id)
        else:
            _record_end(trial, "killed", None, LOST)

    def finished_uids(self) -> set[str]:
        """The uids of the trials whose end is recorded."""
        return {t.user_attrs["uid"] for t in self._trials() if t.state.is_finished() and "uid" in t.user_attrs}

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.claims.retry(lambda: self.study.get_trials(deepcopy=False, states=states or None))

    def _is_owned(self, trial: FrozenTrial) -> bool:
        """Whether the coordinator of a running trial may be alive."""
        coordinator = trial.user_attrs.get("coordinator")
        return self.claims.is_alive(coordinator) if coordinator else process_identity.may_be_alive(trial.user_attrs)


def slot_of(trial: FrozenTrial | optuna.Trial) -> int:
    """The slot of a trial in its cell."""
    return int(trial.user_attrs["slot"])


class Proposal:
    """One point of a search, whose epochs and whose end are to be recorded.

    Args:
        optuna_trial: its open trial in Optuna. claim: the name of its slot.
    Attributes:
        trial: the cell's trial at that point.
    """

    trial: Trial

    def __init__(self, search: Search, optuna_trial: optuna.Trial, uid: str, claim: str) -> None:
        self.search, self.optuna_trial, self.uid, self.claim = search, optuna_trial, uid, claim
        self._last_epoch = self._given_up_at = 0

    @property
    def number(self) -> int:
        """Of its trial in the cell, from 1."""
        return slot_of(self.optuna_trial) + 1

    def should_prune(self, epoch: int, validation_uar: float) -> bool:
        """Record an epoch; returns whether the trial is given up there.

        What an earlier try recorded stays, and so does what was decided. A cell's first trial, the settings as written, is what others
        are compared with: it never stops. Nor does one after its last epoch.
        """
        if epoch <= self._last_epoch:
            return epoch == self._given_up_at
        self._last_epoch = epoch
        looks = epoch in self.search.pruning.looks(self.trial.steps) and slot_of(self.optuna_trial) > 0

        def record() -> bool:
            if len(self.search.objectives) == 1:  # Optuna takes no course of two
                self.optuna_trial.report(validation_uar, epoch)
            return looks and self.optuna_trial.should_prune()

        prune = self.search.claims.retry(record)
        self._given_up_at = epoch if prune else 0
        return prune

    def record_end(self, state: str, value: float | list[float] | None, reason: str = "", run_id: str = "") -> None:
        """Record how it ended: `finished` with what its search looks for, `pruned`, `failed` or `killed`; `run_id` of its MLflow run."""
        self.search.claims.retry(lambda: _record_end(self.optuna_trial, state, value, reason, run_id))
        if state == "killed":
            self.search.claims.release(self.claim)
        else:
            self.search.claims.end(self.claim, state=state)


def _record_end(trial: optuna.Trial, state: str, value: float | list[float] | None, reason: str = "", run_id: str = "") -> None:
    """Record how a trial ended; one that ended before stays as it is."""
    if trial.storage.get_trial(trial._trial_id).state.is_finished():
        return
    for name, text in {"reason": reason, "mlflow_run": run_id}.items():
        if text:
            trial.set_user_attr(name, text)
    trial.set_user_attr("ended", state != "killed")
    states = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
    trial.study.tell(trial, value if state == "finished" else None, state=states.get(state, TrialState.FAIL), skip_if_finished=True)


def _within(distribution: Any, value: Any) -> bool:
    if hasattr(distribution, "choices"):
        return value in distribution.choices
    return value is not None and distribution.low <= value <= distribution.high
