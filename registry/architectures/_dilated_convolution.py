"""Convolutions dilated over time at the speed of ordinary ones; imports Keras, so import it inside functions.

TensorFlow brings the steps of a dilated convolution into phase order and back, in the forward pass and twice in the backward one. Here
phases lie beside each other on the axis of the bands, where they already are in memory: a reshape, and no copy, of what is padded.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bench")
class DilatedConv2D(keras.layers.Conv2D):
    """Keras's `Conv2D`, weights and figures alike, for padding `same`, and a dilation of its first axis alone.

    Input shape: (batch, steps, bands, channels). Output shape: (batch, steps, bands, filters).
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """What Keras's layer calls for the convolution itself."""
        if self.dilation_rate[0] == 1 or None in inputs.shape[1:]:
            return super().convolution_op(inputs, kernel)
        return convolve(inputs, kernel, self.dilation_rate[0])


@keras.saving.register_keras_serializable(package="bench")
class DilatedConv1D(keras.layers.Conv1D):
    """Keras's `Conv1D`, weights and figures alike, for padding `same`. Input shape: (batch, steps, channels)."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """What Keras's layer calls for the convolution itself."""
        if self.dilation_rate[0] == 1 or None in inputs.shape[1:]:
            return super().convolution_op(inputs, kernel)
        outputs = convolve(ops.expand_dims(inputs, 2), ops.expand_dims(kernel, 1), self.dilation_rate[0])
        return ops.squeeze(outputs, 2)


def convolve(x: Any, kernel: Any, dilation: int) -> Any:
    """(batch, steps, bands, channels) by (size, width, channels, filters), dilated over the steps, with padding `same`."""
    (steps, bands, channels), (size, width, _, filters) = x.shape[1:], kernel.shape
    dilation = min(dilation, steps) if size % 2 else dilation  # beyond the ends are zeros, however far
    before = 0 if size % 2 else dilation // 2  # `same` puts the middle of an even kernel between two steps
    padded = -(-(before + steps) // dilation) * dilation
    gap = width // 2  # zeros that keep neighbouring phases apart
    x = ops.pad(x, ((0, 0), (before, padded - before - steps), (0, gap), (0, 0)))
    x = ops.reshape(x, (-1, padded // dilation, dilation * (bands + gap), channels))
    x = ops.reshape(ops.conv(x, kernel, padding="same"), (-1, padded, bands + gap, filters))
    return ops.slice(x, (0, 0, 0, 0), (ops.shape(x)[0], steps, bands, filters))  # the gradient of an index is slow in TensorFlow
