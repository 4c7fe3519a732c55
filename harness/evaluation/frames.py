"""What a study's runs say of its trials and of each clip, as pandas frames for notebooks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from harness.evaluation.final_predictions import MissingFiles, seed_predictions
from harness.evaluation.rows import Row, rows
from harness.study.files import parse_value
from harness.tracking.run_record import RunRecord
from harness.tracking.tracker import Tracker
from registry.errors import BenchError, unknown

if TYPE_CHECKING:
    import pandas as pd

COMPONENTS = {"recipe", "feature_space", "architecture", "augmentation", "split"}  # parameters of a run that are not settings
PARTS = ("test", "validation")


def trials_frame(records: Sequence[RunRecord]) -> pd.DataFrame:
    """A row a trial: its cell, state, settings that vary, validation figures of the kept epoch, time, reason and run; NaN where none is."""
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
        "seconds": [sum(value for name, value in record.metrics.items() if name.startswith("seconds/")) for record in records],
        "reason": [record.about.reason for record in records], "run": [record.run_id for record in records]})


def predictions_frame(tracker: Tracker, *, cell: str | None, protocol: str | None, seed: int | None, part: str) -> pd.DataFrame:
    """A row a clip and seed, of the finals of a study: of all of them, or of one cell (its label or key), protocol or seed.

    Raises: UsageError with the near names for what is not there; BenchError when there are no finals, or predictions are missing.
    """
    import pandas as pd

    _require("part", part, PARTS)
    finished = [row for row in rows(tracker.records()) if row.seeds]
    if not finished:
        raise BenchError(f"{tracker.study_name} has no finals yet: run it to its end")
    _require("cell with finals", cell, (name for row in finished for name in (row.label, row.cell)))
    chosen = [row for row in finished if cell in (None, row.label, row.cell)]
    _require("protocol of these finals", protocol, (row.split for row in chosen))
    chosen = [row for row in chosen if protocol in (None, row.split)]
    _require("seed of these finals", seed, (int(number) for row in chosen for number in row.seed_numbers))
    return pd.concat([_clips(tracker, row, part, seed) for row in chosen if seed is None or str(seed) in row.seed_numbers],
                     ignore_index=True)


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
    return pd.concat([pd.DataFrame(about | {"seed": int(number)} | {str(name): column for name, column in each.to_frame().items()})
                      for number, each in zip(runs, predictions, strict=True)])
