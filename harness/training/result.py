"""The result of a trial, and the ways in which it ends early."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.study.trial import Trial
from harness.training.predictions import Predictions
from harness.training.scores import Scores
from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

    from registry.corpus import Corpus
    from registry.split import Split


class Pruned(Exception):
    """Raised by `on_epoch` when the search gives a trial up."""


@dataclass(frozen=True)
class Fold:
    """What one validation fold of a trial gave: its scores at the kept epoch, which that was, and how many were trained."""

    scores: Scores
    best_epoch: int
    epochs: int


class Diverged(BenchError):
    """The training loss was no longer a finite number."""


class NotTheTrialsFault(Exception):
    """Wraps an error that is not the trial's own: a store that is away, a full disk, clips that can't be read any more."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass
class Result:
    """The result of one trial.

    Args:
        state: `finished`, `pruned` (given up by the search), `failed` or `killed` (Ctrl-C). reason: why it did not finish.
        validation, test: scores at the kept epoch; `test` of finals only.
        predictions: part -> those of the network for its clips.
        training_classes: emotion -> clips of the training part, copies aside.
        cut: which clips its feature space does not hear whole, in words.
        folds: of a trial with several validation folds, those that were trained; `validation` is their mean.
        seconds: phase -> duration. model: the trained network, if any.
        usual_variance: within a speaker of the training part, (bands,), where features are standardised within each speaker.
    """

    trial: Trial
    state: str = "finished"
    reason: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    parameters: int = 0
    validation: Scores | None = None
    test: Scores | None = None
    predictions: dict[str, Predictions] = field(default_factory=dict)
    split_fingerprint: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)
    training_classes: dict[str, int] = field(default_factory=dict)
    cut: str = ""
    folds: tuple[Fold, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    model: keras.Model | None = None
    usual_variance: np.ndarray | None = None

    def note_parts(self, split: Split, corpus: Corpus) -> None:
        """Note the clips, speakers and emotions of the parts that it is trained and scored on."""
        self.split_fingerprint, self.counts = split.fingerprint(corpus), split.counts
        self.speakers = {part: len({*corpus.speakers[getattr(split, part)].tolist()} - {""}) for part in ("train", "validation", "test")}
        classes = np.bincount(corpus.labels[split.train], minlength=len(corpus.emotions)).tolist()
        self.training_classes = dict(zip(corpus.emotions, classes, strict=True))
