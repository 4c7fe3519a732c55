"""The predictions of a row's finals, read from the store: what the statistics of a leaderboard are computed from."""

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
from harness.evaluation.bundled_runs import StoredRuns
from harness.evaluation.intervals import speaker_intervals
from harness.evaluation.rows import Row
from harness.study.files import parse_component
from harness.training.predictions import Predictions, joined, speaker_counts
from registry.corpus import Clip
from registry.errors import BenchError

RESAMPLES = 2_000  # these bounds decide on alarms, and are printed to three places
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MissingFiles:
    """Files of finals that the store no longer has.

    Args: reason: which ones, in words: `test predictions of seeds 0, 1`.
    """

    reason: str


@dataclass(frozen=True)
class FinalPredictions:
    """The finals of one row.

    Args:
        test, validation: the predictions of each seed. history: metric -> one value an epoch, of the first seed.
        folds: of a row that pools folds: the finals of each; `test` is then of all folds, a seed each, `validation` of each fold and
            seed, and `history` of the first fold.
    """

    row: Row
    test: Sequence[Predictions]
    validation: Sequence[Predictions]
    history: Mapping[str, Sequence[float]]
    folds: tuple[FinalPredictions, ...] = ()

    @property
    def parts(self) -> tuple[FinalPredictions, ...]:
        """The folds, or these finals themselves: each is of networks that were chosen on one validation part."""
        return self.folds or (self,)

    @cached_property
    def counts(self) -> np.ndarray:
        """Confusion counts on the test part, speakers sorted: (seeds, speakers, truth, predicted)."""
        return speaker_counts(self.test)

    @property
    def confusion(self) -> list[list[int]]:
        """Counts on the test part over all seeds and speakers."""
        return [[int(count) for count in line] for line in self.counts.sum(axis=(0, 1))]

    @property
    def collapsed(self) -> bool:
        """Whether all of its networks take every test clip for one emotion: they have learnt nothing, as another seed may."""
        return int((self.counts.sum(axis=(0, 1, 2)) > 0).sum()) == 1

    @cached_property
    def test_uar(self) -> tuple[float, float, float]:
        """Mean over the seeds, low, high."""
        return uar_with_interval(self.test)

    @cached_property
    def validation_uar(self) -> tuple[float, float, float]:
        """Mean over the seeds, low, high; of folds, their validation parts together."""
        if not self.folds:
            return uar_with_interval(self.validation)
        folds = len(self.folds)
        return uar_with_interval([joined(self.validation[at : at + folds]) for at in range(0, len(self.validation), folds)])


def uar_with_interval(predictions: Sequence[Predictions]) -> tuple[float, float, float]:
    """Mean UAR of some networks and its 95 % bounds over speakers and trainings, NaN for fewer than five speakers."""
    return float(np.mean([seed.scores.uar for seed in predictions])), *speaker_intervals(speaker_counts(predictions), RESAMPLES)["uar"]


def seed_predictions(tracker: StoredRuns, runs: Sequence[str], seeds: Sequence[str], part: str = "test"
                     ) -> list[Predictions] | MissingFiles:
    """The predictions of every seed on one part; where the store has lost some, of which seeds.

    Args: runs: ids of the seeds' runs. seeds: their numbers.
    Raises: BenchError for a file that is damaged, or cut short.
    """
    stored = {run: tracker.predictions(run, part) for run in runs}
    missing = [seed for run, seed in zip(runs, seeds, strict=True) if stored[run] is None]
    if missing:
        return MissingFiles(f"{part} predictions of seed{'s'[: len(missing) > 1]} {', '.join(missing)}")
    for run, predictions in stored.items():
        scored = (tracker.record(run).about.clips or {}).get(part, 0)
        if predictions and scored and len(predictions.clips) != scored:
            raise BenchError(f"run {run}, {part}: its predictions.csv has {len(predictions.clips)} of the {scored} clips that were scored: "
                             "get the file back from a copy of the store, or delete the run in the MLflow UI and run its study again")
    return [predictions for predictions in stored.values() if predictions]


def complete_predictions(tracker: StoredRuns, row: Row) -> list[Predictions]:
    """The predictions of every seed of a row on test. Raises: BenchError where the store has lost some."""
    predictions = seed_predictions(tracker, row.seed_runs, row.seed_numbers)
    if isinstance(predictions, MissingFiles):
        raise BenchError(f"{row.label} on {row.split}: the store has lost the {predictions.reason}: bring the files back, or delete the "
                         "run in the MLflow UI")
    return predictions


def read_final_predictions(row: Row, tracker: StoredRuns, clips: Mapping[str, Clip] | None = None) -> FinalPredictions | MissingFiles:
    """The predictions of a row's finals, or what the store no longer has of them.

    Args: clips: of the corpus, id -> clip, for what earlier code did not note of each.
    """
    test, validation = (seed_predictions(tracker, row.seed_runs, row.seed_numbers, part) for part in ("test", "validation"))
    history = _history(tracker, row.seed_runs[0])
    if isinstance(test, MissingFiles) or isinstance(validation, MissingFiles) or not history:
        curve = [] if history else [f"the learning curve of seed {row.seed_numbers[0]}"]
        return MissingFiles(" and ".join([*(part.reason for part in (test, validation) if isinstance(part, MissingFiles)), *curve]))
    if clips:
        test, validation = ([predictions.with_clips(clips) for predictions in part] for part in (test, validation))
    return FinalPredictions(row, test, validation, history)


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


def _history(tracker: StoredRuns, run_id: str) -> dict[str, list[float]]:
    """The learning curves of a run; empty where the store has lost them. Raises: BenchError for a damaged file."""
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
