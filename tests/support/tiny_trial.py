"""A trial of the tiny study that trains in a second, and what listens to its epochs."""

from __future__ import annotations

import dataclasses
from typing import Any

from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.study.cells import plan
from harness.study.trial import Training, Trial

CORPUS = open_corpus(STUDY.corpus, None)
TRIAL = plan(STUDY, CORPUS.fingerprint)[0].base
TINY_NET = dataclasses.replace(TRIAL.architecture, filters=(2,), batch_norm=False)


def ignore(epoch: int, metrics: dict[str, float]) -> None:
    """Do nothing after an epoch."""


def toy(**training: Any) -> Trial:
    """The trial with another training, of two epochs unless it has its own number."""
    return dataclasses.replace(TRIAL, training=Training(**{"epochs": 2, "batch_size": 32, **training}))
