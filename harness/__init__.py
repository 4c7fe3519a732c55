"""A benchmark of speech emotion recognition: the names below are its Python API, each loaded when it is first used.

`import harness` stays light; the folders, from the question to the command line, are shown in CONTRIBUTING.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read when mlflow is imported, wherever that is first.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a benchmark tells nobody that it runs
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # for long outages there is the outbox
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")

__all__ = ["BenchError", "Claim", "Execution", "Recipe", "Study", "Training", "UsageError", "Workspace", "audit", "compare", "leaderboard",
           "load_model", "load_study", "predictions", "report", "results", "run", "runs", "trials"]

if TYPE_CHECKING:  # for editors and type checkers; `__getattr__` does the same when a name is used
    from harness.data.corpora import Workspace
    from harness.evaluation.leaderboard import Leaderboard
    from harness.evaluation.study_data import audit, compare, leaderboard, load_model, predictions, results, runs, trials
    from harness.execution.run_study import Execution
    from harness.reports.index import report
    from harness.study import Recipe, Study, Training
    from harness.study.claims import Claim
    from harness.study.files import load_study
    from registry.errors import BenchError, UsageError

PLACES = {"Claim": "harness.study.claims", "Workspace": "harness.data.corpora", "Execution": "harness.execution.run_study",
          "report": "harness.reports.index", "load_study": "harness.study.files",
          **dict.fromkeys(("Recipe", "Study", "Training"), "harness.study"),
          **dict.fromkeys(("BenchError", "UsageError"), "registry.errors"),
          **dict.fromkeys(("audit", "compare", "leaderboard", "load_model", "predictions", "results", "runs", "trials"),
                          "harness.evaluation.study_data")}


def run(study: Study | str | Path, name: str = "", *, home: str | Path | None = None, data: str | Path | None = None,
        settings: dict[str, Any] | None = None, execution: Execution | None = None, question: str = "", only_cell: str | None = None,
        all_folds: bool = False, allow_missing: bool = False, adopt: bool = False,
        quiet: bool = False) -> list[Leaderboard]:
    """Run a study, or continue it: what finished before is not trained again. Writes its report and the index, as `bench run` does.

    Args:
        study: a Study, which need not lie in any file, or the name or path of one that does.
        name: of its experiment and its report; without one the file's name, or `mine` for a Study.
        settings: fixed in every cell, as `{"training.epochs": 5}`. question: the line below the report's title.
        execution: where trials run; without it in this process, which needs no protection of a script's main module and knows the classes
            of a notebook. `Execution()` starts a worker process for each core, `Execution(workers=4)` four.
        only_cell: label of the one cell to run. all_folds: run every fold of protocols that have folds, pooled into one row.
        allow_missing: go on without missing or damaged clips. quiet: no progress.
        adopt: write into an MLflow experiment of that name that bench did not make, or begin it anew where it was renamed.
    Returns: the study's leaderboards, one for each corpus and protocol.
    Raises: UsageError for what is wrong in the study; BenchError for what must be fixed first, when results still wait for MLflow at the
        end, or when no cell came to a final. KeyboardInterrupt after Ctrl-C; the same call continues.
    Example: `boards = run(STUDY, name="mine", home="my_runs", settings={"training.epochs": 5})`.
    """
    from harness.console import Console
    from harness.data.corpora import Workspace
    from harness.execution.run_study import Execution, run_study
    from harness.reports.index import write_index
    from harness.reports.study_report import write_report
    from harness.study.files import as_study_file
    from harness.tracking.store import Store
    from registry.errors import BenchError

    file, workspace = as_study_file(study, name, question), Workspace.located(home, data)
    store = Store(workspace.home, adopt=adopt)
    execution = execution or Execution(in_process=True, optuna_storage=os.environ.get("BENCH_OPTUNA_STORAGE", ""))
    cells = run_study(file, store, workspace, settings or {}, Console(quiet), only_cell=only_cell, allow_missing=allow_missing,
                      execution=execution, all_folds=all_folds)
    page, boards = write_report(store, file.name, workspace.data)
    write_index(store, {file.name: boards})
    if not any(row.seeds for board in boards for row in board.rows if row.cell in cells):
        raise BenchError(f"no cell of {file.name} came to a final: trials({file.name!r}) and {page} say why")
    return boards


def __getattr__(name: str) -> Any:
    """A public name, from the module that defines it."""
    if name not in PLACES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    globals()[name] = value = getattr(importlib.import_module(PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
