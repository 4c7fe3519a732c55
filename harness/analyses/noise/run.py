"""Recall against noise: the saved models of a study, or of one run, hear their own test clips again in more and more noise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.noise.report import write_noise
from harness.analyses.noise.rows import CLEAN, FILE, FORMAT, NoiseRow, key_of, read_measurement, read_rows
from harness.analyses.noise.sounds import KINDS, Noises, in_noise
from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.audit import corpus_of
from harness.reports.index import write_index
from harness.reports.study_report import write_report
from harness.study.definition import specification_text
from harness.study.rebuild import trial_from
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from harness.training.predictions import Predictions
from harness.training.saved_model import SHORTEST, WaveformModel
from registry.audio import fix_length
from registry.corpus import Clip, Corpus
from registry.errors import BenchError, UsageError, require, unknown

LEVELS = (20.0, 15.0, 10.0, 5.0, 0.0)
BATCH = 32  # clips at once
Sound = tuple[np.ndarray, int]  # waveform of shape (samples,), float32, and its sample rate in Hz


@dataclass(frozen=True)
class NoiseOptions:
    """What a call of `bench noise` wants.

    Args:
        what: a study, or the start of a run's id (a seed, or a final: its seeds). levels: signal-to-noise ratios in dB.
    """

    what: str
    levels: tuple[float, ...] = LEVELS
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise unknown("kind of noise", kind, KINDS)
        strange = [level for level in self.levels if not -60 <= level <= 120]
        require(not strange, f"--levels must be -60 to 120 dB, not {strange[:1]}")

    @property
    def conditions(self) -> list[tuple[str, float]]:
        """Each kind at each level, the weakest noise first."""
        return [(kind, level) for kind in dict.fromkeys(self.kinds) for level in sorted(set(self.levels), reverse=True)]


@dataclass(eq=False)
class ModelInNoise:
    """One run whose saved model hears noise.

    Args:
        wanted: condition, as it is noted -> kind and level in dB; what was not measured before. known: what was.
        said: condition -> probabilities of the clips so far, arrays of shape (clips, emotions).
    """

    record: RunRecord
    logged: Predictions
    model: WaveformModel
    wanted: dict[str, tuple[str, float]]
    known: dict[str, Any]
    said: dict[str, list[np.ndarray]] = field(default_factory=dict)


def measure_noise(asked: NoiseOptions, store: Store, workplace: Workspace, console: Console) -> tuple[list[NoiseRow], Path]:
    """Measure what was not measured before, note it with each run, and write the study's report on noise.

    Returns: the rows that were asked for, and the report.
    Raises: UsageError for a study or run that is not in the store; BenchError without a saved model, or when the corpus is not there
        or has changed.
    """
    tracker, runs = chosen_runs(asked.what, store)
    with tempfile.TemporaryDirectory() as folder:
        listeners = [found for run in runs if (found := _listener(run, asked, tracker, Path(folder)))]
        for same in _of_one_split(listeners):
            _measure(same, tracker, workplace, console)
    path = write_noise(store, tracker.study_name)
    _, made = write_report(store, tracker.study_name)  # it links to the page
    write_index(store, {tracker.study_name: made})
    ids = {run.run_id for run in runs}
    return [row for row in read_rows(tracker) if ids & set(row.runs)], path


def chosen_runs(what: str, store: Store) -> tuple[Tracker, list[RunRecord]]:
    """The finished seed runs with a saved model that a study, or the start of a run's id, stands for."""
    known = store.studies()
    name = Path(what).stem if what.endswith(".py") else what
    if name in known:
        tracker = store.experiment(name)
        wanted = tracker.records("seed")
    else:
        found = store.find(what, "seed", "final")
        if len(found) > 1:
            raise UsageError(f"{what!r} is the start of {len(found)} runs' ids: give more of it")
        if not found:
            raise unknown("study, or final or seed run, in the store", what, known)
        tracker, run = found[0]
        wanted = [r for r in tracker.records("seed") if run.run_id in (r.run_id, r.parent)]
    kept = [run for run in wanted if run.state == "finished" and run.about.model]
    if not kept:
        raise BenchError(f"{what} has no saved model: a study keeps the `best_models` of each protocol by validation UAR when it trains "
                         "finals. Set best_models to 1 or more in the study, and train finals that are not there yet, with other --seeds "
                         "or in another --home")
    return tracker, kept


def _listener(run: RunRecord, asked: NoiseOptions, tracker: Tracker, folder: Path) -> ModelInNoise | None:
    """A run with its model; None when everything that is asked was measured before."""
    known = read_measurement(tracker, run.run_id)
    wanted = {key: condition for condition in asked.conditions if (key := key_of(*condition)) not in known.get("counts", {})}
    if not wanted:
        return None
    files, logged = tracker.models.files(run, folder / run.run_id), tracker.predictions(run.run_id, "test")
    if files is None or logged is None:
        raise BenchError(f"the files of run {run.run_id} ({run.name}) are gone from the store: bring mlartifacts/ back, or train it again")
    return ModelInNoise(run, logged, saved_model.load(files), wanted, known)


def _of_one_split(listeners: Sequence[ModelInNoise]) -> list[list[ModelInNoise]]:
    """Those with the same clips in every part: their noise is made once."""
    groups: dict[tuple[str, ...], list[ModelInNoise]] = {}
    for each in listeners:
        groups.setdefault((each.record.about.corpus_fingerprint, each.record.about.split_fingerprint), []).append(each)
    return list(groups.values())


def _measure(listeners: list[ModelInNoise], tracker: Tracker, workplace: Workspace, console: Console) -> None:
    corpus, train = _split_of(listeners[0].record, tracker, workplace)
    noises, clips = Noises(corpus, train), {clip.id: clip for clip in corpus.clips}
    conditions = list(dict.fromkeys(condition for each in listeners for condition in each.wanted.values()))
    test = [clips[name] for name in listeners[0].logged.clips]  # the same clips in all
    total = len(test) * (1 + len(conditions))
    with console.progress(), console.bar(f"{listeners[0].record.about.split}: noise", total) as bar:
        done = 0
        for start in range(0, len(test), BATCH):
            for key, sounds in _conditions(test[start : start + BATCH], noises, conditions):
                features: dict[str, np.ndarray] = {}  # of each space: models that share it hear the same
                for each in (one for one in listeners if key == CLEAN or key in one.wanted):
                    space = f"{each.model.samples} {specification_text(each.model.space)}"
                    if space not in features:
                        features[space] = _features(each.model, sounds)
                    each.said.setdefault(key, []).append(each.model.probabilities(features[space]))
                done += len(sounds)
                bar.update(done, total)
    for each in listeners:
        _note(each, tracker)


def _split_of(record: RunRecord, tracker: Tracker, workplace: Workspace) -> tuple[Corpus, np.ndarray]:
    """A run's corpus and its training part. Raises BenchError when the clips are no longer those of the run."""
    configuration = tracker.configuration(record.run_id)
    if configuration is None:
        raise BenchError(f"run {record.run_id} has no configuration.json in the store: train it again")
    trial = trial_from(configuration)
    corpus = corpus_of(record, trial, workplace)
    split = trial.split(corpus)
    if corpus.fingerprint != trial.corpus_fingerprint or split.fingerprint(corpus) != record.about.split_fingerprint:
        raise BenchError(f"the clips of {corpus.name} ({corpus.coverage}) or their parts are not those that run {record.run_id} was "
                         f"trained and tested on ({record.about.coverage}): give the same --data, or run the study again")
    return corpus, split.train


def _conditions(clips: Sequence[Clip], noises: Noises, conditions: Sequence[tuple[str, float]]) -> Iterator[tuple[str, list[Sound]]]:
    """The clips as they are, then in each noise: condition -> (waveform, sample rate) of each clip."""
    sounds = [noises.corpus.read_clip(clip) for clip in clips]
    yield CLEAN, sounds
    for kind in dict.fromkeys(kind for kind, _ in conditions):
        made = [noises.of(clip, kind, len(waveform), rate) for clip, (waveform, rate) in zip(clips, sounds, strict=True)]
        for snr_db in (level for other, level in conditions if other == kind):
            yield key_of(kind, snr_db), [(in_noise(waveform, own, snr_db), rate)
                                         for (waveform, rate), own in zip(sounds, made, strict=True)]


def _features(model: WaveformModel, sounds: Sequence[Sound]) -> np.ndarray:
    """What a model makes of waveforms of any length and rate: (clips, frames, bands). They are padded with zeros, as in its training."""
    made: dict[int, np.ndarray] = {}
    for rate in sorted({rate for _, rate in sounds}):
        own = [place for place, (_, other) in enumerate(sounds) if other == rate]
        longest = max(SHORTEST, *(len(sounds[place][0]) for place in own))
        made |= zip(own, model.features(np.stack([fix_length(sounds[place][0], longest) for place in own]), rate), strict=True)
    return np.stack([made[place] for place in range(len(sounds))])


def _note(each: ModelInNoise, tracker: Tracker) -> None:
    """Keep with a run the confusion counts of each speaker in each condition, and whether clean clips gave what was logged."""
    logged = each.logged
    said = {key: np.concatenate(parts) for key, parts in each.said.items()}
    counts = {key: replace(logged, probabilities=found).counts_by(logged.speakers).tolist() for key, found in said.items()}
    clean = said[CLEAN]
    made = {"format": FORMAT, "emotions": logged.emotions, "speakers": sorted(set(logged.speakers.tolist())), "clips": len(logged.clips),
            "otherwise_than_logged": int((clean.argmax(axis=1) != logged.predicted).sum()),
            "largest_difference": float(np.abs(clean - logged.probabilities).max()),
            "counts": {**each.known.get("counts", {}), **counts}}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(json.dumps(made), encoding="utf-8")
        tracker.add_files(each.record.run_id, Path(folder))
