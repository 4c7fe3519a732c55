"""Architectures over vectors: estimators predict what scikit-learn predicts, and networks learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression as Logistic
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from registry.architecture import decline
from registry.architectures.gradient_boosting import GradientBoosting
from registry.architectures.linear import Linear
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.mlp import Mlp
from registry.architectures.svm import Svm
from registry.errors import BenchError

VALUES = 10
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
PAIRS: dict[str, tuple[Any, Any]] = {
    "logistic_regression": (LogisticRegression(C=0.1), Logistic(C=0.1, max_iter=1000)),
    "svm": (Svm(C=2.0), CalibratedClassifierCV(SVC(C=2.0), ensemble=False, cv=FOLDS)),
    "svm of another width": (Svm(gamma=0.01), CalibratedClassifierCV(SVC(gamma=0.01), ensemble=False, cv=FOLDS)),
    "linear svm": (Svm(kernel="linear"), CalibratedClassifierCV(SVC(kernel="linear"), ensemble=False, cv=FOLDS)),
    "gradient_boosting": (GradientBoosting(trees=10, max_leaf_nodes=8), HistGradientBoostingClassifier(
        max_iter=10, max_leaf_nodes=8, early_stopping=False, random_state=0)),
}


def clips(classes: tuple[int, ...], number: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Vectors that tell their class by one value: (number, VALUES) float32, and the classes."""
    rng = np.random.default_rng(0)
    y = np.array(classes)[np.arange(number) % len(classes)]
    x = rng.normal(size=(number, VALUES)).astype(np.float32)
    x[np.arange(number), y] += 1.5
    return x, y


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("classes", [(0, 1, 2, 3), (1, 3), (0, 2, 3)])
@pytest.mark.parametrize("name", PAIRS)
def test_an_estimator_predicts_what_scikit_learn_predicts(name: str, classes: tuple[int, ...], weighed: bool) -> None:
    own, reference = PAIRS[name]
    x, y = clips(classes)
    weights = 1.0 + (y == classes[0]) if weighed else None
    expected = np.zeros((20, 4))  # a class without training clips has probability 0
    unheard = np.random.default_rng(1).normal(size=(20, VALUES)).astype(np.float32)
    reference.fit(x if name == "gradient_boosting" else x.astype(float), y, sample_weight=weights)
    expected[:, list(classes)] = reference.predict_proba(unheard)
    predicted = np.asarray(own.fitted(x, y, weights, 4, seed=0)(unheard))
    assert np.allclose(predicted, expected, atol=1e-5)


def test_trees_tell_apart_values_between_which_no_float32_lies() -> None:
    steps = [np.float32(1)]
    for _ in range(5):
        steps.append(np.nextafter(steps[-1], np.float32(2)))
    x = np.random.default_rng(0).choice(np.array(steps), size=(300, 3))
    y = (x[:, 0] > steps[2]).astype(int) + 2 * (x[:, 1] > steps[1])
    reference = HistGradientBoostingClassifier(max_iter=5, early_stopping=False, random_state=0).fit(x, y)
    predicted = np.asarray(GradientBoosting(trees=5).fitted(x, y, None, 4, seed=0)(x))
    assert np.allclose(predicted, reference.predict_proba(x), atol=1e-5) and (predicted.argmax(axis=1) == y).all()


@pytest.mark.parametrize("architecture", [Linear(), Linear(dropout=0.2), Mlp(units=(16,)), Mlp(units=(16, 8), dropout=0.1)], ids=str)
def test_a_network_over_vectors_learns(architecture: Any) -> None:
    import keras

    x, y = clips((0, 1), 256)
    keras.utils.set_random_seed(0)
    model = architecture((VALUES,), 2)
    model.compile(keras.optimizers.Adam(3e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.8  # 0.86 is the best that can be expected


def test_a_vector_network_declines_frames_and_says_which_join_to_use() -> None:
    assert decline(Mlp(), (94, 40)) == "mlp needs a vector (values,), but the feature space gives (94, 40): use join='vector'"


def test_an_emotion_with_too_few_clips_to_calibrate_on_is_named_with_what_to_do() -> None:
    x, y = clips((0, 1), 8)
    with pytest.raises(BenchError, match="on 5 folds of the training part, where an emotion has 4 clips: use logistic_regression"):
        Svm().fitted(x, y, None, 2, seed=0)


@pytest.mark.parametrize(("architecture", "field", "value"), [
    (LogisticRegression, "C", 0), (Svm, "C", -1), (Svm, "gamma", 0), (GradientBoosting, "trees", 0), (GradientBoosting, "learning_rate", 0),
    (GradientBoosting, "max_leaf_nodes", 1), (GradientBoosting, "l2_regularization", -1), (LogisticRegression, "max_iter", 0),
    (Mlp, "units", ()), (Mlp, "units", (0,)), (Mlp, "dropout", 1), (Linear, "dropout", 1),
])
def test_a_value_that_can_not_be_is_refused_with_the_field_s_name(architecture: Any, field: str, value: Any) -> None:
    with pytest.raises(BenchError, match=f"{architecture.name}.{field} must"):
        architecture(**{field: value})


def test_attentive_statistics_with_equal_scores_are_mean_and_standard_deviation() -> None:
    from registry.architectures._attentive_statistics import AttentiveStatistics

    frames = np.random.default_rng(0).normal(size=(3, 7, 6)).astype(np.float32)
    pooled = np.asarray(AttentiveStatistics()([frames, np.full((3, 7, 2), 5, np.float32)]))
    assert np.allclose(pooled, np.concatenate([frames.mean(axis=1), frames.std(axis=1)], axis=1), atol=1e-5)


def test_a_head_of_attentive_statistics_weighs_its_share_of_the_units_alone() -> None:
    from registry.architectures._attentive_statistics import AttentiveStatistics

    frames = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float32)
    scores = np.array([[[99, 0], [0, 0], [0, 99]]], np.float32)  # the first head looks at the first frame, the second at the last
    pooled = np.asarray(AttentiveStatistics()([frames, scores]))[0]
    assert np.allclose(pooled[:4], [*frames[0, 0, :2], *frames[0, 2, 2:]], atol=1e-6) and np.allclose(pooled[4:], 1e-3)
