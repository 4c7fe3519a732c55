"""A study's leaderboards, trials, predictions and models as data, for scripts and notebooks; `from harness import results, …` loads them.

Every function takes `home`, the folder that runs write below, and some take `data`, the folder with the corpora; see `Workspace.located`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.data.corpora import Folder, Workspace
from harness.evaluation import comparison
from harness.evaluation.audit import AuditedRun, audit_runs
from harness.evaluation.final_predictions import MissingFiles, seed_predictions
from harness.evaluation.find_runs import runs_to_compare
from harness.evaluation.kept_models import kept_model
from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row
from harness.evaluation.run_list import listed_runs
from harness.study.files import parse_value
from harness.study.folds import pooled_label
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from registry.errors import BenchError, require, unknown

if TYPE_CHECKING:
    import pandas as pd

COMPONENTS = {"recipe", "feature_space", "architecture", "augmentation", "split", "protocol"}  # parameters of a run that are not settings
PARTS = ("test", "validation")


def runs(study: str | None = None, *, trials: bool = False, home: Folder = None) -> pd.DataFrame:
    """The finals of a study, or of all, each followed by its seeds, as one frame.

    Args: trials: the trials of the search, too.
    Returns: `study`, `run` (the id that `compare` and `audit` take), `kind`, `state`, `protocol`, `cell`, `seed`, `validation_uar` and
        `test_uar` (of a final the mean over its seeds, NaN where there is none), and when it `started`.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `runs("quickstart").query("kind == 'final'").run`.
    """
    import pandas as pd

    found = listed_runs(Store(Workspace.located(home).home, new=False), study, trials)

    def figures(part: str) -> list[float]:
        return [math.nan if (value := each.record.uar(part)) is None else value for each in found]

    return pd.DataFrame({
        "study": [each.study for each in found], "run": [each.record.run_id for each in found],
        "kind": [each.record.kind_in_words for each in found], "state": [each.record.state for each in found],
        "protocol": [each.record.about.split for each in found], "cell": [each.cell for each in found],
        "seed": [each.record.seed for each in found], "validation_uar": figures("validation"), "test_uar": figures("test"),
        "started": pd.to_datetime([each.record.started_at for each in found], unit="s", utc=True)})


def leaderboard(study: str, *, home: Folder = None, data: Folder = None) -> list[Leaderboard]:
    """A study's leaderboards, one for each corpus and protocol.

    Args: data: to add what earlier runs did not note of their clips.
    Returns: leaderboards with `rows`, `chosen` (the row of highest validation UAR), `best` (the rows of rank 1), `alarms` (what makes the
        whole table doubtful) and `to_frame()`.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `leaderboard("quickstart")[0].chosen.label`.
    """
    return read_leaderboards(study_store(study, home), study, Workspace.located(home, data).data)[1]


def results(study: str, *, home: Folder = None) -> pd.DataFrame:
    """The rows of a study's leaderboards as one frame, a row a cell.

    Returns: what the cell is (`corpus`, `protocol`, `cell`, `key`, …), its figures as `test_uar`, `test_uar_sd` over the seeds and the 95 %
        bounds `test_uar_low` and `test_uar_high`, `rank`, `chosen`, what it cost and its `marks`. Figures that do not exist are NaN.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `results("quickstart").sort_values("validation_uar")[["cell", "test_uar", "rank"]]`.
    """
    import pandas as pd

    frames = [board.to_frame() for board in leaderboard(study, home=home)]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    frame.insert(0, "study", study)
    return frame


def trials(study: str, *, home: Folder = None) -> pd.DataFrame:
    """The trials of a study's search as one frame, a row a trial, oldest first.

    Returns: the cell (`corpus`, `protocol`, `cell`, `key`), `state` (`finished`, `pruned`, `failed`, `killed` or `running`), a column for
        each setting that varies, as `training.learning_rate`, validation figures of the kept epoch, `best_epoch`, `epochs`, `parameters`,
        `seconds`, the `reason` where it did not finish, and its MLflow `run`.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `trials("quickstart").plot.scatter("training.learning_rate", "validation_uar", logx=True)`.
    """
    return trials_frame(study_store(study, home).experiment(study).records("trial"))


def trials_frame(records: Sequence[RunRecord]) -> pd.DataFrame:
    """The frame of `trials`, from their records; NaN where a trial has no such figure or setting."""
    import pandas as pd

    settings = sorted({setting for record in records for setting in record.params} - COMPONENTS)

    def figures(name: str) -> list[float]:
        return [record.metrics.get(name, math.nan) for record in records]

    return pd.DataFrame({
        "corpus": [record.about.corpus for record in records], "protocol": [record.about.split for record in records],
        "cell": [record.about.label for record in records], "key": [record.about.cell for record in records],
        "state": [record.state for record in records],
        **{setting: [parse_value(record.params.get(setting, "None")) for record in records] for setting in settings},
        **{f"validation_{score}": figures(f"validation/{score}") for score in ("uar", "wa", "macro_f1", "loss")},
        **{name: figures(name) for name in ("best_epoch", "epochs", "parameters")},
        "seconds": [record.seconds for record in records],
        "reason": [record.about.reason for record in records], "run": [record.run_id for record in records]})


def predictions(study: str, *, cell: str | None = None, protocol: str | None = None, seed: int | None = None, part: str = "test",
                home: Folder = None) -> pd.DataFrame:
    """What the finals of a study predict of each clip, a row a clip and seed; all cells, protocols and seeds unless some are chosen.

    Args: cell: its label, its name or its key, as `results` has them. part: `test` or `validation`. protocol: of pooled folds, as
        `speaker_folds (5 folds)`, gives each fold's predictions; one fold is `speaker_folds[fold=2]`.
    Returns: `corpus`, `protocol`, `cell`, `key` and `seed`, then `clip`, what is known of it (`speaker`, `sex`, `age`, …), `truth`,
        `predicted`, and a column of probability for each emotion.
    Raises: UsageError with the near names for a study, cell, protocol, seed or part that is not there; BenchError when predictions are
        missing in the store.
    Example: `clips = predictions("quickstart", seed=0); (clips.truth == clips.predicted).groupby(clips.speaker).mean()`.
    """
    import pandas as pd

    _require("part", part, PARTS)
    tracker = study_store(study, home).experiment(study)
    finished = [row for row in read_rows(tracker) if row.seeds]
    if not finished:
        raise BenchError(f"{tracker.study_name} has no finals yet: run it to its end")
    _require("cell with finals", cell, (name for row in finished for name in _names(row)))
    chosen = [row for row in finished if cell in (None, *_names(row))]
    _require("protocol of these finals", protocol, (name for row in chosen for name in _protocols(row)))
    chosen = [row for row in chosen if protocol in (None, *_protocols(row))]
    _require("seed of these finals", seed, (int(number) for row in chosen for number in row.seed_numbers))
    return pd.concat([_clips(tracker, row, part, seed) for row in chosen if seed is None or str(seed) in row.seed_numbers],
                     ignore_index=True)


def _names(row: Row) -> tuple[str, ...]:
    return row.label, row.name, row.cell, *([row.pooled_cell] if row.pooled_cell else [])


def _protocols(row: Row) -> tuple[str, ...]:
    """The protocol of a row; of a fold's row that of all folds, too."""
    return row.split, *([pooled_label(row.pooled_split, row.folds)] if row.pooled_cell else [])


def load_model(which: Row | str, *, home: Folder = None) -> saved_model.WaveformModel:
    """A saved model, from a waveform to emotions, with resampling, features and normalisation inside.

    Args: which: a row of a leaderboard, or a text such as `STUDY:CELL@PROTOCOL`, for the best of its seeds by validation UAR; the id
        of a final's or a seed's run, or its start; a study, for its chosen row on new speakers; or `models:/NAME@ALIAS` of MLflow.
    Returns: a model whose `predict(waveforms, {"sample_rate": Hz})` takes a float32 array (clips, samples) in [-1, 1] and gives a frame:
        `emotion`, then the probability of each.
    Raises: UsageError for what is not in the store; BenchError when no model of it was kept there.
    Example: `load_model(leaderboard("quickstart")[0].chosen).predict(waveform[None, :], {"sample_rate": 16_000})`.
    """
    store = Store(Workspace.located(home).home, new=False)
    return kept_model(store, _text(store, which)).load()


def audit(which: str, *, home: Folder = None, data: Folder = None) -> list[AuditedRun]:
    """Look for leaks in every final of a study, or in one run.

    Args: which: a study, or a run's id.
    Returns: the audited runs, each with its `findings` and whether it `failed`.
    Raises: UsageError for a study or run that is not in the store; BenchError when there is nothing to audit, or no corpus.
    Example: `[run.record.name for run in audit("quickstart") if run.failed]`.
    """
    workspace = Workspace.located(home, data)
    return audit_runs(which, Store(workspace.home, new=False), workspace)


def compare(a: Row | str, b: Row | str, *, home: Folder = None) -> comparison.Comparison:
    """Two runs or rows on the same test clips.

    Args: a, b: rows of leaderboards, ids of runs, or texts such as `STUDY:CELL@PROTOCOL`.
    Returns: `scores`, each with the difference of B less A, its 95 % interval and p; the clips that only one of them gets right; and the
        parameters in which they differ.
    Raises: UsageError for what is not in the store, or when the test clips are not the same.
    Example: `board = leaderboard("quickstart")[0]; compare(*board.rows[:2]).scores["uar"].difference`.
    """
    store = Store(Workspace.located(home).home, new=False)
    return comparison.compare(runs_to_compare(store, _text(store, a)), runs_to_compare(store, _text(store, b)))


def study_store(study: str, home: Folder = None) -> Store:
    """The store of a home in which a study has runs. Raises: UsageError with the near names; BenchError when there are no runs at all."""
    store = Store(Workspace.located(home).home, new=False)
    if study not in store.studies():
        raise store.no_study(str(study))
    return store


def _text(store: Store, which: Row | str) -> str:
    """What stands for a leaderboard's row. Raises: UsageError for a row without finals, or of another store."""
    if not isinstance(which, Row):
        return which
    require(bool(which.seed_runs), f"{which.label} on {which.split} has no finals yet: run its study to its end")
    study = store.experiment_of(which.seed_runs[0])
    require(study is not None, f"the runs of {which.label} on {which.split} are not in {store.home}: give the home of its leaderboard")
    return f"{study}:{which.cell}@{which.split}"


def _require(what: str, value: str | int | None, allowed: Iterable[str | int]) -> None:
    names = set(allowed)
    if value is not None and value not in names:
        raise unknown(what, str(value), map(str, names))


def _clips(tracker: Tracker, row: Row, part: str, seed: int | None) -> pd.DataFrame:
    """What a row's seeds, or one of them, predict; `corpus` is each clip's own where the row's corpus joins several."""
    import pandas as pd

    runs = {number: run for number, run in zip(row.seed_numbers, row.seed_runs, strict=True) if seed in (None, int(number))}
    predictions = seed_predictions(tracker, list(runs.values()), list(runs), part)
    if isinstance(predictions, MissingFiles):
        raise BenchError(f"{row.label} on {row.split}: the store has lost the {predictions.reason}: restore mlartifacts/, or run it again")
    about: dict[str, Any] = {"corpus": row.corpus, "protocol": row.split, "cell": row.label, "key": row.cell}
    return pd.concat([pd.DataFrame(about | {"seed": int(number)} | {str(name): column for name, column in of_seed.to_frame().items()})
                      for number, of_seed in zip(runs, predictions, strict=True)])
