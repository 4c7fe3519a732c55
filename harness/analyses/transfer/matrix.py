"""What transfer experiments left in the store: trained on one corpus, tested on another, as matrices with their intervals."""

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
from harness.evaluation.rows import Row, rows
from harness.reports.markdown import with_interval
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import read, speaker_counts

PREFIX = "transfer-"  # of the experiments' names
FOLDER, ABOUT, SAID = "transfer", "about.json", "predictions.csv"  # among a run's artifacts: FOLDER/<corpus fingerprint>/


@dataclass(frozen=True)
class About:
    """What one run was tested on: the corpora as they were asked for, how much of the tested one was there, and when.

    Args:
        own_test_part: the test part of the corpus that it was trained on. coverage: in words. tested_at: in seconds.
    """

    source: str
    target: str
    own_test_part: bool
    coverage: str
    synthetic: bool
    tested_at: float


@dataclass(frozen=True, eq=False)
class Pair:
    """What was trained on one corpus and tested on one.

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
    def marks(self) -> str:
        """† for too few speakers, ‡ for voices that were heard."""
        heard = self.about.own_test_part and self.shares_speakers
        return ("†" if self.counts.shape[1] < LEAST_SPEAKERS else "") + ("‡" if heard else "")

    def written(self) -> str:
        """`0.512 [0.489, 0.534] †`."""
        return f"{with_interval(*self.figure())} {self.marks}".strip()


@dataclass(frozen=True, eq=False)
class Matrix:
    """One cell of a study: (trained on, tested on) -> what came out. asked: the study's name or file, as it was given."""

    study: str
    cell: str
    settings: str
    epochs: int
    asked: str
    pairs: dict[tuple[str, str], Pair]

    @property
    def sources(self) -> list[str]:
        """The corpora that were trained on, in the order of the store."""
        return list(dict.fromkeys(source for source, _ in self.pairs))

    @property
    def targets(self) -> list[str]:
        """The corpora that were tested on, those that were trained on first."""
        return list(dict.fromkeys([*self.sources, *(target for _, target in self.pairs)]))


    def as_texts(self) -> list[list[str]]:
        """A line for each corpus that was trained on: its name, then the figure on each target with its chance level."""
        return [[source, *(f"{pair.written()} (chance {pair.chance:.3f})" if (pair := self.pairs.get((source, target))) else "–"
                           for target in self.targets)] for source in self.sources]


def pooled(pairs: Mapping[tuple[str, str], Pair]) -> dict[tuple[str, str], Pair]:
    """The pairs with their intervals; the networks that were tested on one corpus have one variance of training, as rows of a table."""
    made = dict(pairs)
    for target in dict.fromkeys(target for _, target in pairs):
        column = [pair for pair in pairs if pair[1] == target]
        for pair, bounds in zip(column, table_intervals([pairs[pair].counts for pair in column]), strict=True):
            made[pair] = replace(pairs[pair], bounds=bounds)
    return made


def matrices(store: Store, experiment: str) -> list[Matrix]:
    """The newest figures of each cell and settings, corpora in the order in which they were first trained on."""
    tracker = store.experiment(experiment, TRANSFER)
    records = tracker.records()
    asked = next((record.about.study_file for record in records if record.kind == "study"), "")
    found: dict[tuple[str, str, int, str], dict[tuple[str, str], Pair]] = {}
    for row in sorted((row for row in rows(records) if row.seeds), key=lambda row: row.requested_at):
        key = (row.label, row.settings, row.epochs, row.backend)
        found.setdefault(key, {}).update({(pair.about.source, pair.about.target): pair for pair in _pairs(row, tracker)})
    return [Matrix(experiment.removeprefix(PREFIX), label, settings, epochs, asked, pooled(pairs))
            for (label, settings, epochs, _), pairs in found.items() if pairs]


def _pairs(row: Row, tracker: Tracker) -> list[Pair]:
    """A row's own test part and the corpora that all of its seeds have heard."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        places = [tracker.files(run, FOLDER, Path(folder) / run) for run in row.seed_runs]
        heard = [{path.name for path in place.iterdir()} if place else set() for place in places]
        for name in sorted(set.intersection(*heard)):
            about = About(**json.loads((places[0] / name / ABOUT).read_text(encoding="utf-8")))  # type: ignore[operator]
            said = [read(place / name / SAID) for place in places if place]
            made.append(Pair(about, said[0].emotions, speaker_counts(said), len(said[0].clips), row.seed_numbers, row.split,
                             row.shares_speakers))
    return sorted(made, key=lambda pair: pair.about.tested_at)  # a corpus that has grown since is there twice: the later one stands
