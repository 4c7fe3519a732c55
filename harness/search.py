"""Asks Optuna for the points of a study and tells it what they gave: one Optuna study a protocol, each cell on its own."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
from pathlib import Path
from typing import Any

import optuna
import psutil
from optuna.trial import FrozenTrial, TrialState

from harness.seeds import seed_for
from harness.study import Cell, Trial, setting_value, with_setting
from registry.core import canonical
from registry.errors import BenchError

optuna.logging.set_verbosity(optuna.logging.WARNING)
STARTUP_TRIALS = 4  # of a cell, before TPE has enough to go by


def storage(home: Path) -> optuna.storages.RDBStorage:
    """The SQLite file of all searches below `home`, made when missing, in WAL mode with a long busy timeout.

    Raises: BenchError when the file is there but is no Optuna store.
    """
    path = home / "optuna.db"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with sqlite3.connect(path, timeout=60) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}})
    except (sqlite3.Error, RuntimeError) as error:
        raise BenchError(f"{path} can't be used as the store of the search ({error}); move it away to start a new one") from error


class Search:
    """The search over the cells of one protocol.

    Cells share an Optuna study for the record, but a cell's proposals and prunings come from its own trials alone:
    an easier cell says nothing about a harder one, and the budget of each is the same.
    """

    def __init__(self, home: Path, study_name: str, split_label: str, cells: list[Cell], prune: bool) -> None:
        ranges = {key: repr(d) for cell in cells for key, d in cell.search.items()}
        corpus = cells[0].base.corpus_fingerprint[:8]
        scope = hashlib.sha256(canonical(ranges).encode()).hexdigest()[:6]
        self.study = optuna.create_study(storage=storage(home), study_name=f"{study_name} {split_label} {corpus} {scope}",
                                         direction="maximize", load_if_exists=True)
        self.pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=5) if prune else optuna.pruners.NopPruner()

    def done(self, cell: Cell) -> list[FrozenTrial]:
        """The cell's trials that ended by themselves; what was killed is not among them, and is proposed again."""
        return [t for t in self.study.get_trials(deepcopy=False)
                if t.user_attrs.get("cell") == cell.key and t.state.is_finished() and not t.user_attrs.get("killed")]

    def propose(self, cell: Cell) -> Proposal:
        """The cell's next point: its settings as written first, then TPE over the cell's own trials.

        The same history gives the same proposal, so that an interrupted study continues as if it had not been.
        """
        number = len(self.done(cell))
        params = _written(cell) if number == 0 else self._sample(cell, number)
        owner = {"cell": cell.key, "label": cell.label, "host": socket.gethostname(), "pid": os.getpid()}
        self.study.enqueue_trial(params, user_attrs=owner)
        asked = self.study.ask(cell.search)
        proposal = Proposal(self, cell, asked, self._view(cell))
        asked.set_user_attr("signature", proposal.trial.signature)
        return proposal

    def _sample(self, cell: Cell, number: int) -> dict[str, Any]:
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed_for(cell.key, f"proposal {number}"))
        view = self._view(cell, sampler)
        return dict(view.ask(cell.search).params)

    def _view(self, cell: Cell, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        view = optuna.create_study(direction="maximize", sampler=sampler, pruner=self.pruner)
        view.add_trials([t for t in self.done(cell) if t.state in (TrialState.COMPLETE, TrialState.PRUNED)])
        return view

    def best(self, cell: Cell) -> Trial | None:
        """The cell's completed trial with the best validation UAR; the earlier one of equals; None without any."""
        completed = [t for t in self.done(cell) if t.state is TrialState.COMPLETE]
        if not completed:
            return None
        return apply(cell, max(completed, key=lambda t: (t.value or 0.0, -t.number)).params)

    def reconcile(self) -> int:
        """Fail the trials that a dead process of this machine left running; returns how many."""
        left = [t for t in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)) if not _owned(t)]
        for trial in left:
            storage_ = self.study._storage
            storage_.set_trial_user_attr(trial._trial_id, "killed", True)
            if trial.state is TrialState.WAITING:
                storage_.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
            self.study.tell(trial.number, state=TrialState.FAIL)
        return len(left)


class Proposal:
    """One point that Optuna was asked for, to be told what it gave."""

    def __init__(self, search: Search, cell: Cell, asked: optuna.Trial, view: optuna.Study) -> None:
        self.search, self.asked, self.view = search, asked, view
        self.trial = apply(cell, asked.params)

    def should_prune(self, epoch: int, validation_uar: float) -> bool:
        """Note an epoch, and say whether the trial lies below the median of its cell at that epoch."""
        self.asked.report(validation_uar, epoch)
        frozen = self.search.study._storage.get_trial(self.asked._trial_id)
        return bool(self.view.pruner.prune(self.view, frozen))

    def tell(self, state: str, value: float | None, reason: str = "") -> None:
        """Record how it ended: `finished` with its value, `pruned`, `failed` or `killed`."""
        if reason:
            self.asked.set_user_attr("reason", reason)
        if state == "killed":
            self.asked.set_user_attr("killed", True)
        ends = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
        self.search.study.tell(self.asked, value if state == "finished" else None, state=ends.get(state, TrialState.FAIL))


def apply(cell: Cell, params: dict[str, Any]) -> Trial:
    """The cell's trial with the searched settings in place."""
    trial = cell.base
    for setting, value in params.items():
        trial = with_setting(trial, setting, value) or trial
    return trial


def _written(cell: Cell) -> dict[str, Any]:
    """The settings as the study writes them, as far as they lie in their searched ranges."""
    values = {setting: setting_value(cell.base, setting) for setting in cell.search}
    return {s: v for s, v in values.items() if cell.search[s]._contains(_internal(cell.search[s], v))}


def _internal(distribution: Any, value: Any) -> float:
    try:
        return float(distribution.to_internal_repr(value))
    except ValueError:
        return float("nan")


def _owned(trial: FrozenTrial) -> bool:
    attrs = trial.user_attrs
    return attrs.get("host") != socket.gethostname() or psutil.pid_exists(int(attrs.get("pid", -1)))
