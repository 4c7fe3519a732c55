"""The validation folds of a search in words: what each protocol keeps apart in them, how large they are, and what they lack."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from harness.study.cells import Cell
from harness.study.definition import specification_text
from registry.core import short_label
from registry.corpus import Corpus
from registry.validation_fold import kept_apart, validation_folds


def fold_lines(cells: Iterable[Cell], corpus: Corpus) -> list[str]:
    """A line on the folds of each protocol, and one on emotions that some lack; nothing where trials are trained once.

    Raises: Declined for a protocol that does not fit.
    """
    protocols = {specification_text(cell.base.split): cell.base for cell in cells if cell.base.validation_folds > 1}
    return [line for base in protocols.values() for line in _lines(base.split, base.validation_folds, corpus)]


def _lines(protocol: object, folds: int, corpus: Corpus) -> list[str]:
    splits = [fold(corpus) for fold in validation_folds(protocol, folds)]
    groups, label = kept_apart(protocol, corpus, protocol(corpus)), short_label(protocol)  # type: ignore[operator]
    clips = [len(split.validation) for split in splits]
    size = f"{min(clips):,}" if min(clips) == max(clips) else f"{min(clips):,} to {max(clips):,}"
    lines = [f"validation folds of {label}: {folds} of {size} clips, {'drawn at random' if groups == 'clips' else f'whole {groups}'}"]
    known = np.unique(corpus.labels[np.concatenate([splits[0].train, splits[0].validation])])
    lacking = [absent for split in splits if len(absent := np.setdiff1d(known, corpus.labels[split.validation]))]
    if lacking:
        emotions = " or ".join(corpus.emotions[i] for i in np.unique(np.concatenate(lacking)))
        lines.append(f"⚠ {label}: {len(lacking)} of {folds} validation folds have no clips of {emotions}: their UAR is "
                     "over the others; fewer folds, or more speakers, would help")
    return lines
