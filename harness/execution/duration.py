"""How long a study will take, as a range: from what its cells took before in this home, or from a few batches of each network."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.data.features import padded_samples
from harness.study.cells import Cell
from harness.study.definition import Study
from harness.tracking.run_record import RunRecord
from harness.training.backend import set_up
from registry.corpus import Corpus

MEASURE_S = 10.0  # after which no further network is tried
WIDTH = 1.5  # by how much a training may be quicker or slower than measured: other work, batches, memory


@dataclass(frozen=True)
class Pace:
    """What one training takes: seconds of each clip in each epoch, and seconds before the first."""

    clip_s: float
    start_s: float = 0.0


@dataclass(frozen=True)
class Duration:
    """A range in seconds, and what it goes by, in words. It is of one worker, without computing features."""

    low_s: float
    high_s: float
    basis: str

    def __str__(self) -> str:
        return f"{in_words(self.low_s)} to {in_words(self.high_s)} on one worker ({self.basis}; features not counted)"


def duration(study: Study, cells: Sequence[Cell], corpus: Corpus, records: Sequence[RunRecord] = (),
             say: Callable[[str], None] = lambda text: None) -> Duration | None:
    """How long trials and finals of these cells will take; None when no network could be tried.

    The least: every training ends as soon as early stopping allows; the most: every one takes all its epochs.
    Args: records: of the study in this home, from which paces are taken where there are some. say: is told what takes a moment.
    """
    known = {cell.label: pace for cell in cells if (pace := _before(cell, records))}
    others = [cell for cell in {cell.label: cell for cell in cells}.values() if cell.label not in known]
    if others:
        say("timing a few batches of each network …")
        set_up()  # which takes seconds of its own
    tried: dict[str, Pace | None] = {}
    end = time.monotonic() + MEASURE_S
    for cell in others:
        if not tried or time.monotonic() < end:
            tried[cell.label] = _tried(cell, corpus)
    paces = [pace for pace in (*known.values(), *tried.values()) if pace]
    if not paces:
        return None
    low = high = 0.0
    for cell in cells:
        pace = known.get(cell.label) or tried.get(cell.label)
        least, most = (min(paces, key=_order), max(paces, key=_order)) if pace is None else (pace, pace)
        trainings = study.trials * cell.base.validation_folds + len(study.seeds)
        training, clips = cell.base.training, len(cell.base.split(corpus).train) * (1 + len(cell.base.augmentation.copies))
        low += trainings * (least.start_s + least.clip_s * clips * min(training.epochs, (training.early_stopping or training.epochs) + 1))
        high += trainings * (most.start_s + most.clip_s * clips * training.epochs)
    return Duration(low / WIDTH, high * WIDTH, _basis(len(known), len(tried), len(others) - len(tried)))


def _order(pace: Pace) -> float:
    return pace.clip_s


def _basis(known: int, tried: int, neither: int) -> str:
    parts = {"earlier trainings of {} in this home": known, "a few batches of {} on this machine": tried,
             "the others like these: {}": neither}
    return "by " + ", ".join(text.format(f"{n} cell{'s'[: n > 1]}") for text, n in parts.items() if n)


def _before(cell: Cell, records: Sequence[RunRecord]) -> Pace | None:
    """What trainings of a cell took before: the median."""
    figures = [run.metrics["seconds/fit"] / (run.metrics["epochs"] * clips) for run in records
               if run.state == "finished" and {"seconds/fit", "epochs"} <= run.metrics.keys() and run.about.label == cell.label
               and (clips := run.about.clips.get("train", 0) + run.about.clips.get("copies", 0))]
    return Pace(statistics.median(figures)) if figures else None


def _tried(cell: Cell, corpus: Corpus) -> Pace | None:
    """What two batches of noise take: in the first epoch with all that is made before it, in the second alone."""
    from harness.training.fit import fit

    base, space = cell.base, cell.base.feature_space
    samples = padded_samples(corpus, space)
    shape = space.extract(np.zeros(samples, np.float32), space.sample_rate, samples).shape
    key = f"{cell.key} {shape}"
    if key not in TRIED:
        clips = 2 * base.training.batch_size
        x, y = np.random.default_rng(0).normal(size=(clips, *shape)).astype(np.float32), np.arange(clips) % len(corpus.emotions)
        trial = dataclasses.replace(base, training=dataclasses.replace(base.training, epochs=3, early_stopping=None, schedule="constant"))
        ends = [time.perf_counter()]

        def on_epoch(epoch: int, metrics: Mapping[str, Any]) -> None:
            ends.append(time.perf_counter())

        try:
            fit(trial, x, y, x[:2], y[:2], len(corpus.emotions), on_epoch)
        except Exception:  # whatever it is, the run reports it as the end of a trial
            return None
        epoch_s = min(ends[2] - ends[1], ends[3] - ends[2])
        TRIED[key] = Pace(epoch_s / clips, ends[1] - ends[0] - epoch_s)
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
