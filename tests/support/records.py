"""Brings results to MLflow as workers do, for tests and benchmarks of what reads them."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

from harness.tracking import run_files
from harness.tracking.delivery import to_mlflow
from harness.tracking.outbox import entry_of
from harness.tracking.run_record import RunTags
from harness.tracking.tracker import Tracker
from harness.training.result import Result


def bring(tracker: Tracker, result: Result, kind: str, name: str, parent: str, tags: RunTags, params: dict[str, Any]) -> str:
    """The id of a new run that holds a result, its curves and its files."""
    columns = list(result.history.items())
    points = [{name: values[place] for name, values in columns} for place in range(len(columns[0][1]))] if columns else []
    entry = entry_of(result, tags=tags, uid=uuid.uuid4().hex, kind=kind, name=name, study=tracker.study_name, parent=parent, params=params,
                     epochs=[(epoch, epoch, point) for epoch, point in enumerate(points, 1)])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "files").mkdir()
        run_files.write(result, Path(folder) / "files")
        return to_mlflow(tracker)(entry, Path(folder))
