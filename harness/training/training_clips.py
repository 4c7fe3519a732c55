"""The features of training clips where they lie, in the cache's memory-mapped arrays: a worker copies a batch at a time, never all."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np

AT_ONCE = 128  # clips that are in memory while their statistics are computed
KEPT = 8  # of a worker: their statistics need not be computed again for its next trial


class TrainingClips:
    """Clips of several arrays as if they lay in one, (clips, frames, bands), float32.

    Args:
        parts: arrays (clips, frames, bands) with the indices of the clips that are taken, in their order.
    """

    def __init__(self, *parts: tuple[np.ndarray, Sequence[int] | np.ndarray]) -> None:
        self.parts = [(array, np.asarray(indices)) for array, indices in parts]
        self.starts = np.cumsum([0, *(len(indices) for _, indices in self.parts)])

    @classmethod
    def of(cls, x: np.ndarray | TrainingClips) -> TrainingClips:
        """All clips of an array."""
        return x if isinstance(x, TrainingClips) else cls((x, np.arange(len(x))))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """(clips, frames, bands)."""
        return len(self), *self.parts[0][0].shape[1:]

    def __getitem__(self, clips: np.ndarray) -> np.ndarray:
        """The clips at these positions: a new array."""
        taken = np.empty((len(clips), *self.shape[1:]), np.float32)
        for (array, indices), start, end in zip(self.parts, self.starts, self.starts[1:], strict=False):
            mine = (clips >= start) & (clips < end)
            taken[mine] = array[indices[clips[mine] - start]]
        return taken

    @functools.cached_property
    def band_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each band over clips and frames: (bands,) each, float64."""
        values = len(self) * self.shape[1]
        total, squares = (sum(np.einsum(each, *[some] * (each.count("cfb")), dtype=np.float64) for some in self._some()) / values
                          for each in ("cfb->b", "cfb,cfb->b"))
        return total, squares - total**2

    @functools.cached_property
    def value_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each value over clips: (frames, bands) each, float64; 1 is the variance of what never changes."""
        mean = sum(some.sum(axis=0, dtype=np.float64) for some in self._some()) / len(self)
        variance = sum(np.square(some - mean).sum(axis=0) for some in self._some()) / len(self)
        least = np.minimum.reduce([some.min(axis=0) for some in self._some()])
        most = np.maximum.reduce([some.max(axis=0) for some in self._some()])
        return mean, np.where(least == most, 1.0, variance)

    def _some(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self), AT_ONCE):
            yield self[np.arange(start, min(start + AT_ONCE, len(self)))]


_kept: OrderedDict[tuple[object, ...], TrainingClips] = OrderedDict()


def training_clips(features: np.ndarray, train: np.ndarray, copied: Sequence[np.ndarray] = ()) -> TrainingClips:
    """The training clips of a corpus's features, followed by their altered copies; the same object as long as it is kept."""
    key = (train.tobytes(), *(id(array) for array in (features, *copied)))  # the object holds the arrays, so that no other gets their id
    clips = _kept.pop(key, None) or TrainingClips((features, train), *((array, np.arange(len(array))) for array in copied))
    _kept[key] = clips
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return clips
