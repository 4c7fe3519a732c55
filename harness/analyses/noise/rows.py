"""What kept models heard in noise, as rows with their intervals: from what `bench noise` notes with each run in the store."""

from __future__ import annotations

import itertools
import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.evaluation.intervals import figures_of, speaker_intervals, table_intervals
from harness.tracking.run_record import RunRecord
from harness.tracking.tracker import Tracker

CLEAN = "clean"
FILE = "noise.json"  # among a run's artifacts
FORMAT = 1  # raised when noise is made or measured otherwise than before: what has another is measured again
RESAMPLES = 2_000  # bounds are printed to three places


@dataclass(frozen=True, eq=False)
class NoiseRow:
    """One row: what the kept seeds of a final heard.

    Args:
        counts: condition (`clean`, `white 20`) -> confusion counts, shape (seeds, speakers, truth, predicted).
        clips: of the test part. otherwise: clean clips, over all seeds, that were not predicted as logged. difference: the largest one of a
            probability. runs: ids. seeds: their numbers. bounds: condition -> score -> interval, as `pooled` gives them.
    """

    label: str
    split: str
    shares_speakers: bool
    corpus: str
    coverage: str
    emotions: tuple[str, ...]
    counts: dict[str, np.ndarray]
    clips: int
    otherwise: int
    difference: float
    runs: tuple[str, ...]
    seeds: tuple[str, ...]
    bounds: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    @property
    def kinds(self) -> list[str]:
        """The kinds of noise that were measured, in order."""
        return list(dict.fromkeys(key.rpartition(" ")[0] for key in self.counts if key != CLEAN))

    @property
    def board(self) -> tuple[str, str, str]:
        """What the rows of one table share."""
        return self.corpus, self.coverage, self.split

    def levels(self, kind: str) -> list[str]:
        """The conditions of a kind from clean to the most noise."""
        return [CLEAN, *sorted((key for key in self.counts if key.rpartition(" ")[0] == kind), key=lambda key: -snr_db_of(key))]

    def figure(self, key: str, score: str) -> tuple[float, float, float]:
        """A score in a condition with its interval, NaN for too few speakers."""
        return float(figures_of(self.counts[key].sum(axis=1))[score].mean()), *self.bounds.get(key, {}).get(score, (math.nan, math.nan))

    def recall(self, key: str, emotion: int) -> tuple[float, float, float]:
        """The recall of one emotion over all seeds, with its interval over the speakers that have it: their luck alone."""
        counts = self.counts[key].sum(axis=0, keepdims=True)  # (1, speakers, truth, predicted)
        own = counts[:, counts[0, :, emotion].sum(axis=-1) > 0]
        if not own.shape[1]:
            return math.nan, math.nan, math.nan
        alone = np.zeros_like(own)
        alone[:, :, emotion] = own[:, :, emotion]
        return float(figures_of(alone.sum(axis=1))["uar"].mean()), *speaker_intervals(alone, RESAMPLES)["uar"]


def pooled(group: Sequence[NoiseRow]) -> list[NoiseRow]:
    """Rows of one table with their intervals; in each condition all have one variance of training, as on leaderboards."""
    bounds: list[dict[str, dict[str, tuple[float, float]]]] = [{} for _ in group]
    for key in dict.fromkeys(key for row in group for key in row.counts):
        having = [place for place, row in enumerate(group) if key in row.counts]
        for place, found in zip(having, table_intervals([group[place].counts[key] for place in having], RESAMPLES), strict=True):
            bounds[place][key] = found
    return [replace(row, bounds=own) for row, own in zip(group, bounds, strict=True)]


def key_of(kind: str, snr_db: float) -> str:
    """A condition as it is noted: `white 20`."""
    return f"{kind} {snr_db:g}"


def snr_db_of(key: str) -> float:
    """The level of a noisy condition in dB."""
    return float(key.rpartition(" ")[2])


def read_measurement(tracker: Tracker, run_id: str) -> dict[str, Any]:
    """What was measured of a run before; empty without any."""
    with tempfile.TemporaryDirectory() as folder:
        path = tracker.files(run_id, FILE, Path(folder))
        found = json.loads(path.read_text(encoding="utf-8")) if path else {}
    return found if found.get("format") == FORMAT else {}


def read_rows(tracker: Tracker) -> list[NoiseRow]:
    """Every row of a study that was measured, best clean UAR first within its corpus and protocol."""
    finals: dict[str, list[tuple[RunRecord, dict[str, Any]]]] = {}
    for run in tracker.records("seed"):
        if run.state == "finished" and (found := read_measurement(tracker, run.run_id)):
            finals.setdefault(run.parent, []).append((run, found))
    made = [_heard(members) for members in finals.values()]
    made.sort(key=lambda row: (*row.board, -row.figure(CLEAN, "uar")[0], row.label))
    return [row for _, group in itertools.groupby(made, key=lambda row: row.board) for row in pooled(list(group))]


def _heard(members: list[tuple[RunRecord, dict[str, Any]]]) -> NoiseRow:
    record, first = members[0]
    keys = [key for key in first["counts"] if all(key in found["counts"] for _, found in members)]
    about = record.about
    return NoiseRow(f"{about.label} {about.settings}".strip(), about.split, bool(about.shares_speakers), about.corpus_label or about.corpus,
                    about.coverage,
                    tuple(first["emotions"]), {key: np.array([found["counts"][key] for _, found in members]) for key in keys},
                    first["clips"],
                    sum(found["otherwise_than_logged"] for _, found in members), max(found["largest_difference"] for _, found in members),
                    tuple(run.run_id for run, _ in members), tuple(run.seed or "?" for run, _ in members))
