"""The Keras layers of the augmentations that act inside a model, in training only; written to run on every backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

QUANTILES = 4096


@keras.saving.register_keras_serializable(package="bench")
class Mask(keras.layers.Layer):
    """Blanks random runs of cells along one axis of (batch, frames, bands), other ones for each clip; as given unless training.

    Args:
        axis: 1 for frames, 2 for bands. masks: of each clip. width: of the widest, in cells. seed: of the draws.
    """

    def __init__(self, *, axis: int, masks: int, width: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.axis, self.masks, self.width, self.seed = axis, masks, width, seed
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        """(batch, frames, bands) -> the same shape."""
        if not training:
            return x
        cells = x.shape[self.axis]
        widths = self._whole(ops.shape(x)[0], min(self.width, cells))  # (batch, masks, 1)
        starts = self._whole(ops.shape(x)[0], cells - widths)
        place = ops.arange(cells, dtype="float32")
        masked = ops.any(ops.logical_and(place >= starts, place < starts + widths), axis=1)  # (batch, cells)
        return ops.where(ops.expand_dims(masked, 3 - self.axis), ops.mean(x, axis=(1, 2), keepdims=True), x)

    def _whole(self, batch: Any, most: Any) -> Any:
        """Whole numbers drawn uniformly from 0 to `most`: (batch, masks, 1), float32."""
        drawn = keras.random.uniform((batch, self.masks, 1), dtype="float32", seed=self.draws)
        return ops.minimum(ops.floor(drawn * (most + 1)), most)  # the product can round up to most + 1

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, for saved models."""
        return {**super().get_config(), "axis": self.axis, "masks": self.masks, "width": self.width, "seed": self.seed}


@keras.saving.register_keras_serializable(package="bench")
class Mix(keras.layers.Layer):
    """λ · x + (1 − λ) · x in reverse order of the batch, with one λ a batch from Beta(alpha, alpha); as given unless training.

    λ of the last training batch is kept in the weight `share`, so that the loss can mix the labels alike.
    """

    def __init__(self, *, alpha: float, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.alpha, self.seed = alpha, seed
        self.draws = keras.random.SeedGenerator(seed)
        self.share = self.add_weight(shape=(), initializer="ones", trainable=False, dtype="float32", name="share")
        self.quantiles = quantiles(alpha)

    def call(self, x: Any, training: bool = False) -> Any:
        """(batch, …) -> the same shape."""
        if not training:
            return x
        drawn = keras.random.uniform((), dtype="float32", seed=self.draws)
        index = ops.cast(ops.minimum(drawn * QUANTILES, QUANTILES - 1), "int32")
        self.share.assign(ops.take(ops.convert_to_tensor(self.quantiles, dtype="float32"), index))
        return self._mixed(x)

    def mix_targets(self, y: Any) -> Any:
        """One-hot labels of the last training batch, (batch, classes), mixed as the batch was."""
        return self._mixed(y)

    def _mixed(self, values: Any) -> Any:
        share = ops.cast(self.share, values.dtype)
        return share * values + (1 - share) * ops.flip(values, axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, for saved models."""
        return {**super().get_config(), "alpha": self.alpha, "seed": self.seed}


def quantiles(alpha: float) -> np.ndarray:
    """Equally probable values of Beta(alpha, alpha), rising, in [0, 1], float32: drawing one of them needs no gamma
    distribution, which compiled TensorFlow lacks and which is 0 / 0 for a small alpha."""
    from scipy.special import betaincinv

    return betaincinv(alpha, alpha, (np.arange(QUANTILES) + 0.5) / QUANTILES).astype(np.float32)
