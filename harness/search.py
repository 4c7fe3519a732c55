"""Asks Optuna for the points of a study and tells it what they gave: one Optuna study a protocol, each cell on its own."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.trial import FrozenTrial, TrialState

from harness import owner, sqlite_files
from harness.harmless import masked
from harness.seeds import seed_for
from harness.study import Cell, Trial, setting_value, with_settings
from registry.core import canonical
from registry.errors import BenchError

optuna.logging.set_verbosity(optuna.logging.WARNING)
TABLES = ("studies", "study_directions", "study_user_attributes", "study_system_attributes", "trials", "trial_params", "trial_values",
          "trial_user_attributes", "trial_system_attributes", "trial_intermediate_values", "trial_heartbeats", "version_info")
STARTUP_TRIALS = 4  # of a cell, before TPE has enough to go by


def storage(home: Path) -> optuna.storages.RDBStorage:
    """The SQLite file of all searches below `home`, made when missing, in WAL mode with a long busy timeout.

    Raises: BenchError when the file is there but is no Optuna store.
    """
    path = (home / "optuna.db").resolve()
    home.mkdir(parents=True, exist_ok=True)
    sqlite_files.check(path, TABLES)
    try:
        with sqlite3.connect(path, timeout=60) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}})
    except Exception as error:  # of SQLite, SQLAlchemy, Alembic or Optuna
        raise BenchError(f"{path} can't be used as the store of the search ({masked(str(error))[:300]}); move it away to start a new "
                         "one") from error


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
    an easier cell says nothing about a harder one, and the budget of each is the same.
    """

    def __init__(self, home: Path, study_name: str, split_label: str, cells: list[Cell], prune: bool) -> None:
        ranges = {key: repr(d) for cell in cells for key, d in cell.search.items()}
        corpus = cells[0].base.corpus_fingerprint[:8]
        scope = hashlib.sha256(canonical(ranges).encode()).hexdigest()[:6]
        (home / ".bench").mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(home / ".bench" / "search.lock")
        self.study = optuna.create_study(storage=storage(home), study_name=f"{study_name} {split_label} {corpus} {scope}",
                                         pruner=CellPruner() if prune else optuna.pruners.NopPruner(), direction="maximize",
                                         load_if_exists=True)

    def done(self, cell: Cell) -> list[FrozenTrial]:
        """The cell's trials that ended by themselves; what was killed is not among them, and is proposed again."""
        return ended(self.study, cell.key)

    def propose(self, cell: Cell) -> Proposal:
        """The cell's next point: its settings as written first, then TPE over the cell's own trials.

        The same history gives the same proposal, so that an interrupted study continues as if it had not been.
        Raises: Contradiction, the trial recorded as failed, when the proposed settings contradict each other.
        """
        number = len(self.done(cell))
        params = _written(cell) if number == 0 else {}
        if params.keys() != cell.search.keys():  # a setting written outside its range is drawn like those of later trials
            params = {**self._sample(cell, number), **params}
        about = {"cell": cell.key, "label": cell.label, **owner.mark()}
        with self.lock:  # another start of the same study must not be handed this cell's point
            self.study.enqueue_trial(params, user_attrs=about)
            asked = self.study.ask(cell.search)
        try:
            proposal = Proposal(self.study, cell, asked)
        except BenchError as error:
            asked.set_user_attr("ended", True)
            asked.set_user_attr("reason", str(error))
            self.study.tell(asked, state=TrialState.FAIL)
            raise Contradiction(str(error), asked.params) from error
        asked.set_user_attr("signature", proposal.trial.signature)
        return proposal

    def _sample(self, cell: Cell, number: int) -> dict[str, Any]:
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed_for(cell.key, f"proposal {number}"))
        return dict(alone(self.done(cell), sampler).ask(cell.search).params)

    def best(self, cell: Cell) -> Trial | None:
        """The cell's completed trial with the best validation UAR; the earlier one of equals; None without any."""
        completed = [t for t in self.done(cell) if t.state is TrialState.COMPLETE]
        if not completed:
            return None
        return apply(cell, max(completed, key=lambda t: (t.value or 0.0, -t.number)).params)

    def reconcile(self) -> int:
        """Fail the trials that a dead process of this machine left open, so that they are proposed again; returns how many."""
        left = [t for t in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)) if not owner.may_live(t.user_attrs)]
        for trial in left:
            self.study.tell(trial.number, state=TrialState.FAIL)
        waiting = [t for t in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)) if not owner.may_live(t.user_attrs)]
        for _ in waiting:  # asking is what takes the oldest of them
            self.study.tell(self.study.ask(), state=TrialState.FAIL)
        return len(left) + len(waiting)


def ended(study: optuna.Study, cell_key: str) -> list[FrozenTrial]:
    """A cell's trials that ended by themselves: finished, pruned or failed, not killed."""
    return [t for t in study.get_trials(deepcopy=False)
            if t.user_attrs.get("cell") == cell_key and t.state.is_finished() and t.user_attrs.get("ended")]


def alone(trials: list[FrozenTrial], sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
    """A study in memory that knows nothing but these trials."""
    view = optuna.create_study(direction="maximize", sampler=sampler)
    view.add_trials([t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)])
    return view


class CellPruner(optuna.pruners.BasePruner):
    """Prunes below the median of the same cell's completed trials at the same epoch, from its fourth trial and sixth epoch on."""

    def __init__(self) -> None:
        self.policy = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=6)

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether the trial should stop now."""
        return bool(self.policy.prune(alone(ended(study, trial.user_attrs["cell"])), trial))


class Proposal:
    """One point that Optuna was asked for, to be told what it gave."""

    def __init__(self, study: optuna.Study, cell: Cell, asked: optuna.Trial) -> None:
        self.study, self.asked = study, asked
        self.trial = apply(cell, asked.params)

    def should_prune(self, epoch: int, validation_uar: float) -> bool:
        """Note an epoch, and say whether the trial lies below the median of its cell at that epoch."""
        self.asked.report(validation_uar, epoch)
        return self.asked.should_prune()

    def tell(self, state: str, value: float | None, reason: str = "") -> None:
        """Record how it ended: `finished` with its value, `pruned`, `failed` or `killed`."""
        if reason:
            self.asked.set_user_attr("reason", reason)
        if state != "killed":
            self.asked.set_user_attr("ended", True)
        ends = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
        self.study.tell(self.asked, value if state == "finished" else None, state=ends.get(state, TrialState.FAIL))


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
