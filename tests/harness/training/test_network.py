"""The network of a trial: features are joined as the feature space says, augmentation is in the learner alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from listed_recipes import LISTED

from harness.study.cells import plan
from harness.study.trial import Training
from harness.training.network import augmented, build, joiner


def test_what_acts_on_the_fly_is_in_the_learner_and_not_in_the_kept_model() -> None:
    trial = plan(LISTED, "clips")[1].base
    x = np.random.default_rng(0).normal(size=(16, 31, 2)).astype(np.float32)
    model, _ = build(trial, x, 6)
    learner = augmented(model, trial)
    assert not {"FrequencyMask", "Mix"} & {type(layer).__name__ for layer in model.layers}
    assert np.allclose(learner.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    once, twice = (np.asarray(learner(x, training=True)) for _ in range(2))
    assert not np.allclose(once, twice)


def test_joined_end_to_end_each_band_follows_the_other_as_the_feature_space_says() -> None:
    x = np.array([[[1, 4], [2, 5], [3, 6]]], np.float32)  # (clips, frames, bands)
    joined = x
    for layer in joiner("end_to_end", 3, 2):
        joined = np.asarray(layer(joined))
    assert joined.shape == (1, 6, 1) and joined.ravel().tolist() == [1, 2, 3, 4, 5, 6]
    image, = joiner("image", 3, 2)
    assert np.asarray(image(x)).shape == (1, 3, 2, 1) and np.array_equal(np.asarray(image(x))[..., 0], x)
    assert joiner("channels", 3, 2) == []


@pytest.mark.parametrize("normalise", ["per_band", "per_value", "per_clip"])
def test_in_mixed_precision_decibels_are_normalised_and_probabilities_given_in_float32(normalise: str) -> None:
    import keras

    trial = plan(LISTED, "clips")[1].base
    trial = replace(trial, feature_space=replace(trial.feature_space, normalise=normalise), training=Training(precision="mixed_bfloat16"))
    x = (np.random.default_rng(0).normal(size=(16, 31, 2)) - 80.1).astype(np.float32)  # in bfloat16 a multiple of 0.5
    expected = np.asarray(keras.Model(*(model := build(trial, x, 6)[0]).inputs, model.layers[1].output)(x))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, network = build(trial, x, 6)
        learner = augmented(model, trial)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.allclose(np.asarray(keras.Model(*model.inputs, model.layers[1].output)(x)), expected, atol=1e-6)
    assert {layer.compute_dtype for layer in network.layers if "conv" in layer.name} == {"bfloat16"}
    assert {layer.compute_dtype for layer in learner.layers[1:-1]} == {"float32"}
    assert model.output.dtype == learner.output.dtype == "float32"


def test_a_network_that_ends_in_bfloat16_gives_probabilities_in_float32_all_the_same() -> None:
    import keras

    class Bare:
        def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
            inputs = keras.Input(input_shape)
            x = keras.layers.GlobalAveragePooling1D()(inputs)
            return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax", dtype="mixed_bfloat16")(x))

    trial = plan(LISTED, "clips")[1].base
    object.__setattr__(trial, "architecture", Bare())
    x = np.random.default_rng(0).normal(size=(16, 31, 2)).astype(np.float32)
    probabilities = build(trial, x, 6)[0].predict(x, verbose=0)
    assert probabilities.dtype == np.float32 and np.allclose(probabilities.sum(axis=1), 1, atol=0.02)
