"""What clips are trained on: the intended emotion, or what listeners heard, and where that can't be."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from harness.study.cells import VOTES, Cell
from registry.core import label_of
from registry.corpus import Corpus
from registry.estimator import is_estimator


def targets(corpus: Corpus, target: str) -> np.ndarray:
    """The share of each emotion in what a clip is trained on, (clips, emotions), float32; rows sum to one.

    Args: target: as `Training.target`; a clip without votes is trained on its intended emotion.
    """
    intended = np.eye(len(corpus.emotions), dtype=np.float32)[corpus.labels]
    if target != VOTES:
        return intended
    return np.where(corpus.vote_shares.any(axis=1, keepdims=True), corpus.vote_shares, intended)


def target_reason(cell: Cell, corpus: Corpus) -> str | None:
    """Why a cell can't be trained on listeners' votes; None when it can, or is not."""
    architecture = cell.base.architecture
    if not cell.may_take_votes:
        return None
    if not corpus.vote_shares.any():
        return (f"training.target='votes' needs listeners' votes, and no clip of {corpus.name} has any: train on 'intent'. Of the corpora "
                "here crema_d has them, with its table processedResults/tabulatedVotes.csv beside the folder of clips or in it")
    if is_estimator(architecture) and not getattr(architecture, "soft_labels", False):
        return (f"{label_of(type(architecture))} takes one emotion a clip and can't be trained on the shares of votes: train it on "
                "training.target='intent', or take logistic_regression, gradient_boosting or a network")
    return None


def vote_lines(cells: Iterable[Cell], corpus: Corpus) -> list[str]:
    """A line on clips without votes where a cell is trained on votes; nothing where all have some."""
    without = int((~corpus.vote_shares.any(axis=1)).sum()) if any(cell.may_take_votes for cell in cells) else 0
    return [f"votes: {without:,} of {len(corpus):,} clips have none and are trained on the intended emotion"] if without else []
