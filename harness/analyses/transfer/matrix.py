"""The results of transfer experiments in the store, as matrices with intervals: trained on one corpus, tested on another."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from harness.evaluation.find_runs import TRANSFER
from harness.evaluation.intervals import LEAST_SPEAKERS, figures_of, table_intervals
from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import read, speaker_counts

PREFIX = "transfer-"  # of the experiments' names
FOLDER, ABOUT, PREDICTIONS = "transfer", "about.json", "predictions.csv"  # among a run's artifacts: FOLDER/<corpus fingerprint>/


@dataclass(frozen=True)
class About:
    """One test of a run: the corpora as the command line names them, how much of the tested one was there, and when.

    Args:
        own_test_part: whether it is the test part of the corpus that the run was trained on. coverage: in words. tested_at: in seconds.
    """

    source: str
    target: str
    own_test_part: bool
    coverage: str
    synthetic: bool
    tested_at: float


@dataclass(frozen=True, eq=False)
class Pair:
    """The networks that were trained on one corpus, tested on one.

    Args:
        counts: confusion counts over the shared emotions, shape (seeds, speakers, truth, predicted).
        split: of the corpus trained on; shares_speakers: whether its test part has voices of its training part.
        bounds: score -> interval, as `pooled` gives them.
    """

    about: About
    emotions: tuple[str, ...]
    counts: np.ndarray
    clips: int
    seeds: tuple[str, ...]
    split: str
    shares_speakers: bool
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """UAR of guessing among the shared emotions."""
        return 1 / len(self.emotions)

    def figure(self, score: str = "uar") -> tuple[float, float, float]:
        """A score with its interval, NaN for too few speakers."""
        return float(figures_of(self.counts.sum(axis=1))[score].mean()), *self.bounds.get(score, (math.nan, math.nan))

    @property
    def above_chance(self) -> float:
        """UAR above chance as a share of what is possible: 0 at chance, 1 without errors; it compares where emotions differ in number."""
        return (self.figure()[0] - self.chance) / (1 - self.chance)

    @property
    def few_speakers(self) -> bool:
        """Whether the speakers are too few for an interval."""
        return self.counts.shape[1] < LEAST_SPEAKERS

    @property
    def known_voices(self) -> bool:
        """Whether the speakers that it is tested on are in training, too."""
        return self.about.own_test_part and self.shares_speakers


@dataclass(frozen=True, eq=False)
class Matrix:
    """One cell of a study: (trained on, tested on) -> result. study_file: the study's name or file, as it was given."""

    study: str
    cell: str
    settings: str
    epochs: int
    study_file: str
    pairs: dict[tuple[str, str], Pair]

    @property
    def sources(self) -> list[str]:
        """The corpora that were trained on, in the order of the store."""
        return list(dict.fromkeys(source for source, _ in self.pairs))

    @property
    def targets(self) -> list[str]:
        """The corpora that were tested on; first those that were also trained on."""
        return list(dict.fromkeys([*self.sources, *(target for _, target in self.pairs)]))


def pooled(pairs: Mapping[tuple[str, str], Pair]) -> dict[tuple[str, str], Pair]:
    """The pairs with their intervals; the networks that were tested on one corpus have one variance of training, as rows of a table."""
    bounded = dict(pairs)
    for target in dict.fromkeys(target for _, target in pairs):
        column = [key for key in pairs if key[1] == target]
        for key, bounds in zip(column, table_intervals([pairs[key].counts for key in column]), strict=True):
            bounded[key] = replace(pairs[key], bounds=bounds)
    return bounded


def matrices(store: Store, experiment: str) -> list[Matrix]:
    """The newest figures of each cell and settings, corpora in the order in which they were first trained on."""
    tracker = store.experiment(experiment, TRANSFER)
    records = tracker.records()
    study_file = next((record.about.study_file for record in records if record.kind == "study"), "")
    cells: dict[tuple[str, str, int, str], dict[tuple[str, str], Pair]] = {}
    for row in sorted((row for row in read_rows(tracker, records) if row.seeds), key=lambda row: row.requested_at):
        pairs = cells.setdefault((row.label, row.settings, row.epochs, row.backend), {})
        pairs.update({(pair.about.source, pair.about.target): pair for pair in _pairs(row, tracker)})
    return [Matrix(experiment.removeprefix(PREFIX), label, settings, epochs, study_file, pooled(pairs))
            for (label, settings, epochs, _), pairs in cells.items() if pairs]


def _pairs(row: Row, tracker: Tracker) -> list[Pair]:
    """A row's own test part and the corpora that all of its seeds were tested on."""
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        places = [tracker.files(run, FOLDER, Path(folder) / run) for run in row.seed_runs]
        tested = [{path.name for path in place.iterdir()} if place else set() for place in places]
        for name in sorted(set.intersection(*tested)):
            about = About(**json.loads((places[0] / name / ABOUT).read_text(encoding="utf-8")))  # type: ignore[operator]
            seeds = [read(place / name / PREDICTIONS) for place in places if place]
            pairs.append(Pair(about, seeds[0].emotions, speaker_counts(seeds), len(seeds[0].clips), row.seed_numbers, row.split,
                              row.shares_speakers))
    return sorted(pairs, key=lambda pair: pair.about.tested_at)  # a corpus that has grown since is there twice: the later one stands
