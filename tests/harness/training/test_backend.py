"""The Keras backend is seeded apart from everything else in the process."""

from __future__ import annotations

import numpy as np


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
