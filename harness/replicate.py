"""Runs the published recipes one after the other and writes what came of them; the same call continues."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from harness.console import Console
from harness.published import Comparison, chosen, comparisons
from harness.published_report import render
from harness.report import PUBLISHED, write_beside, write_index, write_report
from harness.run import run_study
from harness.study_files import chosen_study
from harness.tracking import studies
from harness.trial import Workplace
from registry.errors import BenchError, require


def replicate(names: list[str], workplace: Workplace, console: Console, *, epochs_scale: float = 1.0, variants: bool = False,
              corpus: str | None = None, splits: list[str] | None = None, seeds: list[int] | None = None,
              settings: dict[str, Any] | None = None, allow_missing: bool = False) -> list[Comparison]:
    """Train each recipe under its own split and under its twin of unseen speakers, then write the report.

    Args:
        names: systems (`002`) or recipes (`002_exponet`); none: all. epochs_scale: share of the published epochs, in (0, 1].
        settings: fixed in every recipe, as `training.precision` -> "mixed_bfloat16".
        variants: also recipes that correct or restate a published one.
    Returns: what the report compares of these recipes.
    Raises: UsageError for an unknown name; BenchError with the reasons after the others ran, when recipes gave nothing.
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
    present = set(studies(workplace.home))
    written = {name: write_report(workplace.home, name)[1] for name in {s.name: s for s, _ in pairs} if name in present}
    compared = [comparison for comparison in write_published(workplace.home) if comparison.name in {name for _, name in pairs}]
    write_index(workplace.home, written)
    failed += [f"{name}: no training finished; reports/{system.name}.md lists the reasons" for system, name in pairs
               if name not in {comparison.name for comparison in compared} and not any(text.startswith(f"{name}: ") for text in failed)]
    if failed:
        raise BenchError("recipes that gave no figures:\n" + "\n".join(failed) + f"\nthe others are in reports/{PUBLISHED}")
    return compared


def scaled(epochs: int, scale: float) -> int:
    """A share of the published epochs, at least one.

    >>> scaled(1000, 0.01), scaled(5, 0.1)
    (10, 1)
    """
    return max(1, math.ceil(round(epochs * scale, 6)))


def write_published(home: Path) -> list[Comparison]:
    """Write the comparison of the published systems, where any of them has runs, and give it back."""
    compared = comparisons(home)
    if compared:
        write_beside(home / "reports" / PUBLISHED, render(compared))
    return compared
