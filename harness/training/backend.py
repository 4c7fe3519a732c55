"""Chooses the Keras backend, sets up its devices and seeds it; only this module calls TensorFlow or PyTorch directly."""

from __future__ import annotations

import functools
import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.study.trial import keras_backend
from registry.errors import BenchError


@functools.cache
def set_up() -> tuple[str, ...]:
    """Select the backend, let GPU memory grow, and return the names of the devices, e.g. `("cpu:0",)`.

    Raises: BenchError when the backend that KERAS_BACKEND names is not installed.
    """
    os.environ["KERAS_BACKEND"] = keras_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        with _native_messages_silenced():
            import keras
    except (ImportError, ValueError) as error:
        raise BenchError(f"the Keras backend {keras_backend()!r} can't be used ({error}); install it, or set KERAS_BACKEND "
                         "to tensorflow, jax or torch") from error
    if keras_backend() == "tensorflow":
        import tensorflow

        for device in tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.set_memory_growth(device, True)
    if keras_backend() == "torch":  # Keras can't list its devices
        import torch

        return tuple(f"gpu:{i}" for i in range(torch.cuda.device_count())) or ("cpu:0",)
    return tuple(keras.distribution.list_devices()) or ("cpu:0",)


@contextmanager
def _native_messages_silenced() -> Iterator[None]:
    """Discard what is written to file descriptor 2: TensorFlow's native code writes there before any setting can stop it."""
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as null:
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python, NumPy and the Keras backend; the one place that touches global random state.

    Keras draws the seeds of layers from Python's global generator, as other threads of a worker do: inside, it has a generator of its own.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    shared, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = shared
