"""What runs the combinations: study, trial, search, training, tracking, statistics, report, command line.

The names below are the public Python API; each is loaded when it is first used, so that `import harness` stays light.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

# Read when mlflow is imported, wherever that is first.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a benchmark tells nobody that it runs
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # for long outages there is the outbox
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")

__all__ = ["BenchError", "Claim", "Execution", "Recipe", "Study", "Training", "UsageError", "Workspace", "audit", "compare", "leaderboard",
           "load_model", "load_study", "predictions", "report", "results", "run", "trials"]

if TYPE_CHECKING:  # what editors and type checkers read; the rest does the same when a name is used
    from harness.analyses.published.systems import Claim
    from harness.api import audit, compare, leaderboard, load_model, load_study, predictions, report, results, run, trials
    from harness.data.corpora import Workspace
    from harness.execution.run_study import Execution
    from harness.study import Recipe, Study, Training
    from registry.errors import BenchError, UsageError
else:
    PLACES = {"Claim": "harness.analyses.published.systems", "Workspace": "harness.data.corpora",
              "Execution": "harness.execution.run_study", **dict.fromkeys(("Recipe", "Study", "Training"), "harness.study"),
              **dict.fromkeys(("BenchError", "UsageError"), "registry.errors")}  # of what is not in harness.api

    def __getattr__(name: str) -> Any:
        """A public name, from the module that defines it."""
        if name not in __all__:
            raise AttributeError(f"module 'harness' has no attribute {name!r}")
        globals()[name] = value = getattr(importlib.import_module(PLACES.get(name, "harness.api")), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
