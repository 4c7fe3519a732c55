"""Every random number comes from here: a seed for each purpose, derived from what the work is."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator


def seed_for(signature: str, purpose: str) -> int:
    """A seed below 2**31 for one purpose of one piece of work; other purposes get independent ones.

    >>> seed_for("abc", "weights") == seed_for("abc", "weights") != seed_for("abc", "order")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{signature}/{purpose}".encode()).digest()[:4], "big") >> 1


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python, NumPy and the Keras backend seeded; the one place that touches global random state.

    Keras draws the seeds of layers from Python's global generator, from which other threads of a worker draw, too: within, it has one
    of its own.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    shared, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = shared
