"""Finds the runs that STUDY, STUDY:CELL@SPLIT or RUN stands for on the command line, and what `bench compare` needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.evaluation.final_predictions import MissingFiles, seed_predictions
from harness.evaluation.pooled_folds import pooled_rows
from harness.evaluation.row_names import flat, read_rows
from harness.evaluation.rows import Row, fitted_at_once
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import Predictions, joined
from registry.errors import BenchError, UsageError, unknown

STUDY, LEAKAGE, TRANSFER = "study", "leakage", "transfer"  # kinds of experiments


@dataclass(frozen=True, eq=False)
class ChosenRuns:
    """What a text on the command line stands for.

    Args:
        name: in words. kind: `study`, `row`, or the kind of the one run that was named.
        runs: the finished seeds of the study, the row or the final; any other run itself. records: all runs of the experiment.
    """

    name: str
    kind: str
    tracker: Tracker
    runs: list[RunRecord]
    records: list[RunRecord]


def chosen_runs(store: Store, text: str, experiments: Sequence[str] = (STUDY,)) -> ChosenRuns:
    """The runs that a study (its name or file), a row as `STUDY:CELL@SPLIT`, or a run's id or the start of one stands for.

    Args: experiments: the kinds of experiments that are searched.
    Raises: UsageError for what is not there, or is not the only one.
    """
    kinds = {name: kind for kind in experiments for name in store.studies(kind)}
    study = Path(text).stem if text.endswith(".py") else text
    if study in kinds:
        tracker = store.experiment(study, kinds[study])
        records = tracker.records()
        return ChosenRuns(study, "study", tracker, _seeds(records), records)
    if ":" in text and "@" in text:
        return _row(store, text, kinds)
    owner = store.experiment_of(text)  # of a whole id, at once; of the start of one, by a look at every experiment
    trackers = [store.experiment(name, kind) for name, kind in kinds.items() if owner in (None, name)]
    matches = [(tracker, records, run) for tracker in trackers for records in [tracker.records()]
               for run in records if run.run_id.startswith(text)]
    if not matches and (why := store.why_missing(study)):
        raise BenchError(why)
    if not matches:
        raise unknown("study, row (STUDY:CELL@SPLIT) or run in the store", text, kinds)
    if len(matches) > 1:
        raise UsageError(f"{text!r} is the start of {len(matches)} runs' ids: give more of it")
    tracker, records, run = matches[0]
    return ChosenRuns(f"{tracker.study_name}: {run.name} ({run.run_id[:8]})", run.kind, tracker, _runs(run, records), records)


def _seeds(records: Sequence[RunRecord]) -> list[RunRecord]:
    return [run for run in records if run.kind == "seed" and run.state == "finished"]


def _runs(run: RunRecord, records: Sequence[RunRecord]) -> list[RunRecord]:
    """The finished seeds of a study's or a final's run; any other run itself."""
    if run.kind == "study":
        return _seeds(records)
    if run.kind != "final":
        return [run]
    by_signature = {seed.about.signature: seed for seed in _seeds(records)}
    return [by_signature[signature] for signature in run.about.signatures if signature in by_signature]


def _row(store: Store, text: str, kinds: dict[str, str]) -> ChosenRuns:
    study, _, rest = text.partition(":")
    label, _, split = rest.rpartition("@")
    if study not in kinds:
        raise store.no_study(study)
    tracker = store.experiment(study, kinds[study])
    records = tracker.records()
    found = read_rows(tracker, records)
    finished = [row for row in [*found, *pooled_rows([row for row in found if row.pooled_cell], {})[0]] if row.seeds]
    matches = [row for row in finished if row.split == split and label in (row.label, row.name, row.cell)]
    if not matches:
        raise unknown("row", text, (f"{study}:{row.name}@{row.split}" for row in finished))
    if len(matches) > 1:
        raise _several(matches, text)
    by_id = {run.run_id: run for run in records}
    return ChosenRuns(text, "row", tracker, [by_id[run_id] for run_id in matches[0].seed_runs], records)


def _several(matches: Sequence[Row], text: str) -> UsageError:
    ways = "; ".join(f"{row.corpus}, {row.coverage}{', ' * bool(row.apart)}{row.apart}: {row.seed_runs[0][:8]}" for row in matches)
    return UsageError(f"{text!r} stands for {len(matches)} rows: give the id of a run instead, of a final or a seed; first seeds: {ways}")


@dataclass(frozen=True, eq=False)
class RunsToCompare:
    """One of the two that are compared.

    Args:
        name: in words. predictions: of each seed, on test. parameters: setting -> value, of the first seed. seeds: their numbers.
        fingerprints: `corpus` and `split`. at_once: whether it is fitted at once, and not trained by epochs.
    """

    name: str
    predictions: tuple[Predictions, ...]
    parameters: dict[str, str]
    seeds: tuple[str, ...]
    fingerprints: dict[str, str]
    at_once: bool


def runs_to_compare(store: Store, text: str) -> RunsToCompare:
    """The seeds of a row, of a final, or one seed, with their predictions on test.

    Raises: UsageError for what is none of these; BenchError where the store has lost files.
    """
    chosen = chosen_runs(store, text)
    if chosen.kind == "study":
        raise UsageError(f"{text!r} is a study: compare two of its rows, written STUDY:CELL@SPLIT as in its report, or two runs")
    if chosen.kind not in ("row", "final", "seed"):
        raise UsageError(f"{chosen.name!r} is the run of a {chosen.kind}, which was never scored on test clips: "
                         "give the run of a final or of one of its seeds")
    if not chosen.runs:
        raise BenchError(f"{chosen.name} has no finished seed to compare: run it again")
    first = chosen.runs[0]
    of_seeds: dict[tuple[str, str], list[Predictions]] = {}
    predictions = seed_predictions(chosen.tracker, [run.run_id for run in chosen.runs], [run.seed or "?" for run in chosen.runs])
    if isinstance(predictions, MissingFiles):
        raise BenchError(f"{chosen.name}: the store has lost the {predictions.reason}: run it again, or compare where its files are")
    for run, of_run in zip(chosen.runs, predictions, strict=True):  # a row that pools folds has a run of each fold for every seed
        of_seeds.setdefault((run.seed or "?", "" if run.seed else run.run_id), []).append(of_run)
    return RunsToCompare(chosen.name, tuple(_sorted(joined(folds)) for folds in of_seeds.values()), _parameters(chosen.tracker, first),
                         tuple(seed for seed, _ in of_seeds),
                         {"corpus": first.about.corpus_fingerprint[:16], "split": first.about.split_fingerprint[:16]},
                         at_once=fitted_at_once(first.about.epochs))


def _parameters(tracker: Tracker, run: RunRecord) -> dict[str, str]:
    """Every setting of a run but its seed, with its commit, backend and hardware."""
    settings = {key: value for key, value in flat(tracker.configuration(run.run_id) or {}).items() if key != "seed"}
    return {**settings, **{key: getattr(run.about, key) for key in ("commit", "backend", "hardware")}}


def _sorted(predictions: Predictions) -> Predictions:
    """The same, clips and emotions sorted."""
    clips, emotions = np.argsort(predictions.clips, kind="stable"), np.argsort(predictions.emotions, kind="stable")
    new_index = np.argsort(emotions)
    return Predictions(tuple(predictions.emotions[i] for i in emotions), predictions.clips[clips], new_index[predictions.truth[clips]],
                       predictions.probabilities[clips][:, emotions], {key: texts[clips] for key, texts in predictions.about.items()})
