"""Batches hold every clip once an epoch, in an order that the seed chooses."""

from __future__ import annotations

import numpy as np

from harness.training.batches import Batches
from harness.training.training_clips import TrainingClips

X, Y = np.arange(10, dtype=np.float32).reshape(10, 1, 1), np.eye(10, dtype=np.float32)


def order(batches: Batches, epoch: int) -> list[int]:
    steps = [batches[epoch * batches.steps + step] for step in range(batches.steps)]
    assert all(np.array_equal(x.ravel(), y.argmax(axis=1)) for x, y, *_ in steps)  # a clip keeps its label
    return [int(clip) for x, *_ in steps for clip in x.ravel()]


def test_an_epoch_has_every_clip_once_and_each_epoch_an_order_of_its_own() -> None:
    batches = Batches(TrainingClips.of(X), Y, None, batch_size=4, seed=3)
    assert batches.steps == 3 and [len(batches[step][0]) for step in range(3)] == [4, 4, 2]
    epochs = [order(batches, epoch) for epoch in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs) and len({*map(tuple, epochs)}) == 3


def test_the_order_is_that_of_the_seed_whatever_is_read_first_and_however_large_a_batch_is() -> None:
    one, other = (Batches(TrainingClips.of(X), Y, None, size, seed=3) for size in (4, 5))
    late = order(one, 5)
    assert order(one, 0) == order(other, 0) and order(other, 5) == late
    assert order(Batches(TrainingClips.of(X), Y, None, 4, seed=4), 0) != order(one, 0)


def test_a_clip_keeps_its_weight() -> None:
    x, _, weights = Batches(TrainingClips.of(X), Y, np.arange(10, dtype=np.float32), batch_size=10, seed=0)[0]
    assert np.array_equal(x.ravel(), weights)
