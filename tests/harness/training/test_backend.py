"""The Keras backend is seeded apart from everything else in the process."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from harness.tracking.environment import hardware  # before any test puts another in its place
from registry.errors import BenchError


def test_other_threads_that_draw_random_numbers_change_no_weights() -> None:
    import random

    import keras

    from harness.training.backend import seeded

    def weights(drawn_meanwhile: int) -> np.ndarray:
        with seeded(7):
            for _ in range(drawn_meanwhile):
                random.random()
            return np.asarray(keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]).get_weights()[0])

    assert np.array_equal(weights(0), weights(3))


def test_each_trial_begins_with_keras_and_tensorflow_as_they_are_installed() -> None:
    import keras
    import tensorflow

    from harness.training.backend import set_up

    keras.config.set_image_data_format("channels_first")
    tensorflow.config.run_functions_eagerly(True)
    assert set_up() == set_up() != ()
    assert keras.config.image_data_format() == "channels_last" and not tensorflow.config.functions_run_eagerly()


def test_what_can_not_be_undone_is_recorded_with_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras  # noqa: F401

    from harness.training import backend

    backend.set_up()
    assert backend.not_undone() == ()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    assert hardware().endswith(", 1 thread, OPENBLAS_CORETYPE=Nehalem")


def test_a_process_that_computed_with_other_threads_than_a_training_has_is_refused_with_what_to_do() -> None:
    from harness.training import backend

    backend.set_up()
    backend.fix_threads(1)
    with pytest.raises(BenchError, match=r"computes with 1 thread in this process already, and training.threads is 2\. .*"
                                         r"`TF_NUM_INTRAOP_THREADS=2 dask worker ADDRESS --nthreads 1`.*--threads-per-trial 1"):
        backend.fix_threads(2)
    assert backend.threads() == 1 and os.environ["TF_NUM_INTRAOP_THREADS"] == "1"


def test_a_process_computes_with_the_threads_that_are_fixed_whatever_the_variables_say() -> None:
    program = "from harness.training import backend; backend.fix_threads(3); backend.set_up(); print(backend.threads())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120,
                          env={**os.environ, "TF_NUM_INTRAOP_THREADS": "2"})
    assert done.stdout.split() == ["3"]


def test_the_backend_is_the_one_that_is_loaded_whatever_the_variable_says_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from harness.study.trial import keras_backend

    monkeypatch.setenv("KERAS_BACKEND", "jax" if keras.config.backend() != "jax" else "torch")
    assert keras_backend() == keras.config.backend()
