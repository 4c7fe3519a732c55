"""The options of a replication; light, so that the command line reads its defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from registry.errors import require


@dataclass(frozen=True)
class ReplicateOptions:
    """The options of `bench replicate`.

    Args:
        names: systems (`002`) or recipes (`002_exponet`); none: all. variants: also recipes that correct or restate a published one.
        epochs_scale: share of the published epochs, in (0, 1]. settings: fixed in every recipe.
        corpus, splits, seeds: instead of the studies' own.
    """

    names: list[str]
    variants: bool = False
    epochs_scale: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)
    corpus: str | None = None
    splits: list[str] | None = None
    seeds: list[int] | None = None

    def __post_init__(self) -> None:
        require(0 < self.epochs_scale <= 1, f"--epochs-scale must be in (0, 1], not {self.epochs_scale}")
