"""`bench compare` of two files that `bench report --json` wrote: figures side by side, without tests, which need the runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.console import Console
from harness.statistics import SCORES
from registry.errors import UsageError, require

PARTS = ("feature_space", "architecture", "augmentation")


@dataclass(frozen=True)
class Line:
    """One row that both reports have: score -> (mean in A, in B); comparable: on the same corpus and split by fingerprint."""

    label: str
    figures: dict[str, tuple[float, float]]
    comparable: bool


def compare_reports(a: Path, b: Path) -> tuple[list[Line], list[str], list[str]]:
    """Rows of both reports, and the labels that only A or only B has. Raises: UsageError for a file that is no such report."""
    one, other = _rows(a), _rows(b)
    lines = [_line(label, one[label], other[label]) for label in one if label in other]
    require(bool(lines), f"{a} and {b} have no row in common: rows are matched by study, cell, settings, corpus and split")
    return lines, [label for label in one if label not in other], [label for label in other if label not in one]


def _line(label: str, a: dict[str, Any], b: dict[str, Any]) -> Line:
    same = all(a[key] == b[key] for key in ("corpus_fingerprint", "split_fingerprint"))
    return Line(label, {score: (a["test"][score][0], b["test"][score][0]) for score in SCORES}, same)


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    """Label -> row, of rows with figures; a label that several rows share gets numbers."""
    found: dict[str, dict[str, Any]] = {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        for study, rows in told.items():
            for row in rows:
                if row["test"]:
                    label = _label(study, row)
                    again = sum(known.partition(" #")[0] == label for known in found)
                    found[f"{label} #{again + 1}" if again else label] = row
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no report for programs ({type(error).__name__}: {error}): "
                         "write one by `bench report --json > FILE`") from error
    return found


def _label(study: str, row: dict[str, Any]) -> str:
    cell = row["recipe"] or " × ".join(row[part] for part in PARTS if row[part])
    settings = f" {row['settings']}" if row["settings"] else ""
    return f"{study}:{cell}{settings}@{row['split']} on {row['corpus']}"


def as_json(a: Path, b: Path) -> dict[str, Any]:
    """The same as plain data for programs."""
    lines, only_a, only_b = compare_reports(a, b)
    return {"rows": [asdict(line) for line in lines], "only_a": only_a, "only_b": only_b}


def show_reports(a: Path, b: Path, console: Console) -> None:
    """Print both reports' rows side by side; nothing is called significantly worse without predictions."""
    lines, only_a, only_b = compare_reports(a, b)
    console.table(["row", *SCORES.values(), "same clips"],
                  [[line.label, *(f"{x:.3f} → {y:.3f} ({y - x:+.3f})" for x, y in line.figures.values()),
                    "yes" if line.comparable else "no"] for line in lines], title=f"A = {a}, B = {b}")
    for words, labels in (("A", only_a), ("B", only_b)):
        if labels:
            console.result(f"only in {words}: {'; '.join(labels)}")
    console.result("Figures only: whether a difference is significant takes the predictions of the runs; compare rows by STUDY:CELL@SPLIT.")
