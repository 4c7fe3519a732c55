"""Recall against noise: the saved models of a study, or of one run, predict their own test clips again in more and more noise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.noise.options import NoiseOptions
from harness.analyses.noise.report import write_noise
from harness.analyses.noise.rows import CLEAN, FILE, FORMAT, NoiseRow, key_of, read_measurement, read_rows
from harness.analyses.noise.sounds import Noises, in_noise
from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.audit import corpus_of
from harness.evaluation.find_runs import chosen_runs
from harness.reports.index import write_index
from harness.reports.study_report import write_report
from harness.study.definition import specification_text
from harness.study.rebuild import trial_from
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from harness.training.model_input import SHORTEST
from harness.training.predictions import Predictions
from harness.training.saved_model import WaveformModel
from registry.audio import fix_length
from registry.corpus import Clip, Corpus
from registry.errors import BenchError

BATCH = 32  # clips at once
Sound = tuple[np.ndarray, int]  # waveform of shape (samples,), float32, and its sample rate in Hz


@dataclass(eq=False)
class ModelInNoise:
    """The saved model of one run, and its probabilities in noise.

    Args:
        logged: the predictions of clean clips when it was trained. conditions: name -> kind and level in dB; those to measure.
        counts: of the conditions that were measured before, as `FILE` has them.
        probabilities: condition -> those of the clips so far, arrays of shape (clips, emotions).
    """

    record: RunRecord
    logged: Predictions
    model: WaveformModel
    conditions: dict[str, tuple[str, float]]
    counts: dict[str, Any]
    probabilities: dict[str, list[np.ndarray]] = field(default_factory=dict)


def measure_noise(options: NoiseOptions, store: Store, workspace: Workspace, console: Console) -> tuple[list[NoiseRow], Path]:
    """Measure the conditions that were not measured before, store them with each run, and write the study's report on noise.

    Returns: the rows of the runs that the options name, and the report's path.
    Raises: UsageError for a study or run that is not in the store; BenchError without a saved model, or when the corpus is not there
        or has changed.
    """
    tracker, runs = runs_with_models(options.what, store)
    store.require_writable()
    with tempfile.TemporaryDirectory() as folder:
        loaded = [model for run in runs if (model := _model_in_noise(run, options, tracker, Path(folder)))]
        models = _of_any_speaker(loaded, len(runs), console)
        groups = [(same_clips, _noises(same_clips, tracker, workspace)) for same_clips in _by_split(models)]
        for same_clips, noises in groups:
            _measure(same_clips, noises, tracker, console)
    path = write_noise(store, tracker.study_name)
    _, boards = write_report(store, tracker.study_name)  # it links to the page
    write_index(store, {tracker.study_name: boards})
    ids = {run.run_id for run in runs}
    return [row for row in read_rows(tracker) if ids & set(row.runs)], path


def runs_with_models(what: str, store: Store) -> tuple[Tracker, list[RunRecord]]:
    """The finished seed runs with a saved model that a study, a row, or the start of a run's id, stands for."""
    chosen = chosen_runs(store, what)
    kept = [run for run in chosen.runs if run.state == "finished" and run.about.model]
    if not kept:
        raise BenchError(f"{what} has no saved model: a study keeps the `best_models` of each protocol by validation UAR when it trains "
                         "finals. Set best_models to 1 or more in the study, and train finals that are not there yet, with other --seeds "
                         "or in another --home")
    return chosen.tracker, kept


def _model_in_noise(run: RunRecord, options: NoiseOptions, tracker: Tracker, folder: Path) -> ModelInNoise | None:
    """A run with its model; None when every condition was measured before."""
    counts = read_measurement(tracker, run.run_id).get("counts", {})
    conditions = {key: condition for condition in options.conditions if (key := key_of(*condition)) not in counts}
    if not conditions:
        return None
    files, logged = tracker.models.files(run, folder / run.run_id), tracker.predictions(run.run_id, "test")
    if files is None or logged is None:
        raise BenchError(f"the files of run {run.run_id} ({run.name}) are gone from the store: restore mlartifacts/, or train it again")
    return ModelInNoise(run, logged, saved_model.load(files), conditions, counts)


def _of_any_speaker(models: Sequence[ModelInNoise], runs: int, console: Console) -> list[ModelInNoise]:
    """The models that need not know who speaks; the others are told. Raises: UsageError where all of so many runs are others."""
    fitting = [model for model in models if model.model.space.normalise != "per_speaker"]
    for other in (model for model in models if model not in fitting):
        if len(models) - len(fitting) == runs:
            other.model.require_any_speaker("no row is tested in noise")
        console.say(f"left out: {other.record.name}: no row is tested in noise with normalise='per_speaker', which needs clips of one "
                    "known speaker at a time")
    return fitting


def _by_split(models: Sequence[ModelInNoise]) -> list[list[ModelInNoise]]:
    """Models with the same clips in every part together: their noise is made once."""
    groups: dict[tuple[str, str], list[ModelInNoise]] = {}
    for model in models:
        about = model.record.about
        groups.setdefault((about.corpus_fingerprint, about.split_fingerprint), []).append(model)
    return list(groups.values())


def _noises(models: list[ModelInNoise], tracker: Tracker, workspace: Workspace) -> Noises:
    """What some models' test clips will be heard in. Raises: BenchError where there are no such noises or clips, before any is heard."""
    corpus, train = _split_of(models[0].record, tracker, workspace)
    noises = Noises(corpus, train)
    if any(kind == "babble" for model in models for kind, _ in model.conditions.values()):
        for clip in {clip.speaker: clip for clip in _test_clips(models, corpus)}.values():
            noises.talkers(clip, np.random.default_rng(0))
    return noises


def _test_clips(models: list[ModelInNoise], corpus: Corpus) -> list[Clip]:
    clips = {clip.id: clip for clip in corpus.clips}
    return [clips[name] for name in models[0].logged.clips]  # the clips of its parts are those of all


def _measure(models: list[ModelInNoise], noises: Noises, tracker: Tracker, console: Console) -> None:
    first, test = models[0], _test_clips(models, noises.corpus)
    conditions = list(dict.fromkeys(condition for model in models for condition in model.conditions.values()))
    total, done = len(test) * (1 + len(conditions)), 0
    with console.progress(), console.bar(f"{first.record.about.split}: noise", total) as bar:
        for start in range(0, len(test), BATCH):
            for key, sounds in _sounds(test[start : start + BATCH], noises, conditions):
                _predict([model for model in models if key == CLEAN or key in model.conditions], key, sounds)
                done += len(sounds)
                bar.update(done, total)
    for model in models:
        _store(model, tracker)


def _predict(models: Sequence[ModelInNoise], key: str, sounds: Sequence[Sound]) -> None:
    """Add every model's probabilities of some clips in a condition; features are computed once for all models that share them."""
    features: dict[str, np.ndarray] = {}
    for model in models:
        space = f"{model.model.samples} {specification_text(model.model.space)}"
        if space not in features:
            features[space] = _features(model.model, sounds)
        model.probabilities.setdefault(key, []).append(model.model.probabilities(features[space]))


def _split_of(record: RunRecord, tracker: Tracker, workspace: Workspace) -> tuple[Corpus, np.ndarray]:
    """A run's corpus and its training part. Raises BenchError when the clips are no longer those of the run."""
    configuration = tracker.configuration(record.run_id)
    if configuration is None:
        raise BenchError(f"run {record.run_id} has no configuration.json in the store: train it again")
    trial = trial_from(configuration, needed=("corpus", "split"))
    corpus = corpus_of(record, trial, workspace)
    split = trial.split(corpus)
    if corpus.fingerprint != trial.corpus_fingerprint or split.fingerprint(corpus) != record.about.split_fingerprint:
        raise BenchError(f"the clips of {corpus.name} ({corpus.coverage}) or their parts are not those that run {record.run_id} was "
                         f"trained and tested on ({record.about.coverage}): give the same --data, or run the study again")
    return corpus, split.train


def _sounds(clips: Sequence[Clip], noises: Noises, conditions: Sequence[tuple[str, float]]) -> Iterator[tuple[str, list[Sound]]]:
    """The clips as they are, then in each noise: condition -> (waveform, sample rate) of each clip."""
    clean = [noises.corpus.read_clip(clip) for clip in clips]
    yield CLEAN, clean
    for kind in dict.fromkeys(kind for kind, _ in conditions):
        noise = [noises.of(clip, kind, len(waveform), rate) for clip, (waveform, rate) in zip(clips, clean, strict=True)]
        for snr_db in (level for other, level in conditions if other == kind):
            yield key_of(kind, snr_db), [(in_noise(waveform, clip_noise, snr_db), rate)
                                         for (waveform, rate), clip_noise in zip(clean, noise, strict=True)]


def _features(model: WaveformModel, sounds: Sequence[Sound]) -> np.ndarray:
    """A model's features of waveforms of any length and rate, (clips, frames, bands): padded with zeros, or not, as in its training."""
    if model.space.join == "vector":  # of each clip's own length
        longer = ((fix_length(waveform, max(SHORTEST, len(waveform))), rate) for waveform, rate in sounds)
        return np.concatenate([model.features(waveform[None], rate) for waveform, rate in longer])
    features: dict[int, np.ndarray] = {}
    for rate in sorted({rate for _, rate in sounds}):
        places = [place for place, (_, other) in enumerate(sounds) if other == rate]
        longest = max(SHORTEST, *(len(sounds[place][0]) for place in places))
        features |= zip(places, model.features(np.stack([fix_length(sounds[place][0], longest) for place in places]), rate), strict=True)
    return np.stack([features[place] for place in range(len(sounds))])


def _store(model: ModelInNoise, tracker: Tracker) -> None:
    """Store with a run the confusion counts of each speaker in each condition, and whether clean clips are predicted as logged."""
    logged = model.logged
    probabilities = {key: np.concatenate(batches) for key, batches in model.probabilities.items()}
    counts = {key: replace(logged, probabilities=values).counts_by(logged.speakers).tolist() for key, values in probabilities.items()}
    clean = probabilities[CLEAN]
    measurement = {"format": FORMAT, "emotions": logged.emotions, "speakers": sorted(set(logged.speakers.tolist())),
                   "clips": len(logged.clips), "otherwise_than_logged": int((clean.argmax(axis=1) != logged.predicted).sum()),
                   "largest_difference": float(np.abs(clean - logged.probabilities).max()), "counts": {**model.counts, **counts}}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(json.dumps(measurement), encoding="utf-8")
        tracker.add_files(model.record.run_id, Path(folder))
