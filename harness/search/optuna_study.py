"""Asks Optuna for the points of a study and tells it what they gave: one Optuna study a protocol, each cell on its own."""

from __future__ import annotations

import functools
import hashlib
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from harness.safe_text import first_line
from harness.search.claims import Claims, retry_while_away
from harness.study.cells import Cell
from harness.study.seeds import seed_for
from harness.study.settings import setting_value, with_settings
from harness.study.trial import Trial
from harness.tracking import process_identity, store
from harness.tracking.outbox import Outbox
from registry.core import canonical
from registry.errors import BenchError

optuna.logging.set_verbosity(optuna.logging.WARNING)
TABLES = ("studies", "study_directions", "study_user_attributes", "study_system_attributes", "trials", "trial_params", "trial_values",
          "trial_user_attributes", "trial_system_attributes", "trial_intermediate_values", "trial_heartbeats", "version_info")
STARTUP_TRIALS = 4  # of a cell, before TPE has enough to go by
BUSY_S = 60  # that SQLite waits for another writer
START_PATIENCE_S = 20.0


def storage(home: Path, url: str = "") -> optuna.storages.RDBStorage:
    """The store of all searches: the database at `url`, or a SQLite file below `home` in WAL mode with a long busy timeout.

    It is made when missing. Raises: BenchError when it is there but is no Optuna store, or can't be reached.
    """
    path = (home / "optuna.db").resolve()
    if not url:
        home.mkdir(parents=True, exist_ok=True)
        store.check_sqlite_file(path, TABLES)
    try:
        if url:
            return retry_while_away(lambda: optuna.storages.RDBStorage(url, engine_kwargs={"pool_pre_ping": True}), START_PATIENCE_S)
        with sqlite3.connect(path, timeout=BUSY_S) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": BUSY_S}})
    except (sqlite3.Error, RuntimeError, ImportError, ValueError, SQLAlchemyError, BenchError) as error:
        raise BenchError(f"{without_password(url) if url else path} can't be used as the store of the search ({first_line(error)}); " + (
            "check --optuna-storage and that the server runs" if url else "move it away to start a new one")) from error


def without_password(url: str) -> str:
    """A database's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):
        return "the address of --optuna-storage"


class Contradiction(BenchError):
    """Proposed settings that can't be used together.

    Args:
        params: setting -> the proposed value.
    """

    def __init__(self, message: str, params: dict[str, Any]) -> None:
        super().__init__(message)
        self.params = params


class Search:
    """The search over the cells of one protocol.

    Cells share an Optuna study for the record, but a cell's proposals and prunings come from its own trials alone:
    an easier cell says nothing about a harder one, and the budget of each is the same. A cell's trials are numbered by slots,
    from 0; a trial that was killed leaves its slot free. Several searches over one store share the slots.
    """

    def __init__(self, home: Path, study_name: str, split_label: str, cells: list[Cell], prune: bool, *,
                 store: optuna.storages.RDBStorage | None = None, claims: Claims | None = None, sampler: str = "tpe") -> None:
        ranges = {key: repr(d) for cell in cells for key, d in cell.search.items()} | ({} if sampler == "tpe" else {"sampler": sampler})
        corpus = cells[0].base.corpus_fingerprint[:8]
        scope = hashlib.sha256(canonical(ranges).encode()).hexdigest()[:6]
        store = store or storage(home)
        self.claims = claims or Claims(store.engine)
        self.box, self.sampler = Outbox(home), sampler
        self.name = f"{study_name} {split_label} {corpus} {scope}"
        self.study = retry_while_away(lambda: optuna.create_study(
            storage=store, study_name=self.name, pruner=CellPruner() if prune else optuna.pruners.NopPruner(), direction="maximize",
            load_if_exists=True))

    def done(self, cell: Cell) -> list[FrozenTrial]:
        """The cell's trials that ended by themselves, by slot; what was killed is not among them, and is proposed again."""
        return retry_while_away(lambda: ended(self.study, cell.key))

    def propose(self, cell: Cell, limit: int = 1_000_000) -> Proposal | None:
        """The cell's next point: its settings as written first, then random ones, then TPE over the cell's own trials.

        The same history gives the same proposal, so that an interrupted study continues as if it had not been.
        Returns: None when every slot below `limit` is done or somebody's.
        Raises: Contradiction, the trial recorded as failed, when the proposed settings contradict each other.
        """
        history = self.done(cell)
        taken, uid = {slot_of(trial) for trial in history}, uuid.uuid4().hex[:16]
        for slot in range(limit):
            if slot not in taken and self.claims.take(self._claim(cell, slot), uid):
                if any(slot_of(trial) == slot for trial in self.done(cell)):  # ended by another since we looked
                    self.claims.release(self._claim(cell, slot))
                    continue
                return self._proposal(cell, slot, uid, history)
        return None

    def _claim(self, cell: Cell, slot: int) -> str:
        return f"slot {self.name} {cell.key} {slot}"

    def _proposal(self, cell: Cell, slot: int, uid: str, history: list[FrozenTrial]) -> Proposal:
        params = _written(cell) if slot == 0 else {}
        if params.keys() != cell.search.keys():  # a setting written outside its range is drawn like those of later trials
            params = {**self._sample(cell, slot, history), **params}
        about = {"cell": cell.key, "label": cell.label, "slot": slot, "uid": uid, "coordinator": self.claims.id,
                 **process_identity.this_process()}
        try:
            trial, fault = apply(cell, params), None
            about["signature"] = trial.signature
        except BenchError as error:
            trial, fault = None, str(error)
        asked = self._opened(params, cell, about)
        proposal = Proposal(self, asked, self._claim(cell, slot), trial)
        if fault is not None:
            proposal.tell("failed", None, fault)
            raise Contradiction(fault, params)
        return proposal

    def _opened(self, params: dict[str, Any], cell: Cell, about: dict[str, Any]) -> optuna.Trial:
        """A running trial with all that identifies it, made in one step: a crash leaves it whole, or not there."""
        made = optuna.trial.create_trial(state=TrialState.RUNNING, params=params, distributions=cell.search, user_attrs=about)

        def find() -> FrozenTrial | None:
            running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            return next((t for t in running if t.user_attrs.get("uid") == about["uid"]), None)

        def add() -> optuna.Trial:
            if find() is None:
                self.study.add_trial(made)
            found = find()
            assert found is not None
            return optuna.Trial(self.study, found._trial_id)

        return retry_while_away(add)

    def _sample(self, cell: Cell, slot: int, history: list[FrozenTrial]) -> dict[str, Any]:
        seed = seed_for(cell.key, f"proposal {slot}")
        if self.sampler == "random":
            return dict(alone([], optuna.samplers.RandomSampler(seed=seed)).ask(cell.search).params)
        running = [t for t in self._running() if t.user_attrs.get("cell") == cell.key]
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed, constant_liar=bool(running))
        if slot < STARTUP_TRIALS:  # random, whatever has ended by now
            return dict(alone([], sampler).ask(cell.search).params)
        return dict(alone([*history, *running], sampler).ask(cell.search).params)

    def best(self, cell: Cell) -> Trial | None:
        """The cell's completed trial with the best validation UAR; the earlier one of equals; None without any."""
        completed = [t for t in self.done(cell) if t.state is TrialState.COMPLETE]
        if not completed:
            return None
        return apply(cell, max(completed, key=lambda t: (t.value or 0.0, -slot_of(t))).params)

    def reconcile(self) -> int:
        """Settle the trials that dead coordinators left open, and return how many.

        One whose result is on disk is told; another fails, and its slot is free again.
        """
        self.claims.reap()
        left = [t for t in self._running() if not self._lives(t)]
        for trial in left:
            retry_while_away(functools.partial(self._settle, trial))
        return len(left)

    def told(self) -> set[str]:
        """The uids of the trials that it knows the end of."""
        trials = retry_while_away(lambda: self.study.get_trials(deepcopy=False))
        return {t.user_attrs["uid"] for t in trials if t.state.is_finished() and "uid" in t.user_attrs}

    def _running(self) -> list[FrozenTrial]:
        return retry_while_away(lambda: self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))

    def _settle(self, left: FrozenTrial) -> None:
        entry, trial = self.box.get(left.user_attrs.get("uid", "none")), optuna.Trial(self.study, left._trial_id)
        if entry:
            tell(self.study, trial, entry.state, entry.metrics.get("validation/uar"), entry.about.reason)
        else:
            tell(self.study, trial, "killed", None)

    def _lives(self, trial: FrozenTrial) -> bool:
        coordinator = trial.user_attrs.get("coordinator")
        return self.claims.lives(coordinator) if coordinator else process_identity.may_be_alive(trial.user_attrs)


def slot_of(trial: FrozenTrial) -> int:
    """The slot of a trial in its cell."""
    return int(trial.user_attrs.get("slot", -1))


def ended(study: optuna.Study, cell_key: str) -> list[FrozenTrial]:
    """A cell's trials that ended by themselves, finished, pruned or failed, not killed; by slot, each once."""
    found = [t for t in study.get_trials(deepcopy=False)
             if t.user_attrs.get("cell") == cell_key and t.state.is_finished() and t.user_attrs.get("ended")]
    for place, trial in enumerate(t for t in found if "slot" not in t.user_attrs):  # of a store made before there were slots
        trial.user_attrs["slot"] = place
    by_slot: dict[int, FrozenTrial] = {}
    for trial in found:
        by_slot.setdefault(slot_of(trial), trial)
    return [by_slot[slot] for slot in sorted(by_slot)]


def alone(trials: list[FrozenTrial], sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
    """A study in memory that knows nothing but these trials."""
    view = optuna.create_study(direction="maximize", sampler=sampler)
    view.add_trials([t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)])
    return view


class CellPruner(optuna.pruners.BasePruner):
    """Prunes below the median of the same cell's completed trials at the same epoch, from its fourth trial and sixth epoch on."""

    def __init__(self) -> None:
        self.policy = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=6)

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether the trial should stop now."""
        return bool(self.policy.prune(alone(ended(study, trial.user_attrs["cell"])), trial))


class Proposal:
    """One point that Optuna was asked for, to be told what it gave.

    Args:
        claim: the name of its slot.
    """

    def __init__(self, search: Search, asked: optuna.Trial, claim: str, trial: Trial | None) -> None:
        self.search, self.asked, self.claim = search, asked, claim
        self.uid: str = asked.user_attrs["uid"]
        self._heard = 0
        if trial:
            self.trial = trial

    def should_prune(self, epoch: int, validation_uar: float) -> bool:
        """Note an epoch, and say whether the trial lies below the median of its cell there; what an earlier try told stands."""
        if epoch <= self._heard:
            return False
        self._heard = epoch

        def ask() -> bool:
            self.asked.report(validation_uar, epoch)
            return self.asked.should_prune()

        return retry_while_away(ask)

    def tell(self, state: str, value: float | None, reason: str = "") -> None:
        """Record how it ended: `finished` with its value, `pruned`, `failed` or `killed`."""
        retry_while_away(lambda: tell(self.search.study, self.asked, state, value, reason))
        if state == "killed":
            self.search.claims.release(self.claim)
        else:
            self.search.claims.end(self.claim, state=state)


def tell(study: optuna.Study, trial: optuna.Trial, state: str, value: float | None, reason: str = "") -> None:
    """Record how a trial ended; one that ended before stays as it is."""
    if study._storage.get_trial(trial._trial_id).state.is_finished():
        return
    if reason:
        trial.set_user_attr("reason", reason)
    trial.set_user_attr("ended", state != "killed")
    ends = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
    study.tell(trial, value if state == "finished" else None, state=ends.get(state, TrialState.FAIL), skip_if_finished=True)


def apply(cell: Cell, params: dict[str, Any]) -> Trial:
    """The cell's trial with the searched settings in place."""
    return with_settings(cell.base, params)


def _written(cell: Cell) -> dict[str, Any]:
    """The settings as the study writes them, as far as they lie in their searched ranges."""
    values = {setting: setting_value(cell.base, setting) for setting in cell.search}
    return {setting: value for setting, value in values.items() if _within(cell.search[setting], value)}


def _within(distribution: Any, value: Any) -> bool:
    if hasattr(distribution, "choices"):
        return value in distribution.choices
    return value is not None and distribution.low <= value <= distribution.high
