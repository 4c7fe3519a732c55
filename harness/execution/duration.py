"""How long a study will take, as a range: from what its cells took before in this home, or from a few batches of each network."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.data.feature_workers import worker_count
from harness.data.features import cached_features, padded_samples
from harness.execution.worker_count import TRAINING_BYTES, Load, free_bytes
from harness.study.cells import Cell
from harness.study.definition import Study
from harness.tracking.run_record import RunRecord
from harness.training.backend import fix_threads, set_up
from registry.audio import resample
from registry.clip_audio import waveform_of
from registry.corpus import Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace

MEASURE_S = 10.0  # after which no further network is tried
WIDTH = 1.5  # by how much trainings may be quicker or slower than measured: other work, batches, memory
BATCHES = 4  # of noise that a network is tried with
CLIPS = 6  # of which features are computed to see how long that takes; the first one loads libraries
BEGIN_S = 10.0  # until a run trains: libraries, stores, workers
COST_S = 3.0  # to measure at the end what a network costs
WORKER_BYTES = 500_000_000 + TRAINING_BYTES  # of a worker: its libraries, and a training
SCORED = 1 / 3  # of a clip's time in training that it takes in validation


@dataclass(frozen=True)
class Pace:
    """What one training takes: seconds of each clip in each epoch, and seconds before the first."""

    clip_s: float
    start_s: float = 0.0


@dataclass(frozen=True)
class Duration:
    """A range in seconds with so many workers, and what it goes by, in words."""

    low_s: float
    high_s: float
    workers: int
    basis: str

    def __str__(self) -> str:
        workers = f"{self.workers} worker{'s'[: self.workers > 1]}"
        low, high = in_words(self.low_s), in_words(self.high_s)
        return f"{low if low == high else f'{low} to {high}'} with {workers} ({self.basis})"


def duration(study: Study, cells: Sequence[Cell], corpus: Corpus, records: Sequence[RunRecord] = (),
             say: Callable[[str], None] = lambda text: None, workers: int | Literal["auto"] = 1,
             cache: Path | None = None) -> Duration | None:
    """How long a run of these cells will take, from nothing; None when no network could be tried.

    The least: early stopping ends every training as soon as it may, and a worker builds each network once; the most: only pruning ends
    trainings early, and each builds its network.
    Args:
        records: of the study in this home, from which paces are taken where there are some. say: is told what takes a moment.
        workers: `auto` for one a core. cache: of features; those that are not there are to be computed.
    """
    known = {cell.label: pace for cell in cells if (pace := _before(cell, records))}
    others = [cell for cell in {cell.label: cell for cell in cells}.values() if cell.label not in known]
    if others:
        say("timing a few batches of each network …")
        with suppress(BenchError):  # this process has trained with other threads: a guess all the same
            fix_threads(cells[0].base.training.threads)
        set_up()  # which takes seconds of its own
    tried: dict[str, Pace | None] = {}
    end = time.monotonic() + MEASURE_S
    for cell in others:
        if not tried or time.monotonic() < end:
            tried[cell.label] = _tried(cell, corpus)
    paces = [pace for pace in (*known.values(), *tried.values()) if pace]
    if not paces:
        return None
    at_once = _at_once(study, cells, workers)
    low = high = 0.0
    for cell in cells:
        pace = known.get(cell.label) or tried.get(cell.label)
        least, most = (min(paces, key=_order), max(paces, key=_order)) if pace is None else (pace, pace)
        training, clips = cell.base.training, _clips(cell, corpus, cell.label in known)
        trainings = study.trials * cell.base.validation_folds  # trainings of the search, were none pruned
        trials = trainings * study.pruning.expected_share(study.trials, cell.base.steps)
        stopped = min(training.epochs, (training.early_stopping or training.epochs) + 1)
        finals = len(study.seeds) + study.as_written
        low += at_once * least.start_s + least.clip_s * clips * (min(trials * training.epochs, trainings * stopped) + finals * stopped)
        high += (trainings + finals) * most.start_s + most.clip_s * clips * (trials + finals) * training.epochs
    computed = _features_s(cells, corpus, cache) if cache else 0.0
    networks = len({cell.label for cell in cells}) if study.measure_cost else 0
    rest = BEGIN_S + computed + COST_S * networks
    return Duration(low / WIDTH / at_once + rest, high * WIDTH / at_once + rest, at_once,
                    _basis(len(known), len(tried), len(others) - len(tried)) + _in_all(study, cells, computed))


def _at_once(study: Study, cells: Sequence[Cell], workers: int | Literal["auto"]) -> int:
    """How many trainings run side by side: no more than cores and memory have room for, or than there are."""
    load = Load(len(cells) * max(study.trials, len(study.seeds)), cells[0].base.training.threads)
    fitting = load.fitting(WORKER_BYTES, free_bytes())
    return fitting if workers == "auto" else min(workers, load.most)


def _clips(cell: Cell, corpus: Corpus, known: bool) -> float:
    """Clips of an epoch; where the pace is that of training alone, those of validation by what they take."""
    split = cell.base.split(corpus)
    scored = 0.0 if known else SCORED * len(split.validation)
    return len(split.train) * (1 + len(cell.base.augmentation.copies)) + scored


def _order(pace: Pace) -> float:
    return pace.clip_s


def _basis(known: int, tried: int, neither: int) -> str:
    parts = {"earlier trainings of {} in this home": known, "a few batches of {} on this machine": tried,
             "the others like these: {}": neither}
    return "by " + ", ".join(text.format(f"{n} cell{'s'[: n > 1]}") for text, n in parts.items() if n)


def _in_all(study: Study, cells: Sequence[Cell], computed: float) -> str:
    """What else is in the estimate."""
    shares = [study.pruning.expected_share(study.trials, cell.base.steps) for cell in cells if study.trials]
    pruned = f"pruning is taken to leave {statistics.mean(shares):.0%} of the search's epochs" if shares and min(shares) < 1 else ""
    features = f"{in_words(computed)} for features" if computed else ""
    return "".join(f"; {part}" for part in (pruned, features) if part)


def _features_s(cells: Sequence[Cell], corpus: Corpus, cache: Path) -> float:
    """Seconds to compute what the cache lacks, by a few clips of each feature space."""
    spaces = {cell.base.feature_space.label: cell.base.feature_space for cell in cells}.values()
    processes = worker_count(0, len(corpus))
    return sum(_clip_s(space, corpus) * len(corpus) / processes for space in spaces if cached_features(corpus, space, cache) is None)


def _clip_s(space: FeatureSpace, corpus: Corpus) -> float:
    """Seconds to read a clip and compute its features; 0 when none of a few can be read, which the run tells."""
    samples, ends = padded_samples(corpus, space), []
    with suppress(BenchError):
        for clip in corpus.clips[:: max(1, len(corpus) // CLIPS)][:CLIPS]:
            waveform, sample_rate = waveform_of(clip, corpus.read_clip)
            space.extract(resample(waveform, sample_rate, space.sample_rate), space.sample_rate, samples)
            ends.append(time.perf_counter())
    return (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else 0.0


def _before(cell: Cell, records: Sequence[RunRecord]) -> Pace | None:
    """What trainings of a cell took before: the median."""
    figures = [run.metrics["seconds/fit"] / (run.metrics["epochs"] * clips) for run in records
               if run.state == "finished" and {"seconds/fit", "epochs"} <= run.metrics.keys() and run.about.label == cell.label
               and (clips := run.about.clips.get("train", 0) + run.about.clips.get("copies", 0))]
    return Pace(statistics.median(figures)) if figures else None


class _Enough(Exception):
    """Ends a training that has shown its pace."""


def _tried(cell: Cell, corpus: Corpus) -> Pace | None:
    """What a few batches of noise take: in the first epoch with all that is made before it, in the next ones alone."""
    from harness.training.fit import fit

    base, space = cell.base, cell.base.feature_space
    samples = padded_samples(corpus, space)
    shape = space.extract(np.zeros(samples, np.float32), space.sample_rate, samples).shape
    key = f"{cell.key} {shape}"
    if key not in TRIED:
        clips = BATCHES * base.training.batch_size
        x, y = np.random.default_rng(0).normal(size=(clips, *shape)).astype(np.float32), np.arange(clips) % len(corpus.emotions)
        trial = dataclasses.replace(base, training=dataclasses.replace(base.training, epochs=3, early_stopping=None, schedule="constant"))
        ends = [time.perf_counter()]

        def on_epoch(epoch: int, metrics: Mapping[str, Any]) -> None:
            ends.append(time.perf_counter())
            if epoch == 2 and ends[2] - ends[1] > 1:
                raise _Enough

        try:
            with suppress(_Enough):
                fit(trial, x, y, x[:2], y[:2], len(corpus.emotions), on_epoch)
        except Exception:  # whatever it is, the run reports it as the end of a trial
            return None
        # An estimator, which is fitted at once, has one epoch, before which nothing is made
        epoch_s = min((later - earlier for earlier, later in itertools.pairwise(ends[1:])), default=ends[1] - ends[0])
        TRIED[key] = Pace(epoch_s / clips, max(0.0, ends[1] - ends[0] - epoch_s))
    return TRIED[key]


TRIED: dict[str, Pace] = {}  # of this process


def in_words(seconds: float) -> str:
    """To the precision that an estimate has.

    >>> in_words(0.4), in_words(42), in_words(400), in_words(9000), in_words(200_000)
    ('1 s', '42 s', '7 min', '2.5 h', '2.3 days')
    """
    if seconds < 100:
        return f"{max(1, math.ceil(seconds))} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
