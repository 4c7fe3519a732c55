"""The Keras backend is seeded apart from everything else in the process."""

from __future__ import annotations

import numpy as np
import pytest

from harness.tracking.environment import hardware  # before any test puts another in its place


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
    assert backend.not_undone() == () and backend.threads() >= 1
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    assert hardware().endswith(", 7 threads, OPENBLAS_CORETYPE=Nehalem")


def test_the_backend_is_the_one_that_is_loaded_whatever_the_variable_says_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from harness.study.trial import keras_backend

    monkeypatch.setenv("KERAS_BACKEND", "jax" if keras.config.backend() != "jax" else "torch")
    assert keras_backend() == keras.config.backend()
