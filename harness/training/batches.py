"""Training clips in batches, gathered from the cached features as they are needed, in an order that the trial's seed chooses."""

from __future__ import annotations

import functools

import keras
import numpy as np

from harness.training.training_clips import TrainingClips


class Batches(keras.utils.PyDataset):
    """Batches without end: those of the first epoch, then of the second …, each epoch with every clip once in an order of its own.

    The last batch of an epoch has what is left. One stream for all epochs, since the backend takes as long to open one as a batch.

    Args:
        x: shape (clips, frames, bands). y: shape (clips, classes), one-hot or shares. weights: shape (clips,), or None.
        seed: of the order. Another seed has another order, another batch size the same one.
    Attributes:
        steps: batches of an epoch.
    """

    num_batches = None

    def __init__(self, x: TrainingClips, y: np.ndarray, weights: np.ndarray | None, batch_size: int, seed: int) -> None:
        super().__init__()
        self.parts = (x, y) if weights is None else (x, y, weights)
        self.clips, self.batch_size, self.seed = len(y), batch_size, seed
        self.steps = -(-len(y) // batch_size)
        self.order = functools.lru_cache(maxsize=2)(self._order)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        epoch, step = divmod(index, self.steps)
        clips = self.order(epoch)[step * self.batch_size:(step + 1) * self.batch_size]
        return tuple(part[clips] for part in self.parts)

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(self.clips)
