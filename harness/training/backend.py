"""Chooses the Keras backend, sets up its devices and threads and seeds it; with `fast_layers` the only caller of TensorFlow itself."""

from __future__ import annotations

import functools
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from harness.study.trial import keras_backend
from registry.errors import BenchError
from registry.keras_state import load_keras, too_late

ROUNDING = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE")  # read when Python starts, before any line of bench
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")  # read when TensorFlow computes first
_fixed = 0  # threads of this process; 0: whoever computes first chooses


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
    with suppress(BenchError):  # a notebook has used TensorFlow: what trains has found out by `fix_threads`
        fix_threads(_fixed or 1)
    if keras_backend() == "tensorflow":
        import tensorflow

        tensorflow.config.run_functions_eagerly(False)
        tensorflow.config.optimizer.set_jit(False)
    return _devices()


def litert_operators() -> dict[str, Any]:
    """LiteRT's own operators alone, as Keras's export takes that: others need a part of TensorFlow where the network runs."""
    import tensorflow

    return {"supported_ops": [tensorflow.lite.OpsSet.TFLITE_BUILTINS]}


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


def fix_threads(number: int) -> None:
    """Compute with so many threads in this process from now on, as the signature of its trainings says: they change the order of sums.

    Processes that this one starts compute with as many. Raises: BenchError when TensorFlow has begun with another number.
    """
    global _fixed
    if keras_backend() == "tensorflow" and "tensorflow" in sys.modules:
        _fix_tensorflow(number)
    if keras_backend() == "torch" and "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(number)
    os.environ.update(dict.fromkeys(THREADS, str(number)))  # for what loads TensorFlow before `set_up`
    _fixed = number


def _fix_tensorflow(number: int) -> None:
    import tensorflow

    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(number)
        tensorflow.config.threading.set_inter_op_parallelism_threads(number)
    except RuntimeError as error:  # it has computed already
        if threads() != number:
            raise BenchError(
                f"TensorFlow computes with {in_words(threads())} in this process already, and training.threads is {number}. Start the "
                f"process anew: a Dask worker as `TF_NUM_INTRAOP_THREADS={number} dask worker ADDRESS --nthreads 1`, a notebook such that "
                f"it calls bench before it uses TensorFlow. Or train with --threads-per-trial {threads()}, in Python "
                f"training.threads={threads()}, which is another signature") from error


def threads() -> int:
    """The threads that the backend computes one operation with, which change the order of its sums; 0 where that is not known."""
    if keras_backend() == "torch":
        import torch

        return int(torch.get_num_threads())
    if keras_backend() != "tensorflow":
        return 0
    import tensorflow

    chosen = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return tensorflow.config.threading.get_intra_op_parallelism_threads() or (int(chosen) if chosen.isdecimal() else 0) or usable


def in_words(number: int) -> str:
    """A number of threads: `1 thread`, `2 threads`."""
    return f"{number} thread{'s'[: number != 1]}"


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
def seeded(seed: int, everything: bool = True) -> Iterator[None]:
    """Seed Python, NumPy and the Keras backend; the one place that touches global random state.

    Keras draws the seeds of layers from Python's global generator, as other threads of a worker do: inside, it has a generator of its own.

    Args:
        everything: False seeds that generator alone, the only one that Keras's own layers use: after the others were seeded,
            TensorFlow sets up every graph anew.
    """
    import keras
    from keras.src.random import seed_generator

    if everything:
        keras.utils.set_random_seed(seed)
    shared, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = shared
