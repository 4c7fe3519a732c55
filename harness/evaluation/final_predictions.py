"""What the statistics of a leaderboard stand on: what the finals of its rows said of each clip, read from the store."""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from harness.data.corpora import open_corpus
from harness.evaluation.rows import Row
from harness.study.files import parse_component
from harness.tracking.tracker import Tracker
from harness.training.predictions import Predictions
from registry.corpus import Clip
from registry.errors import BenchError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinalPredictions:
    """The finals of one row.

    Args:
        test, validation: what each seed's network said. history: metric -> one value an epoch, of the first seed.
        best_epoch: its kept epoch, from 1.
    """

    row: Row
    test: Sequence[Predictions]
    validation: Sequence[Predictions]
    history: Mapping[str, Sequence[float]]
    best_epoch: int

    @cached_property
    def counts(self) -> np.ndarray:
        """Confusion counts on the test part, speakers sorted: (seeds, speakers, truth, predicted)."""
        return np.array([said.counts_by(said.speakers) for said in self.test])

    @property
    def confusion(self) -> list[list[int]]:
        """Counts on the test part over all seeds and speakers."""
        return [[int(count) for count in line] for line in self.counts.sum(axis=(0, 1))]


def read_final_predictions(row: Row, tracker: Tracker, clips: Mapping[str, Clip] | None = None) -> FinalPredictions | str:
    """The row's evidence; where files are gone from the store, what is missing instead, in words.

    Args: clips: of the corpus, id -> clip, to tell what earlier code did not note of each.
    """
    said: dict[str, list[Predictions]] = {"test": [], "validation": []}
    missing = []
    for part, found in said.items():
        gone = []
        for seed, run in zip(row.seed_numbers, row.seed_runs, strict=True):
            one = tracker.predictions(run, part)
            one = one.with_clips(clips) if one and clips else one
            if one is None or "speaker" not in one.about:
                gone.append(seed)
            else:
                found.append(one)
        missing += [f"{part} predictions of seed{'s'[: len(gone) > 1]} {', '.join(gone)}"] if gone else []
    history = _history(tracker, row.seed_runs[0])
    if missing or not history:
        return " and ".join([*missing, *([] if history else [f"the learning curve of seed {row.seed_numbers[0]}"])])
    return FinalPredictions(row, said["test"], said["validation"], history, row.best_epoch)


def clips_of(row: Row, data: Path | None) -> dict[str, Clip]:
    """Id -> clip of a row's corpus as it is below `data`; nothing, and a warning, where it is not there."""
    if data is None:
        return {}
    try:
        corpus = open_corpus(parse_component("corpora", row.corpus_label or row.corpus), data)
    except BenchError as error:
        logger.warning("reporting without what %s knows of its clips: %s", row.corpus, error)
        return {}
    return {clip.id: clip for clip in corpus.clips}


def _history(tracker: Tracker, run_id: str) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        path = tracker.files(run_id, "history.csv", Path(folder))
        if path is None:
            return {}
        try:
            with path.open(newline="", encoding="utf-8") as file:
                lines = list(csv.DictReader(file))
            return {key: [float(line[key]) for line in lines] for key in lines[0]} if lines else {}
        except (ValueError, TypeError, KeyError, csv.Error) as error:
            raise BenchError(f"run {run_id}: its history.csv is damaged ({error}); get the file back from a copy of the store, or delete "
                             "the run in the MLflow UI and run its study again") from error
