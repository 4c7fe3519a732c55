"""Predictions in noise as rows with intervals, from the measurement that `bench noise` stores with each run."""

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

from harness.evaluation import row_names
from harness.evaluation.intervals import figures_of, speaker_intervals, table_intervals
from harness.evaluation.rows import fitted_at_once
from harness.tracking.run_record import RunRecord
from harness.tracking.tracker import Tracker

CLEAN = "clean"
FILE = "noise.json"  # among a run's artifacts
FORMAT = 1  # raised when noise is made or measured otherwise than before: older measurements are then repeated
RESAMPLES = 2_000  # bounds are printed to three places


@dataclass(frozen=True, eq=False)
class NoiseRow:
    """One row: a final's seeds with a saved model, in noise.

    Args:
        counts: condition (`clean`, `white 20`) -> confusion counts, shape (seeds, speakers, truth, predicted).
        clips: of the test part. changed: clean clips, over all seeds, that are not predicted as logged. largest_difference: of a
            probability. runs: ids. seeds: their numbers. bounds: condition -> score -> interval, as `pooled` gives them.
        at_once: whether it was fitted at once, and not trained by epochs.
    """

    label: str
    split: str
    shares_speakers: bool
    corpus: str
    coverage: str
    emotions: tuple[str, ...]
    counts: dict[str, np.ndarray]
    clips: int
    changed: int
    largest_difference: float
    runs: tuple[str, ...]
    seeds: tuple[str, ...]
    at_once: bool = False
    bounds: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    @property
    def kinds(self) -> list[str]:
        """The kinds of noise that were measured, in order."""
        return list(dict.fromkeys(key.rpartition(" ")[0] for key in self.counts if key != CLEAN))

    @property
    def table(self) -> tuple[str, str, str]:
        """What the rows of one table share."""
        return self.corpus, self.coverage, self.split

    def levels(self, kind: str) -> list[str]:
        """The conditions of a kind from clean to the most noise."""
        return [CLEAN, *sorted((key for key in self.counts if key.rpartition(" ")[0] == kind), key=lambda key: -snr_db_of(key))]

    def figure(self, key: str, score: str) -> tuple[float, float, float]:
        """A score in a condition with its interval, NaN for too few speakers."""
        return float(figures_of(self.counts[key].sum(axis=1))[score].mean()), *self.bounds.get(key, {}).get(score, (math.nan, math.nan))

    def recall(self, key: str, emotion: int) -> tuple[float, float, float]:
        """The recall of one emotion over all seeds, with its interval over the speakers that have it, not over trainings."""
        counts = self.counts[key].sum(axis=0, keepdims=True)  # (1, speakers, truth, predicted)
        counts = counts[:, counts[0, :, emotion].sum(axis=-1) > 0]
        if not counts.shape[1]:
            return math.nan, math.nan, math.nan
        alone = np.zeros_like(counts)
        alone[:, :, emotion] = counts[:, :, emotion]
        return float(figures_of(alone.sum(axis=1))["uar"].mean()), *speaker_intervals(alone, RESAMPLES)["uar"]


def pooled(group: Sequence[NoiseRow]) -> list[NoiseRow]:
    """Rows of one table with their intervals; in each condition the variance of training is pooled as on leaderboards."""
    bounds: list[dict[str, dict[str, tuple[float, float]]]] = [{} for _ in group]
    for key in dict.fromkeys(key for row in group for key in row.counts):
        places = [place for place, row in enumerate(group) if key in row.counts]
        at_once = [group[place].at_once for place in places]
        of_all = table_intervals([group[place].counts[key] for place in places], RESAMPLES, at_once=at_once)
        for place, intervals in zip(places, of_all, strict=True):
            bounds[place][key] = intervals
    return [replace(row, bounds=intervals) for row, intervals in zip(group, bounds, strict=True)]


def key_of(kind: str, snr_db: float) -> str:
    """The name of a condition: `white 20`."""
    return f"{kind} {snr_db:g}"


def snr_db_of(key: str) -> float:
    """The level of a noisy condition in dB."""
    return float(key.rpartition(" ")[2])


def read_measurement(tracker: Tracker, run_id: str) -> dict[str, Any]:
    """A run's measurement in noise; empty without any of this format."""
    with tempfile.TemporaryDirectory() as folder:
        path = tracker.files(run_id, FILE, Path(folder))
        measurement = json.loads(path.read_text(encoding="utf-8")) if path else {}
    return measurement if measurement.get("format") == FORMAT else {}


def read_rows(tracker: Tracker) -> list[NoiseRow]:
    """Every row of a study that was measured, best clean UAR first within its corpus and protocol."""
    finals: dict[str, list[tuple[RunRecord, dict[str, Any]]]] = {}
    for run in tracker.records("seed"):
        if run.state == "finished" and (measurement := read_measurement(tracker, run.run_id)):
            finals.setdefault(run.parent, []).append((run, measurement))
    names = {row.cell: row.name for row in row_names.read_rows(tracker)} if finals else {}
    rows = sorted((_row(seeds, names) for seeds in finals.values()), key=lambda row: (*row.table, -row.figure(CLEAN, "uar")[0], row.label))
    return [row for _, group in itertools.groupby(rows, key=lambda row: row.table) for row in pooled(list(group))]


def _row(seeds: list[tuple[RunRecord, dict[str, Any]]], names: dict[str, str]) -> NoiseRow:
    runs, measurements = zip(*seeds, strict=True)
    about, first = runs[0].about, measurements[0]
    keys = [key for key in first["counts"] if all(key in measurement["counts"] for measurement in measurements)]
    return NoiseRow(
        label=names.get(about.cell, about.label), split=about.split, shares_speakers=bool(about.shares_speakers),
        corpus=about.corpus_label or about.corpus, coverage=about.coverage, emotions=tuple(first["emotions"]),
        counts={key: np.array([measurement["counts"][key] for measurement in measurements]) for key in keys}, clips=first["clips"],
        changed=sum(measurement["otherwise_than_logged"] for measurement in measurements),
        largest_difference=max(measurement["largest_difference"] for measurement in measurements),
        runs=tuple(run.run_id for run in runs), seeds=tuple(run.seed or "?" for run in runs), at_once=fitted_at_once(about.epochs))
