"""The layer of self-attention, without weights of its own; imports Keras, so import it inside functions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bench")
class SelfAttention(keras.layers.Layer):
    """Scaled dot-product attention over steps: queries, keys and values, (batch, steps, units) each -> (batch, steps, units).

    Args: heads: each attends by its share of the units.
    """

    def __init__(self, heads: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads

    def build(self, input_shape: Any) -> None:
        steps, units = input_shape[0][1:]
        self.multiply_adds = 2 * steps * steps * units  # queries with keys, and weights with values

    def call(self, inputs: list[Any]) -> Any:
        steps, units = inputs[0].shape[1:]
        query, key, value = (ops.transpose(ops.reshape(each, (-1, steps, self.heads, units // self.heads)), (0, 2, 1, 3))
                             for each in inputs)  # (batch, heads, steps, units of a head)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / (units // self.heads) ** 0.5
        attended = ops.matmul(ops.softmax(scores, axis=-1), value)
        return ops.reshape(ops.transpose(attended, (0, 2, 1, 3)), (-1, steps, units))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads}
