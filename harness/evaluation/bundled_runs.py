"""A study's runs with their files, as a bundle holds them: what figures are computed from where there is no store."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.safe_text import mask_secrets
from harness.tracking.openings import Opening
from harness.tracking.run_record import PREFIX, RunRecord
from harness.training.predictions import Predictions, parse
from registry.errors import BenchError

RUNS, OPENINGS = "runs.json", "openings.json"
OF_THE_MACHINE = {f"{PREFIX}{name}" for name in ("host", "pid", "started", "coordinator", "command", "model")}
"""Tags that say where a process ran and where files lie, not what came out."""


class StoredRuns(Protocol):
    """The runs of a study with their files, in MLflow's store (`Tracker`) or in a bundle."""

    study_name: str

    def records(self, *kinds: str) -> list[RunRecord]: ...
    def record(self, run_id: str) -> RunRecord: ...
    def openings(self, records: Iterable[RunRecord] | None = None) -> list[Opening]: ...
    def configuration(self, run_id: str) -> dict[str, Any] | None: ...
    def predictions(self, run_id: str, part: str) -> Predictions | None: ...
    def files(self, run_id: str, name: str, folder: Path) -> Path | None: ...


class BundledRuns:
    """The runs of a bundle. Args: files: name -> content, as `bundle_files` gives them.

    Raises: BenchError when its lists of runs or openings can't be read.
    """

    def __init__(self, study_name: str, files: Mapping[str, bytes]) -> None:
        self.study_name, self._files, self._predictions = study_name, files, dict[str, Predictions]()
        try:
            self._records = [RunRecord(**fields) for fields in json.loads(files[RUNS])]
            self._by_id = {record.run_id: record for record in self._records}
            self._openings = [Opening(**fields) for fields in json.loads(files[OPENINGS])]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BenchError(f"the bundle's {RUNS} or {OPENINGS} can't be read ({type(error).__name__}: {error}): get the bundle again "
                             "from where it was made") from error

    def records(self, *kinds: str) -> list[RunRecord]:
        """All runs of these kinds (of all kinds without any), oldest first."""
        return [record for record in self._records if not kinds or record.kind in kinds]

    def record(self, run_id: str) -> RunRecord:
        """One run. Raises: BenchError for one that the bundle does not have."""
        if run_id not in self._by_id:
            raise BenchError(f"the bundle has no run {run_id}")
        return self._by_id[run_id]

    def openings(self, records: Iterable[RunRecord] | None = None) -> list[Opening]:
        """Every time that a test part was scored."""
        return list(self._openings)

    def configuration(self, run_id: str) -> dict[str, Any] | None:
        """A run's configuration; None without one. Raises: BenchError for a damaged one."""
        content = self._files.get(place(run_id, "configuration.json"))
        try:
            return None if content is None else dict(json.loads(content))
        except (ValueError, TypeError, RecursionError) as error:
            raise BenchError(f"{place(run_id, 'configuration.json')} can't be read: {error}") from error

    def predictions(self, run_id: str, part: str) -> Predictions | None:
        """The predictions of a run for the clips of a part; None without any. Raises: BenchError for a damaged file."""
        name = place(run_id, f"{part}.csv")
        if name not in self._files:
            return None
        try:
            if name not in self._predictions:
                self._predictions[name] = parse(io.StringIO(self._files[name].decode(), newline=""), name)
            return self._predictions[name]
        except UnicodeDecodeError as error:
            raise BenchError(f"{name} is damaged: {error}") from error

    def files(self, run_id: str, name: str, folder: Path) -> Path | None:
        """A run's file, written into `folder`; None without it. Only `history.csv` is kept so."""
        content = self._files.get(place(run_id, name))
        if content is None:
            return None
        path = folder / Path(name).name
        path.write_bytes(content)
        return path


def place(run_id: str, name: str) -> str:
    """Where a run's file lies in a bundle."""
    return f"runs/{run_id}/{name}"


def runs_json(records: Sequence[RunRecord]) -> bytes:
    """Runs as a bundle has them: without secrets, curves, and what is of one machine alone."""
    return as_json([{**dataclasses.asdict(record),
                     "metrics": {key: value for key, value in sorted(record.metrics.items()) if not key.startswith(("epoch/", "system/"))},
                     "params": dict(sorted(record.params.items())),
                     "tags": {key: text for key, text in sorted(record.tags.items())
                              if key == "mlflow.parentRunId" or (key.startswith(PREFIX) and key not in OF_THE_MACHINE)}}
                    for record in records])


def as_json(data: Any) -> bytes:
    """Plain data as a file of a bundle: the same data give the same bytes."""
    return f"{mask_secrets(json.dumps(data, indent=1, ensure_ascii=False))}\n".encode()
