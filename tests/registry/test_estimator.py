"""An estimator stands for a network before any clip is there."""

from __future__ import annotations

import numpy as np

from registry.architectures.linear import Linear
from registry.architectures.logistic_regression import LogisticRegression
from registry.estimator import is_estimator


def test_what_is_fitted_at_once_is_told_from_what_is_trained_by_epochs() -> None:
    assert is_estimator(LogisticRegression()) and not is_estimator(Linear())


def test_before_any_clip_it_is_a_model_fitted_on_the_same_noise_each_time() -> None:
    first, second = (LogisticRegression()((5,), 3) for _ in range(2))
    assert first.output_shape == (None, 3) and first.count_params() == 5 * 3 + 3
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
