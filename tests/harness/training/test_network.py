"""The network of a trial: features are joined as the feature space says, augmentation is in the learner alone."""

from __future__ import annotations

import numpy as np
from listed_recipes import LISTED

from harness.study.cells import plan
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
