"""Layers as they are trained on TensorFlow: the figures of Keras's own to 1e-5 in less time; some numbers are variables of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class FastBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation in one operation, where Keras takes a dozen that each pass over the whole array."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        rank = len(inputs.shape)
        if rank not in (3, 4) or mask is not None:
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        ones, zeros = tf.ones(channels), tf.zeros(channels)
        learns = bool(training) and self.trainable
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs if rank == 4 else inputs[:, :, None], scale=self.gamma if self.scale else ones,
            offset=self.beta if self.center else zeros, mean=self.moving_mean, variance=self.moving_variance, epsilon=self.epsilon,
            is_training=learns)
        if learns:
            values = tf.cast(tf.size(inputs) / channels, tf.float32)
            variance *= (values - 1) / values  # TensorFlow gives the sample's variance, Keras keeps the population's
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return outputs if rank == 4 else outputs[:, :, 0]

    @staticmethod
    def replaces(layer: Any) -> bool:
        """Whether a layer is plain batch normalisation of the last axis."""
        return (type(layer) is keras.layers.BatchNormalization and layer.axis in (-1, 2, 3) and not (layer.renorm or layer.synchronized))


class FastDropout(keras.layers.Dropout):
    """Dropout whose rate is a variable, so that another rate needs no other graph."""

    def build(self, input_shape: Any) -> None:
        self.level = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="float32", name="level")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        return tf.nn.experimental.stateless_dropout(inputs, rate=tf.cast(self.level, inputs.dtype), seed=self.seed_generator.next())

    def take(self, layer: Any) -> None:
        """Become the dropout that `layer` is."""
        self.level.assign(layer.rate)

    @staticmethod
    def replaces(layer: Any) -> bool:
        """Whether a layer is dropout of single values."""
        return type(layer) is keras.layers.Dropout and layer.rate > 0 and layer.noise_shape is None


class FastNormalization(keras.layers.Layer):
    """Standardises with a mean and a variance that are variables, so that other training clips need no other graph."""

    def __init__(self, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.shift, self.square = (self.add_weight(shape=shape, initializer="zeros", trainable=False, dtype="float32", name=name)
                                   for name in ("shift", "square"))

    def call(self, inputs: Any) -> Any:
        mean, variance = (tf.cast(variable, self.compute_dtype) for variable in (self.shift, self.square))
        return (inputs - mean) / tf.maximum(tf.sqrt(variance), keras.config.epsilon())

    def take(self, layer: Any) -> None:
        """Standardise as `layer` does."""
        self.shift.assign(layer.mean)
        self.square.assign(layer.variance)

    @staticmethod
    def replaces(layer: Any) -> bool:
        """Whether a layer standardises with given figures."""
        return type(layer) is keras.layers.Normalization and layer.input_mean is not None and not layer.invert


def in_fast_form(model: keras.Model) -> keras.Model:
    """The model with fast layers where there are some; it takes the other layers over, so the model is not used any more."""

    def fast(layer: Any) -> Any:
        if FastNormalization.replaces(layer):
            return FastNormalization(tuple(layer.mean.shape), name=layer.name, dtype=layer.dtype_policy)
        for kind in (FastBatchNormalization, FastDropout):
            if kind.replaces(layer):
                return kind.from_config(layer.get_config())
        return layer

    return keras.models.clone_model(model, clone_function=fast, recursive=True)


def set_up_as(fast: keras.Model, model: keras.Model) -> None:
    """Give a model in fast form all numbers of a newly built one: weights, states of random generators, rates, means."""
    for mine, other in _pairs(fast, model):
        if isinstance(mine, FastNormalization | FastDropout):
            mine.take(other)
        if not isinstance(mine, FastNormalization):
            _copy(other, mine)


def give_weights(fast: keras.Model, model: keras.Model) -> None:
    """Give a model what one in fast form has learnt."""
    for mine, other in _pairs(fast, model):
        if not isinstance(mine, FastNormalization):
            _copy(mine, other)


def _pairs(fast: keras.Model, model: keras.Model) -> Iterator[tuple[Any, Any]]:
    """The layers of both, those of models inside them one by one."""
    for mine, other in zip(fast.layers, model.layers, strict=True):
        if isinstance(other, keras.Model):
            yield from _pairs(mine, other)
        else:
            yield mine, other


def _copy(source: Any, target: Any) -> None:
    """Copy the variables of a layer; the level of a dropout is no variable of Keras's own."""
    given, taken = ([v for v in layer.variables if v is not getattr(layer, "level", None)] for layer in (source, target))
    for value, variable in zip(given, taken, strict=True):
        variable.assign(value)


def structure(model: keras.Model) -> Any:
    """The configuration of a model without the numbers that `set_up_as` gives: equal for models that share a graph."""
    return _blank(model.get_config())


def _blank(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_blank(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config") or {}
    if kind == "Normalization" and config["mean"] is not None and not config["invert"]:
        value = {**value, "config": {**config, "mean": np.shape(config["mean"]), "variance": None}}
    if kind == "Dropout" and config["rate"] > 0 and config["noise_shape"] is None:
        value = {**value, "config": {**config, "rate": "a variable"}}
    return {key: _blank(item) for key, item in value.items() if key != "seed"}
