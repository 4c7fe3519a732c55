"""Fitted estimators as Keras layers; imports Keras, so import it inside functions."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

IMPOSSIBLE = -1e4  # logit of a class without training clips: its probability is 0 in float32


def model(name: str, values: int, *layers: keras.layers.Layer) -> keras.Model:
    """An uncompiled model of layers one after the other. Input shape: (batch, values)."""
    inputs = outputs = keras.Input((values,))
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs, name=name)


def softmax_of(name: str, coefficients: np.ndarray, intercepts: np.ndarray, classes: np.ndarray, n_classes: int) -> keras.Model:
    """A linear classifier. Args: coefficients: shape (classes, values), a single row where there are two. intercepts: (classes,)."""
    if len(classes) == 2 and len(coefficients) == 1:  # as scikit-learn keeps two classes: the logit of the second
        coefficients, intercepts = np.vstack([0 * coefficients, coefficients]), np.append(0, intercepts)
    kernel = np.zeros((coefficients.shape[1], n_classes))
    bias = np.full(n_classes, IMPOSSIBLE)
    kernel[:, classes], bias[classes] = coefficients.T, intercepts
    dense = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")
    built = model(name, len(kernel), dense)
    dense.set_weights([kernel, bias])
    return built


class _Fixed(keras.layers.Layer):
    """A layer whose arrays are weights that nothing trains. Args: sizes: name -> shape of each array, in the order of `arrays`."""

    def __init__(self, sizes: dict[str, tuple[int, ...]], **options: Any) -> None:
        super().__init__(**{"dtype": "float32", **options})
        self.sizes = {name: tuple(size) for name, size in sizes.items()}

    def build(self, input_shape: Any) -> None:
        for name, size in self.sizes.items():
            setattr(self, name, self.add_weight(name=name, shape=size, initializer="zeros", trainable=False))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "sizes": self.sizes}


@keras.saving.register_keras_serializable(package="bench")
class SupportVectors(_Fixed):
    """The decisions of a support vector machine for each pair of its classes: (batch, values) -> (batch, pairs).

    Args: kernel: `rbf` or `linear`. Arrays: vectors (support vectors, values), duals (support vectors, pairs), bias (pairs,),
        gamma (1,).
    """

    def __init__(self, kernel: str, **options: Any) -> None:
        super().__init__(**options)
        self.kernel = kernel

    @property
    def multiply_adds(self) -> int:
        """Of one clip: one for each value of each support vector, and one for each of its weights."""
        return math.prod(self.sizes["vectors"]) + math.prod(self.sizes["duals"])

    def call(self, x: Any) -> Any:
        products = ops.matmul(x, ops.transpose(self.vectors))
        if self.kernel == "rbf":
            squares = ops.sum(x * x, axis=1, keepdims=True) + ops.sum(self.vectors * self.vectors, axis=1) - 2 * products
            products = ops.exp(-self.gamma * ops.maximum(squares, 0))
        return ops.matmul(products, self.duals) + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.sizes["bias"][0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kernel": self.kernel}


@keras.saving.register_keras_serializable(package="bench")
class CalibratedVotes(_Fixed):
    """Probabilities from the decisions for pairs of classes: votes, ties broken by confidence, then a sigmoid for each class.

    (batch, pairs) -> (batch, n_classes). Arrays: slope and offset (classes,) of the sigmoids, place (classes, n_classes) of each class.
    Reference: Platt 1999; scikit-learn's `CalibratedClassifierCV` and `decision_function_shape="ovr"`.
    """

    def call(self, decisions: Any) -> Any:
        classes = self.sizes["place"][0]
        first, second = np.triu_indices(classes, 1)
        scores = decisions
        if classes > 2:
            to_first, to_second = np.eye(classes, dtype=np.float32)[first], np.eye(classes, dtype=np.float32)[second]
            wins = ops.cast(decisions > 0, "float32")
            confidences = ops.matmul(decisions, to_first - to_second)
            votes = ops.matmul(wins, to_first) + ops.matmul(1 - wins, to_second)
            scores = votes + confidences / (3 * (ops.abs(confidences) + 1))
        shares = ops.sigmoid(-(self.slope * scores + self.offset))
        if classes == 2:  # the sigmoid is that of the second class
            shares = ops.concatenate([1 - shares, shares], axis=1)
        total = ops.sum(shares, axis=1, keepdims=True)
        even = ops.ones_like(shares) / classes
        return ops.matmul(ops.where(total > 0, shares / ops.maximum(total, 1e-30), even), self.place)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.sizes["place"][1])


@keras.saving.register_keras_serializable(package="bench")
class Trees(_Fixed):
    """The sum of regression trees for each class: (batch, values) -> (batch, n_classes).

    Args: depth: of the deepest tree. Arrays, (trees, nodes) each: feature, threshold, left, right, value; a leaf leads to itself.
        baseline (n_classes,); class_of (trees, n_classes), one-hot.
    """

    def __init__(self, depth: int, **options: Any) -> None:
        super().__init__(**options)
        self.depth = depth

    @property
    def multiply_adds(self) -> int:
        """Of one clip, what stands for them: a comparison at each level of each tree, and the addition of its leaf."""
        return self.sizes["feature"][0] * (self.depth + 1)

    def call(self, x: Any) -> Any:
        trees, nodes = self.sizes["feature"]
        feature, threshold, left, right, value = (ops.reshape(getattr(self, name), (-1,))
                                                  for name in ("feature", "threshold", "left", "right", "value"))
        root = ops.arange(trees, dtype="int32")[None, :] * nodes
        place = root + ops.zeros_like(ops.cast(x[:, :1], "int32"))  # (batch, trees)
        for _ in range(self.depth):
            values = ops.take_along_axis(x, ops.cast(ops.take(feature, place), "int32"), axis=1)
            goes_left = values <= ops.take(threshold, place)
            place = root + ops.cast(ops.where(goes_left, ops.take(left, place), ops.take(right, place)), "int32")
        return ops.matmul(ops.take(value, place), self.class_of) + self.baseline

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.sizes["baseline"][0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self.depth}


def with_arrays(layer_class: type[_Fixed], arrays: dict[str, np.ndarray], **options: Any) -> tuple[_Fixed, list[np.ndarray]]:
    """A layer for these arrays, and the arrays as its weights, to be set once the model is built."""
    weights = [np.asarray(array, np.float32) for array in arrays.values()]
    return layer_class(sizes={name: array.shape for name, array in zip(arrays, weights, strict=True)}, **options), weights
