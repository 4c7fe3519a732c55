"""What a report told of the published systems, kept beside it: rows trained on several machines come together in one page."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from harness.comparison import Comparison, Reproduced
from harness.leaderboard import Row, plain
from registry.errors import BenchError


def read(path: Path) -> list[Reproduced]:
    """What an earlier report holds; nothing where there is none.

    Raises: BenchError for a file that is not one of these.
    """
    if not path.exists():
        return []
    try:
        return [_reproduced(said) for said in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BenchError(f"{path} can't be read ({type(error).__name__}: {error}); move it away, and the report is made from the runs "
                         "that are here alone") from error


def written(compared: list[Comparison]) -> str:
    """The rows that a report shows, as JSON: figures that do not exist are null."""
    found = [each for comparison in compared for each in (comparison.shared, comparison.unseen) if each]
    return json.dumps([_plain(each) for each in found], indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(found: Reproduced) -> dict[str, Any]:
    said = {field.name: plain(getattr(found, field.name)) for field in dataclasses.fields(Reproduced) if field.name not in ("row", "kept")}
    return {"row": found.row.as_json(), **said}


def _reproduced(said: dict[str, Any]) -> Reproduced:
    row = {field.name: said["row"].get(field.name, "") for field in dataclasses.fields(Row)}  # an older report knew fewer fields
    row |= {name: tuple(row[name]) for name in ("seed_runs", "seed_numbers", "audit")}
    if not row["seed_runs"] or not row["recipe"]:
        raise ValueError("a row without its recipe or runs")
    figures = {score: (_number(value), _number(low), _number(high)) for score, (value, low, high) in said["figures"].items()}
    return Reproduced(Row(**row), figures, _number(said["best_validation_wa"]), tuple(tuple(pair) for pair in said["confused"]),
                      tuple(said["never_predicted"]), kept=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
