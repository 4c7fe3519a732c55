"""What `bench compare` compares: finds the runs that a run id or a row's label stands for, with their predictions on test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.evaluation.final_predictions import MissingFiles, seed_predictions
from harness.evaluation.rows import Row, rows
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import Predictions
from registry.errors import BenchError, UsageError, unknown


@dataclass(frozen=True, eq=False)
class RunsToCompare:
    """One of the two that are compared.

    Args:
        name: in words. said: of each seed, on test. parameters: setting -> value, of the first seed. seeds: their numbers.
        fingerprints: `corpus` and `split`.
    """

    name: str
    said: tuple[Predictions, ...]
    parameters: dict[str, str]
    seeds: tuple[str, ...]
    fingerprints: dict[str, str]


def runs_to_compare(store: Store, asked: str) -> RunsToCompare:
    """What `study:cell label@split`, a run id or the unique start of one stands for. Raises: UsageError for what is not there."""
    if ":" in asked and "@" in asked:
        return _of_row(store, asked)
    found = store.find(asked)
    if len(found) != 1:
        many = f"stands for {len(found)} runs: give more of the id" if found else f"is the start of no run's id in {store.home}"
        raise UsageError(f"{asked!r} {many}. A row is written STUDY:CELL@SPLIT, as in its report")
    tracker, record = found[0]
    return _of_runs(tracker, f"{tracker.study_name}: {record.name}", _finals(tracker, record))


def _finals(tracker: Tracker, record: RunRecord) -> list[RunRecord]:
    if record.kind == "seed":
        return [record]
    if record.kind != "final":
        raise UsageError(f"{record.name!r} is the run of a {record.kind}, which test clips were never shown to: "
                         "give the run of a final or of one of its seeds")
    done = {r.about.signature: r for r in tracker.records("seed") if r.state == "finished"}
    return [done[signature] for signature in record.about.signatures if signature in done]


def _of_row(store: Store, asked: str) -> RunsToCompare:
    study, _, rest = asked.partition(":")
    label, _, split = rest.rpartition("@")
    known = store.studies()
    if study not in known:
        raise unknown("study with runs", study, known)
    tracker = store.experiment(study)
    made = [row for row in rows(tracker.records()) if row.seeds]
    found = [row for row in made if row.split == split and label in (row.label, f"{row.label} {row.settings}".strip(), row.cell)]
    if len(found) != 1:
        raise _no_row(found, asked, study, made)
    runs = {r.run_id: r for r in tracker.records("seed")}
    return _of_runs(tracker, asked, [runs[run_id] for run_id in found[0].seed_runs])


def _no_row(found: list[Row], asked: str, study: str, made: Iterable[Row]) -> UsageError:
    if found:
        ways = "; ".join(f"{row.corpus}, {row.coverage}{', ' * bool(row.settings)}{row.settings}: {row.seed_runs[0][:8]}" for row in found)
        return UsageError(f"{asked!r} stands for {len(found)} rows: give the id of a run instead, of a final or a seed; first seeds: "
                          f"{ways}")
    return unknown("row", asked, (f"{study}:{row.label}@{row.split}" for row in made))


def _of_runs(tracker: Tracker, name: str, runs: list[RunRecord]) -> RunsToCompare:
    if not runs:
        raise BenchError(f"{name} has no finished seed to compare: run it again")
    first, seeds = runs[0], tuple(run.seed or "?" for run in runs)
    predictions = seed_predictions(tracker, [run.run_id for run in runs], seeds)
    if isinstance(predictions, MissingFiles):
        raise BenchError(f"{name}: the store has lost the {predictions.reason}: run it again, or compare where its files are")
    prints = {"corpus": first.about.corpus_fingerprint[:16], "split": first.about.split_fingerprint[:16]}
    return RunsToCompare(name, tuple(map(_by_clip, predictions)), _parameters(tracker, first), seeds, prints)


def _parameters(tracker: Tracker, run: RunRecord) -> dict[str, str]:
    told = tracker.configuration(run.run_id) or {}
    about = {key: getattr(run.about, key) for key in ("commit", "backend", "hardware")}
    return {**{key: value for key, value in flat(told).items() if key != "seed"}, **about}


def flat(told: Any, at: str = "") -> dict[str, str]:
    """Nested settings as dotted names; lists of plain values stay whole.

    >>> flat({"split": {"seed": 1}, "features": [{"n_mels": 40}], "filters": [4, 8]})
    {'split.seed': '1', 'features.0.n_mels': '40', 'filters': '[4, 8]'}
    """
    if isinstance(told, list) and any(isinstance(value, (dict, list)) for value in told):
        told = dict(enumerate(told))
    if not isinstance(told, dict):
        return {at: str(told)}
    return {name: text for key, value in told.items() for name, text in flat(value, f"{at}.{key}" if at else str(key)).items()}


def _by_clip(said: Predictions) -> Predictions:
    """The same, clips and emotions sorted."""
    at, emotions = np.argsort(said.clips, kind="stable"), np.argsort(said.emotions, kind="stable")
    place = np.argsort(emotions)  # old index -> new index
    return Predictions(tuple(said.emotions[i] for i in emotions), said.clips[at], place[said.truth[at]],
                       said.probabilities[at][:, emotions], {key: texts[at] for key, texts in said.about.items()})
