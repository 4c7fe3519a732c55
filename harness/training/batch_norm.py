"""Batch normalisation at the speed of TensorFlow's own operation for it, where Keras computes a dozen, each of which reads all values."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from harness.study.trial import keras_backend
from harness.training.backend import fused_batch_norm

if TYPE_CHECKING:
    import keras


def quicken(model: keras.Model) -> None:
    """Let the batch norms of a model train by one operation; figures are Keras's up to rounding, and a saved model knows nothing of it.

    What Keras's layer can do beside that stays with Keras: other axes, masks, renormalisation; and so do other backends, which join
    operations themselves.
    """
    import keras

    for layer in model._flatten_layers() if keras_backend() == "tensorflow" else ():
        if type(layer) is keras.layers.BatchNormalization and not layer.renorm and not layer.synchronized:
            layer.call = functools.partial(_call, layer)


def _call(layer: keras.layers.BatchNormalization, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """(batch, …, channels) -> the same shape; what `BatchNormalization.call` gives, and its new moving averages."""
    from keras import ops

    if training is not True or not layer.trainable or mask is not None or layer.axis not in (-1, len(inputs.shape) - 1):
        return type(layer).call(layer, inputs, training=training, mask=mask)
    channels = inputs.shape[-1]
    gamma = layer.gamma if layer.scale else ops.ones(channels)
    beta = layer.beta if layer.center else ops.zeros(channels)
    outputs, mean, variance = fused_batch_norm(inputs, gamma, beta, layer.epsilon)
    for moving, batch in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + batch * (1.0 - layer.momentum))
    return outputs
