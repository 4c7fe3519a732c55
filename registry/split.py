"""What a split protocol returns: disjoint clip indices, with a fingerprint of the exact clip lists."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

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
    """A registered split protocol: deterministic from the sorted corpus and its own fields.

    One with folds has a field `fold`, counted from 1, and a method `number_of_folds(corpus)`, which raises Declined where it does
    not fit; the test parts of its folds hold every clip once. `shares_speakers` is None where the corpus's own parts decide.
    """

    name: str
    shares_speakers: bool | None

    def __call__(self, corpus: Corpus) -> Split:
        """The parts. Raises Declined, with the reason, for a corpus that the protocol does not fit."""
        ...


def folds_of(protocol: Any, corpus: Corpus) -> tuple[Any, ...]:
    """Every fold of a protocol, in order; empty for a protocol without folds. Raises: Declined where it does not fit the corpus."""
    if not hasattr(protocol, "number_of_folds"):
        return ()
    return tuple(replace(protocol, fold=fold) for fold in range(1, protocol.number_of_folds(corpus) + 1))


def shares_speakers(protocol: Any, corpus: Corpus) -> bool:
    """Whether test speakers may be in training or validation: as the protocol says or, where the corpus decides, as its parts are."""
    if protocol.shares_speakers is not None:
        return bool(protocol.shares_speakers)
    split = protocol(corpus)
    others = {*corpus.speakers[split.train].tolist(), *corpus.speakers[split.validation].tolist()}
    return not others.isdisjoint(corpus.speakers[split.test].tolist())
