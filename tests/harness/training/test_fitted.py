"""Clips are predicted alone, weighed by their emotion, and scored as Keras scores them."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_trial import ignore, toy

from harness.training.fit import fit
from harness.training.fitted import Validation, class_weights, each_label, predict, weighed


def test_class_weights_have_mean_one_over_the_clips_and_make_every_class_count_the_same() -> None:
    y = np.eye(4)[np.repeat([0, 1, 3], [6, 3, 1])]
    weights = class_weights(y)
    assert weights == pytest.approx([10 / 18, 10 / 9, 0.0, 10 / 3])
    assert (y @ weights).mean() == pytest.approx(1.0)
    shares = np.array([[0.5, 0.5], [1, 0], [1, 0], [0.5, 0.5]])  # 3 and 1 clips' worth
    assert class_weights(shares) == pytest.approx([2 / 3, 2])
    of_clips, weights = weighed(shares)
    assert weights == pytest.approx([4 / 3, 2 / 3, 2 / 3, 4 / 3]) and of_clips[0] == pytest.approx([0.25, 0.75])
    assert weights @ of_clips == pytest.approx([2, 2])  # each class counts the same
    assert weighed(y.astype(np.float32))[0].tolist() == y.tolist()


def test_an_estimator_gets_a_clip_once_for_each_of_its_emotions_weighed_by_its_share() -> None:
    clips, classes, weights = each_label(np.array([[0.25, 0.75, 0], [0, 0, 1]]), np.array([2.0, 3.0]))
    assert weights is not None and (clips.tolist(), classes.tolist(), weights.tolist()) == ([0, 0, 1], [0, 1, 2], [0.5, 1.5, 3.0])
    clips, classes, weights = each_label(np.eye(3)[[2, 0]], None)
    assert (clips.tolist(), classes.tolist(), weights) == ([0, 1], [2, 0], None)


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
    shares = 0.6 * y + 0.4 * np.roll(y, 1, axis=1)
    of_shares = Validation(network, x, shares, label_smoothing=0.1)()
    assert [of_shares["loss"], of_shares["wa"]] == pytest.approx(network.evaluate(x, shares, verbose=0), rel=1e-5)
    assert of_shares["uar"] == scores["uar"]  # the largest share is right


def test_what_is_predicted_of_a_clip_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 12, 2)).astype(np.float32), np.arange(70) % 3
    fitted = fit(toy(epochs=1), x, y, x[:5], y[:5], 3, ignore)
    assert fitted.predict(x).shape == (70, 3) and np.allclose(fitted.predict(x)[:3], fitted.predict(x[:3]), atol=1e-6)
