"""What a split protocol returns: disjoint clip indices, with a fingerprint of the exact clip lists."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from registry.corpus import Corpus


@dataclass(frozen=True, kw_only=True)
class Split:
    """Indices into `corpus.clips`, each part sorted; together with `left_out` they cover the corpus once.

    Args:
        train, validation, test, left_out: shape (clips of the part,), int64.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    left_out: np.ndarray

    def fingerprint(self, corpus: Corpus) -> str:
        """Hash of the exact clip ids of each part."""
        parts = {part: ",".join(corpus.clips[i].id for i in getattr(self, part)) for part in ("train", "validation", "test")}
        return hashlib.sha256("\n".join(f"{part}:{ids}" for part, ids in parts.items()).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """Clips in each part."""
        return {part: len(getattr(self, part)) for part in ("train", "validation", "test", "left_out")}


class SplitProtocol(Protocol):
    """A registered split protocol: deterministic from the sorted corpus and its own fields."""

    name: str
    shares_speakers: bool

    def __call__(self, corpus: Corpus) -> Split:
        """The parts. Raises Declined, with the reason, for a corpus that the protocol does not fit."""
        ...
