"""The worker processes of the feature cache: they read clips, compute their features and write rows; and how they are started."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from registry.audio import resample
from registry.clip_audio import waveform_of
from registry.corpus import Clip
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.own_files import Portable

if TYPE_CHECKING:
    import numpy as np

CLIPS_WORTH_A_WORKER = 200  # a process takes about as long to start as to read so many clips
ParallelMap = Callable[[Callable[..., Any], Iterable[tuple[Any, ...]]], Iterator[Any]]


class DamagedClips(BenchError):
    """Clips whose audio can't be turned into features.

    Args:
        clips: clip id -> what is wrong with it.
    """

    def __init__(self, clips: dict[str, str]) -> None:
        super().__init__(clips)
        self.clips = clips

    def __str__(self) -> str:
        shown = [f"  {clip}: {reason}" for clip, reason in sorted(self.clips.items())[:10]]
        rest = [f"  … and {len(self.clips) - 10} more"] if len(self.clips) > 10 else []
        count = f"{len(self.clips)} damaged clip{'s'[: len(self.clips) > 1]}"
        return "\n".join([f"{count}, so no features were written:", *shown, *rest,
                          "Fix them (`bench check` lists everything), or go on without them with --allow-missing"])


class Change(Protocol):
    """A change of waveforms before their features are computed; it is sent to the workers."""

    @property
    def label(self) -> str:
        """In words, for `bench cache`."""

    def __call__(self, clip: Clip, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (samples',) float32."""
        ...


@dataclass(frozen=True)
class EntryFile:
    """The file for the rows of one entry, which begin at byte `offset`, and the change of its waveforms."""

    draft: Path
    offset: int
    change: Change | None


@dataclass(frozen=True)
class RowWriter:
    """Computes the features of some clips and writes them at their place in each file; sent to workers, so it holds no array."""

    read_clip: Callable[[Clip], tuple[np.ndarray, int]]
    space: FeatureSpace
    samples: int
    places: tuple[EntryFile, ...]
    shape: tuple[int, int]

    def __call__(self, start: int, clips: tuple[Clip, ...]) -> tuple[int, dict[str, str], Counter[str]]:
        """Write rows `start` and on; returns how many clips were tried, the damaged ones, and how many are not heard whole, by reason."""
        import numpy as np

        rows = np.zeros((len(self.places), len(clips), *self.shape), dtype="<f4")
        damaged, cut = {}, Counter[str]()
        for i, clip in enumerate(clips):
            try:
                waveform, sample_rate = waveform_of(clip, self.read_clip)
                # Once here, and not again for each of several copies: at equal rates resampling does nothing.
                waveform = resample(waveform, sample_rate, self.space.sample_rate)
            except BenchError as error:
                damaged[clip.id] = str(error)
            else:
                cut.update(self.space.not_whole(waveform, self.samples))
                for row, place in zip(rows[:, i], self.places, strict=True):
                    row[:] = self._values(clip, waveform, place.change)
        for place, block in zip(self.places, rows, strict=True):
            # Written, not mapped: on a full disk a write raises an error where touching a mapped page ends the process.
            with place.draft.open("r+b") as file:
                file.seek(place.offset + start * block[0].nbytes)
                file.write(block.data)
        return len(clips), damaged, cut

    def _values(self, clip: Clip, waveform: np.ndarray, change: Change | None) -> np.ndarray:
        """The features of a sound clip: what goes wrong here is the feature's fault, which leaving out clips would hide."""
        own = functools.partial(change, clip) if change else None
        try:
            values = self.space.extract(waveform, self.space.sample_rate, self.samples, own)
        except Exception as error:
            error.add_note(f"while computing {self.space.label} of clip {clip.id}" + (f", {change.label}" if change else ""))
            raise
        if values.shape != self.shape:
            raise BenchError(f"{self.space.label} gave the shape {values.shape} for clip {clip.id} but {self.shape} for silence "
                             "of the same length: a feature's shape must depend on the number of samples only")
        return values


def shape_of_silence(space: FeatureSpace, samples: int) -> tuple[int, int]:
    """(frames, bands) of every clip; computed by a worker, so that this process need not load librosa."""
    import numpy as np

    frames, bands = space.extract(np.zeros(samples, dtype=np.float32), space.sample_rate, samples).shape
    return frames, bands


def worker_count(workers: int, clips: int) -> int:
    """The processes for so many clips; `workers` where it is not 0."""
    import joblib

    return workers or int(min(joblib.cpu_count(), max(1, clips // CLIPS_WORTH_A_WORKER)))


@contextlib.contextmanager
def processes(workers: int) -> Iterator[ParallelMap]:
    """Yields a parallel map: it applies a function to tuples of arguments in so many processes (1: in this one), results as they come."""
    if workers == 1:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # as in the workers: threads cost more than so small products gain, and could change a sum
            yield lambda function, tasks: (function(*task) for task in tasks)
        return
    import joblib
    from joblib.externals.loky import get_reusable_executor

    def each(function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        parallel, portable = joblib.Parallel(return_as="generator_unordered", batch_size=1), Portable.of(function)
        return iter(parallel(joblib.delayed(portable)(*task) for task in tasks))

    try:
        with joblib.parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
            yield each
    finally:  # training needs the memory that idle workers would keep
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
