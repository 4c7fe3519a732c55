"""Clips are predicted alone, weighed by their emotion, and scored as Keras scores them."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_trial import ignore, toy

from harness.training.fit import fit
from harness.training.fitted import Validation, class_weights, predict


def test_class_weights_have_mean_one_over_the_clips_and_make_every_class_count_the_same() -> None:
    y = np.repeat([0, 1, 3], [6, 3, 1])
    weights = class_weights(y, 4)
    assert weights == pytest.approx([10 / 18, 10 / 9, 0.0, 10 / 3])
    assert weights[y].mean() == pytest.approx(1.0)


def test_validation_is_scored_as_keras_scores_it() -> None:
    import keras

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 8, 2)).astype(np.float32), np.eye(4, dtype=np.float32)[np.arange(70) % 3]
    inputs = keras.Input((8, 2))
    network = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(keras.layers.Flatten()(inputs)))
    network.compile(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=[keras.metrics.CategoricalAccuracy()])
    scores = Validation(network, x, y, label_smoothing=0.1)()
    assert [scores["loss"], scores["wa"]] == pytest.approx(network.evaluate(x, y, verbose=0), rel=1e-5)
    right = predict(network, x).argmax(axis=1) == y.argmax(axis=1)
    assert scores["uar"] == pytest.approx(np.mean([right[y[:, emotion] > 0].mean() for emotion in range(3)]))  # of the three there are


def test_what_is_predicted_of_a_clip_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 12, 2)).astype(np.float32), np.arange(70) % 3
    fitted = fit(toy(epochs=1), x, y, x[:5], y[:5], 3, ignore)
    assert fitted.predict(x).shape == (70, 3) and np.allclose(fitted.predict(x)[:3], fitted.predict(x[:3]), atol=1e-6)
