"""Runs the published recipes one after the other and writes what came of them; the same call continues."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from harness.console import Console
from harness.published import System, chosen, comparisons
from harness.published_report import render
from harness.report import write_beside, write_index, write_report
from harness.run import run_study
from harness.study_files import chosen_study
from harness.trial import Workplace
from registry.errors import BenchError, require

REPORT = "published-systems.md"


def replicate(names: list[str], workplace: Workplace, console: Console, *, epochs_scale: float = 1.0, variants: bool = False,
              corpus: str | None = None, splits: list[str] | None = None, seeds: list[int] | None = None,
              settings: dict[str, Any] | None = None, allow_missing: bool = False) -> Path:
    """Train each recipe under its own split and under its twin of unseen speakers, then write the report.

    Args:
        names: systems (`002`) or recipes (`002_exponet`); none: all. epochs_scale: share of the published epochs, in (0, 1].
        settings: fixed in every recipe, as `training.precision` -> "mixed_bfloat16".
        variants: also recipes that correct or restate a published one.
    Returns: the report's path.
    Raises: UsageError for an unknown name; BenchError with the reasons after the others ran, when recipes could not be run.
    """
    require(0 < epochs_scale <= 1, f"--epochs-scale must be in (0, 1], not {epochs_scale}")
    failed = []
    pairs = chosen(names, variants)
    for place, (system, name) in enumerate(pairs, 1):
        epochs = scaled(system.recipe(name).training.epochs, epochs_scale)
        console.say(f"{place} of {len(pairs)}: {name}, {epochs} of {system.recipe(name).training.epochs} epochs")
        asked, study = chosen_study(system.name, corpus=corpus, splits=splits, seeds=seeds)
        fixed = {**({} if epochs_scale == 1 else {"training.epochs": epochs}), **(settings or {})}
        try:
            run_study(asked, study, workplace, fixed, console, only_cell=name, allow_missing=allow_missing)
        except BenchError as error:
            failed.append(f"{name}: {error}")
            console.say(f"{name} could not be run: {error}")
    path = write_published(workplace.home, {system.name: system for system, _ in pairs})
    if failed:
        raise BenchError("recipes that could not be run:\n" + "\n".join(failed) + f"\nthe others are in {path}")
    return path


def scaled(epochs: int, scale: float) -> int:
    """A share of the published epochs, at least one.

    >>> scaled(1000, 0.01), scaled(5, 0.1)
    (10, 1)
    """
    return max(1, math.ceil(round(epochs * scale, 6)))


def write_published(home: Path, systems: dict[str, System]) -> Path:
    """Write the comparison of all published systems that have runs, and the leaderboards of these ones."""
    from harness.tracking import studies

    present = set(studies(home))
    written = {name: write_report(home, name)[1] for name in systems if name in present}
    write_index(home, written)
    path = home / "reports" / REPORT
    write_beside(path, render(comparisons(home)))
    return path
