"""Which saved model a text stands for: a model's address, a study's chosen row, a row, or a run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.evaluation.find_runs import ChosenRuns, chosen_runs
from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row, by_validation
from harness.tracking.models import Models
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from registry.errors import BenchError, UsageError

ADDRESS = "models:/"


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A saved model of a store.

    Args: run: the one that trained it. name: in words. others: rows of the study that could be meant, too, as texts that name them.
    """

    tracker: Tracker
    run: RunRecord
    name: str
    others: tuple[str, ...] = ()

    def files(self, folder: Path) -> Path:
        """Its files, copied below `folder`. Raises: BenchError where the store has lost them."""
        found = self.tracker.models.files(self.run, folder)
        if found is None:
            raise BenchError(f"the store has lost the model of run {self.run.run_id}: restore mlartifacts/, or run the study again")
        return found

    def load(self) -> saved_model.WaveformModel:
        """The model itself. Raises: BenchError where the store has lost it."""
        with tempfile.TemporaryDirectory() as folder:
            return saved_model.load(self.files(Path(folder)))


def kept_model(store: Store, text: str) -> KeptModel:
    """The saved model that a text stands for: the best by validation UAR of the seeds that it names.

    Args: text: a study, for its chosen row, on new speakers where it has both and on the protocol with most training clips; a row as
        `STUDY:CELL@SPLIT`; the id of a final's or a seed's run, or its start; `models:/NAME@ALIAS`, `models:/NAME/VERSION`, `models:/ID`.
    Raises: UsageError for what is not in the store; BenchError when no model of it was kept there.
    """
    if text.startswith(ADDRESS):
        return _by_address(store, text)
    chosen = chosen_runs(store, text)
    if chosen.kind == "study":
        return _of_study(chosen)
    if chosen.kind not in ("row", "final", "seed"):
        raise UsageError(f"{chosen.name!r} is a {chosen.kind}: give a row of its leaderboard, or the run of a final or one of its seeds")
    folds = dict.fromkeys(f"{chosen.tracker.study_name}:{run.about.label}@{run.about.split}" for run in chosen.runs)
    if len(folds) > 1:
        raise UsageError(f"{chosen.name} pools {len(folds)} folds, each with networks of its own: give one of them, such as "
                         f"{next(iter(folds))!r}")
    if best := _best(chosen.runs):
        return KeptModel(chosen.tracker, best, _name(chosen.tracker, best))
    raise _none_kept(chosen)


def _by_address(store: Store, address: str) -> KeptModel:
    source, run_id = Models(store.client, store.home).registered(address)
    study = store.experiment_of(run_id)
    if study is None:
        raise BenchError(f"{address} was trained by run {run_id or '(unknown)'}, which is not in the store of {store.home.resolve()}: give "
                         "the --home that it was trained in")
    tracker = store.experiment(study)
    run = tracker.record(run_id)
    if run.about.model != source:
        raise BenchError(f"{address} is {source}, and run {run_id} keeps {run.about.model or 'no model'}: register the model of the run")
    return KeptModel(tracker, run, f"{address} of {_name(tracker, run)}")


def _of_study(chosen: ChosenRuns) -> KeptModel:
    """The model of a study's chosen row; where none of it was kept, of the next row by validation UAR."""
    boards: dict[tuple[object, ...], list[Row]] = {}
    for row in read_rows(chosen.tracker, chosen.records):
        if row.seeds:
            boards.setdefault(row.board, []).append(row)
    if not boards:
        raise BenchError(f"{chosen.name} has no finals yet: run it to its end")
    by_id = {run.run_id: run for run in chosen.records}
    kept = []
    for rows in sorted((sorted(rows, key=by_validation) for rows in boards.values()), key=lambda rows: _wanted(rows[0])):
        of_rows = ((row, _best([by_id[run_id] for run_id in row.seed_runs])) for row in rows)
        kept += [(row, best) for row, best in of_rows if best][:1]
    if kept:
        best = kept[0][1]
        return KeptModel(chosen.tracker, best, _name(chosen.tracker, best), tuple(_text(chosen.name, row) for row, _ in kept[1:]))
    raise _none_kept(chosen)


def _wanted(row: Row) -> tuple[bool, bool, bool, int, str]:
    """Sorts protocols: those that say most of speakers whom nobody knows come first."""
    return row.knows_speakers, row.shares_speakers, bool(row.pooled_cell), -row.clips.get("train", 0), row.split


def _best(runs: Sequence[RunRecord]) -> RunRecord | None:
    return max((run for run in runs if run.about.model), key=lambda run: run.metrics["validation/uar"], default=None)


def _name(tracker: Tracker, run: RunRecord) -> str:
    return f"{_text(tracker.study_name, run.about)}, seed {run.seed}"


def _text(study: str, row: Row | RunTags) -> str:
    return f"{study}:{row.label}@{row.split}"


def _none_kept(chosen: ChosenRuns) -> BenchError:
    others = [f"{run.run_id[:8]} ({run.about.label} on {run.about.split})" for run in chosen.records if run.about.model]
    return BenchError(f"no model of {chosen.name} was kept: a study keeps the `best_models` of each protocol by validation UAR. Those "
                      f"of {chosen.tracker.study_name}: {'; '.join(others) or 'none'}")
