"""The layer of attention pooling; imports Keras, so import it inside functions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bench")
class AttentiveStatistics(keras.layers.Layer):
    """Weighted mean and standard deviation over steps: (batch, steps, units) and scores (batch, steps, heads) -> (batch, 2 · units).

    The weights of the steps are the softmax of their scores; each head weighs its share of the units.
    """

    def call(self, inputs: list[Any]) -> Any:
        frames, scores = inputs
        shares = ops.exp(scores - ops.max(scores, axis=1, keepdims=True))
        weights = shares / ops.sum(shares, axis=1, keepdims=True)
        steps, units = frames.shape[1:]
        heads = weights.shape[-1]
        frames, weights = ops.reshape(frames, (-1, steps, heads, units // heads)), ops.expand_dims(weights, -1)
        mean = ops.sum(weights * frames, axis=1)
        variance = ops.sum(weights * ops.square(frames - ops.expand_dims(mean, 1)), axis=1)
        both = [mean, ops.sqrt(ops.maximum(variance, 1e-6))]
        return ops.concatenate([ops.reshape(each, (-1, units)) for each in both], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0][0], 2 * input_shape[0][-1])
