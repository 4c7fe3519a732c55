"""Chooses the Keras backend, sets up its devices and seeds it; only this module calls TensorFlow or PyTorch directly."""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.study.trial import keras_backend
from registry.errors import BenchError
from registry.keras_state import load_keras, too_late

ROUNDING = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE")  # read when Python starts, before any line of bench


def set_up() -> tuple[str, ...]:
    """Load Keras as every trial gets it, let GPU memory grow, and return the names of the devices, e.g. `("cpu:0",)`.

    What an architecture or a notebook set since the last call is set back, so it is called before each trial and each load of a model.

    Raises: BenchError when the backend that KERAS_BACKEND names is not installed.
    """
    os.environ["KERAS_BACKEND"] = keras_backend()  # for the processes that this one starts
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        load_keras()
    except (ImportError, ValueError) as error:
        raise BenchError(f"the Keras backend {keras_backend()!r} can't be used ({error}); install it, or set KERAS_BACKEND "
                         "to tensorflow, jax or torch") from error
    if keras_backend() == "tensorflow":
        import tensorflow

        tensorflow.config.run_functions_eagerly(False)
        tensorflow.config.optimizer.set_jit(False)
    return _devices()


@functools.cache
def _devices() -> tuple[str, ...]:
    import keras

    if keras_backend() == "tensorflow":
        import tensorflow

        for device in tensorflow.config.list_physical_devices("GPU"):
            with suppress(RuntimeError):  # a notebook has used it already
                tensorflow.config.experimental.set_memory_growth(device, True)
    if keras_backend() == "torch":  # Keras can't list its devices
        import torch

        return tuple(f"gpu:{i}" for i in range(torch.cuda.device_count())) or ("cpu:0",)
    return tuple(keras.distribution.list_devices()) or ("cpu:0",)


def threads() -> int:
    """The threads that TensorFlow computes one operation with, which change the order of its sums; 0 with another backend."""
    if keras_backend() != "tensorflow":
        return 0
    import tensorflow

    chosen = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return tensorflow.config.threading.get_intra_op_parallelism_threads() or (int(chosen) if chosen.isdecimal() else 0) or usable


def not_undone() -> tuple[str, ...]:
    """What changes numbers and could not be undone, since a library was loaded with it; empty nearly always. Call `set_up` before."""
    found = [*too_late(), *(f"{name}={os.environ[name]}" for name in ROUNDING if name in os.environ)]
    if keras_backend() == "tensorflow":
        import tensorflow
        from tensorflow.python.framework.config import is_op_determinism_enabled

        found += ["deterministic operations of TensorFlow"] if is_op_determinism_enabled() else []
        options = tensorflow.config.optimizer.get_experimental_options()
        found += [f"{name}={value}" for name, value in sorted(options.items()) if value or not name.startswith("disable_")]
    return tuple(found)


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
