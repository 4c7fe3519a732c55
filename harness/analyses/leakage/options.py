"""The options of a leakage measurement; light, so that the command line reads its defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LeakageOptions:
    """The options of `bench leakage`.

    Args:
        cell: label of the one cell; None: all. settings: fixed in every cell. copies: augmentations of cells that make no copies.
    """

    study: str
    cell: str | None = None
    corpus: str | None = None
    seeds: tuple[int, ...] = (0, 1, 2)
    settings: dict[str, Any] = field(default_factory=dict)
    copies: tuple[str, ...] = ("noise", "time_shift")
