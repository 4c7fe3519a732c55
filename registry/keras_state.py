"""Keras as a new installation has it, whatever the user's machine, shell or notebook has set: it is loaded here, or reset here.

A trial's signature names everything that changes its numbers, so nothing else may change them. Keras reads a settings file and variables
of the environment when it is imported, TensorFlow, JAX, XLA and oneDNN read further variables: the file is not read, the variables are
removed, and what a notebook set before is set back. `tests/benchmarks/machine_state.py` measures it; docs/survival.md has the table.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

logger = logging.getLogger(__name__)
# Whole families, since each release of these libraries brings variables; those that say where, how much memory, how many or how loud stay
FAMILIES = re.compile(r"(KERAS|XLA|ONEDNN|DNNL|JAX)_|NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32"
                      r"|TF_(AUTO|CUBLAS|CUDNN|DETERMINISTIC|DISABLE|ENABLE|FP16|MKL|ONEDNN|OVERRIDE|USE_CU|XLA)")
HARMLESS = re.compile(r"KERAS_(BACKEND|HOME|TORCH_DEVICE|DISTRIBUTION_)|XLA_PYTHON_CLIENT_|(ONEDNN|DNNL)_VERBOSE"
                      r"|JAX_(PLATFORM|COMPILATION_CACHE_|COORDINATOR_|PROCESS_|NUM_|LOCAL_|LOG)")
HARMLESS_XLA_FLAGS = ("--xla_gpu_cuda_data_dir", "--xla_dump_")  # where CUDA lies, where to write
BACKENDS = ("tensorflow", "jax", "torch")
_too_late: list[str] = []


def load_keras() -> ModuleType:
    """Keras with its own defaults. Raises: what Keras raises for a backend that is unknown or not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with as_installed(), _native_messages_silenced():
        import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)
    return keras


@contextmanager
def as_installed() -> Iterator[None]:
    """Whatever imports Keras inside, a user's own file too, gets it without settings of the user's; only the backend may be chosen."""
    remove_variables()
    if "keras" in sys.modules:
        yield
        return
    chosen = {name: os.environ.get(name) for name in ("KERAS_HOME", "KERAS_BACKEND")}
    os.environ["KERAS_HOME"] = os.devnull  # a home in which no settings file can lie, and none can be left
    os.environ["KERAS_BACKEND"] = chosen["KERAS_BACKEND"] or "tensorflow"
    try:
        yield
    finally:
        for name, value in chosen.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        with suppress(AttributeError, KeyError):  # downloads of pretrained weights are still kept where the user keeps them
            sys.modules["keras"].src.backend.config._KERAS_DIR = chosen["KERAS_HOME"] or str(Path("~/.keras").expanduser())


@contextmanager
def _native_messages_silenced() -> Iterator[None]:
    """Discard what is written to file descriptor 2: TensorFlow's native code writes there before any setting can stop it."""
    if "keras" in sys.modules:  # they were written then, and other threads may have something to say now
        yield
        return
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as null:
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def remove_variables() -> None:
    """Remove from this process, and those that it starts, the variables that would change numbers; each is logged once."""
    for name, value in sorted(os.environ.items()):
        if FAMILIES.match(name) and not HARMLESS.match(name):
            kept = " ".join(flag for flag in value.split() if flag.startswith(HARMLESS_XLA_FLAGS)) if name == "XLA_FLAGS" else ""
            if kept == value:
                continue
            os.environ.pop(name) if not kept else os.environ.update({name: kept})
            if not name.startswith("KERAS_") and any(backend in sys.modules for backend in BACKENDS):
                _too_late.append(f"{name}={value}")
            else:
                logger.warning("%s=%s is ignored: it could change numbers, which the settings of a study alone may do", name, value)


def too_late() -> tuple[str, ...]:
    """The variables that a library read before bench could remove them: what they change is recorded with each run."""
    return tuple(_too_late)
