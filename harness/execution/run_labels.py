"""What the MLflow runs of a study are called, and in which colours its charts draw them: the names begin with what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.study.cells import Cell
from harness.tracking.run_record import BEFORE_PROTOCOL
from registry.core import short_label

PARTS = ("recipe", "feature_space", "architecture", "augmentation", "split")
ALWAYS = ("feature_space", "architecture", "split")  # parameters of every run; the others only where they differ
PARAMETERS = {"split": "protocol"}  # parts that are parameters under another name
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f",
           "#aec7e8", "#ffbb78")


@dataclass(frozen=True)
class RunLabels:
    """The labels of a study's runs.

    Args:
        varied: parts that differ between its cells, then its searched settings and those that the call fixed.
        short: label of a part -> how it is written in names: without its fields, where that is clear. colours: label -> `#rrggbb`.
    """

    varied: tuple[str, ...] = ()
    short: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Sequence[Cell], settings: Sequence[str]) -> RunLabels:
        """The labels of these cells. Args: settings: names of the searched settings and those that the call fixed."""
        labels = {part: list(dict.fromkeys(labels_of(cell)[part] for cell in cells)) for part in PARTS}
        components = ("recipe",) if any(labels["recipe"]) else PARTS[1:-1]
        varied = [part for part in (*components, "split") if len(labels[part]) > 1]
        short = {label: text for part in PARTS for label, text in _short(labels[part]).items()}
        return cls((*varied, *settings), short, dict(_coloured(labels[_coloured_part(components, varied)])))

    def name(self, cell: Cell, rest: str = "") -> str:
        """What differs between cells, then the rest, then the protocol where there are several: `dilated_2d trial 3 · random_80_20`."""
        labels = labels_of(cell)
        parts = [part for part in PARTS[:-1] if part in self.varied and labels[part]]
        parts = parts or (["recipe"] if cell.recipe else ["architecture"])
        first = " ".join([*(self.short.get(labels[part], labels[part]) for part in parts), *([rest] if rest else [])])
        return first + (BEFORE_PROTOCOL + self.short.get(labels["split"], labels["split"]) if "split" in self.varied else "")

    def colour(self, cell: Cell) -> str:
        """Of the cell's architecture; where the study has one, of what its cells differ in. Empty for a cell that it does not know."""
        return next((self.colours[label] for label in labels_of(cell).values() if label in self.colours), "")

    def parameters(self, cell: Cell) -> dict[str, str]:
        """The parts of a cell as parameters of its runs."""
        return {PARAMETERS.get(part, part): label for part, label in labels_of(cell).items()
                if label and (part in ALWAYS or part in self.varied)}


def labels_of(cell: Cell) -> dict[str, str]:
    """Part -> its label in a cell."""
    base = cell.base
    return {"recipe": cell.recipe, "feature_space": base.feature_space.label, "architecture": short_label(base.architecture),
            "augmentation": base.augmentation.label, "split": short_label(base.split)}


def settings_in_words(params: Mapping[str, Any]) -> str:
    """The settings among a run's parameters: `learning_rate=0.00312`.

    >>> settings_in_words({"architecture": "plain_1d", "training.learning_rate": 0.0031234, "training.epochs": 5})
    'learning_rate=0.00312 epochs=5'
    """
    return " ".join(f"{name.rpartition('.')[2]}={f'{value:.3g}' if isinstance(value, float) else value}"
                    for name, value in params.items() if "." in name)


def _short(labels: Sequence[str]) -> dict[str, str]:
    """Each label without what stands in brackets, where the labels still differ then."""
    bare = {label: re.sub(r"\[.*?\](?=$| |\+)", "", label) for label in labels}
    return bare if len(set(bare.values())) == len(labels) else {label: label for label in labels}


def _coloured_part(components: Sequence[str], varied: Sequence[str]) -> str:
    of_components = [part for part in components if part in varied]
    return "architecture" if "architecture" in of_components or not of_components else of_components[0]


def _coloured(labels: Sequence[str]) -> list[tuple[str, str]]:
    return [(label, COLOURS[place % len(COLOURS)]) for place, label in enumerate(labels) if label]
