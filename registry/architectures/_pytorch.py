"""Layers as PyTorch makes them by default, for networks that were published in it: initial weights, batch norm, weight decay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from registry.architectures._parts import layer
from registry.core import label_of
from registry.errors import require

if TYPE_CHECKING:
    import keras


def convolve(x: Any, filters: int, kernel: tuple[int, ...], padding: str, decay: float = 0.0) -> Any:
    """A convolution and its ReLU over one axis or two; (batch, steps, …, channels) -> (batch, steps, …, filters)."""
    return layer("Conv", len(x.shape) - 1, filters, kernel, padding=padding, activation="relu",
                 **_options(x.shape[-1] * math.prod(kernel), decay))(x)


def dense(x: Any, units: int, activation: str | None = "relu", decay: float = 0.0) -> Any:
    """A fully connected layer; (batch, values) -> (batch, units)."""
    import keras

    return keras.layers.Dense(units, activation=activation, **_options(x.shape[-1], decay))(x)


def batch_norm(x: Any, decay: float = 0.0) -> Any:
    """Batch norm whose running statistics follow as fast as PyTorch's (its momentum of 0.1 is 0.9 here); the shape stays."""
    import keras

    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, beta_regularizer=penalty(decay),
                                           gamma_regularizer=penalty(decay))(x)


def classifier(name: str, inputs: Any, x: Any, n_classes: int, double_softmax: bool, decay: float = 0.0) -> keras.Model:
    """The uncompiled model that ends in a softmax, or in the softmax of a softmax; float32 even in mixed precision.

    PyTorch's cross-entropy applies a softmax itself: fed with a softmax it is the plain cross-entropy of a double one.
    """
    import keras

    x = keras.layers.Dense(n_classes, dtype="float32", **_options(x.shape[-1], decay))(x)
    for _ in range(2 if double_softmax else 1):
        x = keras.layers.Softmax(dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


def penalty(decay: float) -> keras.Regularizer | None:
    """What adds decay · weight to a weight's gradient, as the `weight_decay` of PyTorch's Adam does (not AdamW's)."""
    import keras

    return keras.regularizers.L2(decay / 2) if decay else None


def check_sizes(component: Any, sizes: dict[str, int]) -> None:
    """Refuse a tuple field of another length than the network has layers, sizes below 1 and a negative weight decay."""
    name = label_of(type(component))
    for field, layers in sizes.items():
        value = getattr(component, field)
        require(len(value) == layers, f"{name}.{field} must have {layers} values, not {len(value)}")
        require(all(size >= 1 for size in value), f"{name}.{field} must be 1 or more each, not {value}")
    units = component.dense
    require(isinstance(units, tuple) or units >= 1, f"{name}.dense must be 1 or more, not {units}")
    decay = getattr(component, "weight_decay", 0.0)
    require(decay >= 0, f"{name}.weight_decay must not be negative, not {decay}")


def _options(fan_in: int, decay: float) -> dict[str, Any]:
    """Kernel and bias uniform within 1 / √fan_in, and the decay of both."""
    import keras

    limit = 1 / math.sqrt(fan_in)
    return {"kernel_initializer": keras.initializers.RandomUniform(-limit, limit),
            "bias_initializer": keras.initializers.RandomUniform(-limit, limit),
            "kernel_regularizer": penalty(decay), "bias_regularizer": penalty(decay)}
