"""Studies from Python: run one, and read its leaderboards, trials, predictions and models as data; `from harness import run, …` loads it.

Every function takes `home`, the folder that runs write below, and some take `data`, the folder with the corpora. Without them they are what
`BENCH_HOME` and `BENCH_DATA` say, as for the command; without these the home is the current folder. Only progress is printed, on stderr.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation import comparison
from harness.evaluation.audit import AuditedRun, audit_runs
from harness.evaluation.find_runs import chosen_runs, runs_to_compare
from harness.evaluation.frames import predictions_frame, trials_frame
from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.rows import Row
from harness.execution.run_study import Execution, run_study
from harness.reports.index import write_index
from harness.reports.study_report import write_report
from harness.study.definition import Study
from harness.study.files import StudyFile, load
from harness.tracking.store import Store
from harness.training import saved_model
from registry.core import label_of
from registry.errors import BenchError, UsageError, require, unknown

if TYPE_CHECKING:
    import pandas as pd

Folder = str | Path | None


def load_study(source: str | Path) -> Study:
    """A study that is shipped, by name, or one in a file, by path; `dataclasses.replace` gives one with other fields.

    Returns: the `STUDY` of the file.
    Raises: UsageError with the near names when there is none.
    Example: `replace(load_study("quickstart"), corpus=Synthetic(), trials=1)`.
    """
    return load(str(source)).study


def run(study: Study | str | Path, name: str = "", *, home: Folder = None, data: Folder = None,
        settings: dict[str, Any] | None = None, execution: Execution | None = None, question: str = "", only_cell: str | None = None,
        allow_missing: bool = False, quiet: bool = False) -> list[Leaderboard]:
    """Run a study, or continue it: what finished before is not trained again. Writes its report and the index, as `bench run` does.

    Args:
        study: a Study, which need not lie in any file, or the name or path of one that does.
        name: of its experiment and its report; without one the file's name, or `mine` for a Study.
        settings: fixed in every cell, as `{"training.epochs": 5}`. question: the line below the report's title.
        execution: where trials run; without it in this process, which needs no protection of a script's main module and knows the classes
            of a notebook. `Execution(workers=4)` starts worker processes.
        only_cell: label of the one cell to run. allow_missing: go on without missing or damaged clips. quiet: no progress.
    Returns: the study's leaderboards, one for each corpus and protocol.
    Raises: UsageError for what is wrong in the study; BenchError for what must be fixed first, when results still wait for MLflow at the
        end, or when no cell came to a final. KeyboardInterrupt after Ctrl-C; the same call continues.
    Example: `boards = run(STUDY, name="mine", home="my_runs", settings={"training.epochs": 5})`.
    """
    file = _study_file(study, name, question)
    _require_files_of_features(file.study)
    store, workspace = Store(_home(home)), _workspace(home, data)
    execution = execution or Execution(in_process=True, optuna_storage=os.environ.get("BENCH_OPTUNA_STORAGE", ""))
    cells = run_study(file, store, workspace, settings or {}, Console(quiet), only_cell=only_cell, allow_missing=allow_missing,
                      execution=execution)
    page, boards = write_report(store, file.name, workspace.data)
    write_index(store, {file.name: boards})
    if not any(row.seeds for board in boards for row in board.rows if row.cell in cells):
        raise BenchError(f"no cell of {file.name} came to a final: trials({file.name!r}) and {page} say why")
    return boards


def report(study: str, *, home: Folder = None, data: Folder = None) -> Path:
    """Write a study's report and the index again, from the runs in MLflow's store.

    Args: data: to add what earlier runs did not note of their clips.
    Returns: the path of the page, `reports/<study>.md` below the home.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `print(report("quickstart").read_text())`.
    """
    store = _store(home, study)
    page, boards = write_report(store, study, _workspace(home, data).data)
    write_index(store, {study: boards})
    return page


def leaderboard(study: str, *, home: Folder = None, data: Folder = None) -> list[Leaderboard]:
    """A study's leaderboards, one for each corpus and protocol.

    Args: data: to add what earlier runs did not note of their clips.
    Returns: leaderboards with `rows`, `chosen` (the row of highest validation UAR), `best` (the rows of rank 1), `alarms` (what makes the
        whole table doubtful) and `to_frame()`.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `leaderboard("quickstart")[0].chosen.label`.
    """
    return read_leaderboards(_store(home, study), study, _workspace(home, data).data)[1]


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
    return trials_frame(_store(home, study).experiment(study).records("trial"))


def predictions(study: str, *, cell: str | None = None, protocol: str | None = None, seed: int | None = None, part: str = "test",
                home: Folder = None) -> pd.DataFrame:
    """What the finals of a study predict of each clip, a row a clip and seed; all cells, protocols and seeds unless some are chosen.

    Args: cell: its label or key, as `results` has them. part: `test` or `validation`.
    Returns: `corpus`, `protocol`, `cell`, `key` and `seed`, then `clip`, what is known of it (`speaker`, `sex`, `age`, …), `truth`,
        `predicted`, and a column of probability for each emotion.
    Raises: UsageError with the near names for a study, cell, protocol, seed or part that is not there; BenchError when predictions are
        missing in the store.
    Example: `said = predictions("quickstart", seed=0); (said.truth == said.predicted).groupby(said.speaker).mean()`.
    """
    return predictions_frame(_store(home, study).experiment(study), cell=cell, protocol=protocol, seed=seed, part=part)


def load_model(which: Row | str, *, home: Folder = None) -> saved_model.WaveformModel:
    """A saved model, from a waveform to emotions, with resampling, features and normalisation inside.

    Args: which: a row of a leaderboard, or a text such as `STUDY:CELL@PROTOCOL`, for the best of its seeds by validation UAR; or the id
        of a final's or a seed's run, or its start.
    Returns: a model whose `predict(waveforms, {"sample_rate": Hz})` takes a float32 array (clips, samples) in [-1, 1] and gives a frame:
        `emotion`, then the probability of each.
    Raises: UsageError for what is not in the store; BenchError when no model of it was kept there.
    Example: `load_model(leaderboard("quickstart")[0].chosen).predict(waveform[None, :], {"sample_rate": 16_000})`.
    """
    store = _store(home)
    chosen = chosen_runs(store, _text(store, which))
    if chosen.kind not in ("row", "final", "seed"):
        raise UsageError(f"{chosen.name!r} is a {chosen.kind}: give a row of its leaderboard, or the run of a final or one of its seeds")
    kept = sorted((run for run in chosen.runs if run.about.model), key=lambda run: run.metrics["validation/uar"])
    if not kept:
        others = [f"{run.run_id[:8]} ({run.about.label} on {run.about.split})" for run in chosen.records if run.about.model]
        raise BenchError(f"no model of {chosen.name} was kept: a study keeps the `best_models` of each protocol by validation UAR. Those "
                         f"of {chosen.tracker.study_name}: {'; '.join(others) or 'none'}")
    with tempfile.TemporaryDirectory() as folder:
        files = chosen.tracker.models.files(kept[-1], Path(folder))
        if files is None:
            raise BenchError(f"the store has lost the model of run {kept[-1].run_id}: restore mlartifacts/, or run the study again")
        return saved_model.load(files)


def audit(which: str, *, home: Folder = None, data: Folder = None) -> list[AuditedRun]:
    """Look for leaks in every final of a study, or in one run.

    Args: which: a study, or a run's id.
    Returns: the audited runs, each with its `findings` and whether it `failed`.
    Raises: UsageError for a study or run that is not in the store; BenchError when there is nothing to audit, or no corpus.
    Example: `[each.record.name for each in audit("quickstart") if each.failed]`.
    """
    return audit_runs(which, _store(home), _workspace(home, data))


def compare(a: Row | str, b: Row | str, *, home: Folder = None) -> comparison.Comparison:
    """Two runs or rows on the same test clips.

    Args: a, b: rows of leaderboards, ids of runs, or texts such as `STUDY:CELL@PROTOCOL`.
    Returns: `scores`, each with the difference of B less A, its 95 % interval and p; the clips that only one of them gets right; and the
        parameters in which they differ.
    Raises: UsageError for what is not in the store, or when the test clips are not the same.
    Example: `board = leaderboard("quickstart")[0]; compare(*board.rows[:2]).scores["uar"].difference`.
    """
    store = _store(home)
    return comparison.compare(runs_to_compare(store, _text(store, a)), runs_to_compare(store, _text(store, b)))


def _text(store: Store, which: Row | str) -> str:
    """What stands for a leaderboard's row. Raises: UsageError for a row without finals, or of another store."""
    if not isinstance(which, Row):
        return which
    require(bool(which.seed_runs), f"{which.label} on {which.split} has no finals yet: run its study to its end")
    study = store.experiment_of(which.seed_runs[0])
    require(study is not None, f"the runs of {which.label} on {which.split} are not in {store.home}: give the home of its leaderboard")
    return f"{study}:{which.cell}@{which.split}"


def _home(home: Folder) -> Path:
    return Path(home or os.environ.get("BENCH_HOME") or ".").expanduser().resolve()


def _workspace(home: Folder, data: Folder) -> Workspace:
    data = data or os.environ.get("BENCH_DATA")
    return Workspace(home=_home(home), data=Path(data).expanduser().resolve() if data else None)


def _store(home: Folder, study: str | None = None) -> Store:
    """The store of a home, in which a study has runs. Raises: UsageError with the near names; BenchError when there are no runs at all."""
    store = Store(_home(home), new=False)
    if study is not None and study not in (known := store.studies()):
        raise unknown("study with runs", str(study), known)
    return store


def _require_files_of_features(study: Study) -> None:
    """Raises: UsageError for a feature that a saved model could not take along, since it lies in no file that can be read alone."""
    features = {type(feature) for row in study.rows for feature in row.feature_space.features}
    own = sorted(label_of(feature) for feature in features if feature.__module__ == "__main__")
    require(not own or not (study.best_models or study.measure_cost),
            f"a saved model takes the file of each feature along, and {' and '.join(own)} is defined in a notebook or in the program that "
            "was started: move it to a file of its own and import it, or set best_models=0 and measure_cost=False")


def _study_file(study: Study | str | Path, name: str, question: str) -> StudyFile:
    """What is to be run; a Study that lies in no file is named as if it did, since reports say how to repeat it."""
    if isinstance(study, Study):
        name = name or "mine"
        return StudyFile(name, question, f"{name}.py", study)
    require(isinstance(study, str | Path), f"run takes a Study, or the name or path of one, not {study!r}")
    file = load(str(study))
    return dataclasses.replace(file, name=name or file.name, question=question or file.question)
