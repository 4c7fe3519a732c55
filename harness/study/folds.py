"""All folds of a study's protocols, and which row of a leaderboard they are pooled into."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

from harness.study.definition import Study, specification_text
from harness.study.trial import Trial
from registry.core import short_label
from registry.corpus import Corpus
from registry.errors import require
from registry.split import folds_of


@dataclass(frozen=True)
class Pool:
    """Where the folds of a cell come together: every clip is tested once.

    Args:
        key: identifies the row that pools them: 8 hexadecimal digits, another one than that of any fold's cell.
        protocol: label without the fold. folds: how many the corpus has.
    """

    key: str
    protocol: str
    folds: int

    @property
    def label(self) -> str:
        """The protocol as leaderboards name it."""
        return pooled_label(self.protocol, self.folds)


def pooled_label(protocol: str, folds: int) -> str:
    """A protocol whose folds are pooled.

    >>> pooled_label("speaker_folds", 5)
    'speaker_folds (5 folds)'
    """
    return f"{protocol} ({folds} folds)"


def pool_of(base: Trial, corpus: Corpus) -> Pool | None:
    """Where the folds of a cell with this base come together; None for a protocol without folds."""
    folds = folds_of(base.split, corpus)
    if not folds:
        return None
    first = dataclasses.replace(base, split=folds[0])
    key = hashlib.sha256(f"all folds of {first.signature}".encode()).hexdigest()[:8]
    return Pool(key, short_label(folds[0]), len(folds))


def protocol_label(base: Trial, corpus: Corpus | None) -> str:
    """The label of a cell's protocol; that of all its folds together where the corpus is given and there are folds."""
    pool = pool_of(base, corpus) if corpus else None
    return pool.label if pool else short_label(base.split)


def with_all_folds(study: Study, corpus: Corpus) -> Study:
    """The study with every fold of each protocol that has folds; other protocols stay as they are.

    Raises: UsageError when no protocol has folds; Declined by one that does not fit the corpus.
    """
    labels = ", ".join(map(short_label, study.protocols))
    require(any(hasattr(split, "number_of_folds") for split in study.protocols),
            f"there are no folds to run all of: {labels} {'have' if len(study.protocols) > 1 else 'has'} none; give a protocol that has, "
            "such as --split speaker_folds, leave_one_speaker_out or random_folds")
    if study.recipes:
        recipes = (dataclasses.replace(recipe, splits=_all(recipe.splits, corpus)) for recipe in study.recipes)
        return dataclasses.replace(study, recipes=tuple(recipes))
    return dataclasses.replace(study, splits=_all(study.splits, corpus))


def _all(splits: tuple[Any, ...], corpus: Corpus) -> tuple[Any, ...]:
    """Each split once, those with folds as all of these."""
    expanded = [fold for split in splits for fold in folds_of(split, corpus) or (split,)]
    return tuple({specification_text(split): split for split in expanded}.values())
