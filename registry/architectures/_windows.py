"""The layers that take windows of a clip and join what a network makes of each; imports Keras, so import it inside functions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

ALIKE = 1e-4  # by which frames of padding may differ: they are computed from the same zeros


@keras.saving.register_keras_serializable(package="bench")
class TakeWindows(keras.layers.Layer):
    """Windows of each clip: one at a place drawn in training, else so many from its beginning to its end, at even distances.

    The padding at a clip's end, frames like its last one, is left out as far as the window is not longer than the clip.

    Args:
        frames: of a window. windows: of each clip outside training. seed: of the draws; None: of Keras's generator.
    """

    def __init__(self, *, frames: int, windows: int, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.frames, self.windows, self.seed = frames, windows, seed
        self.draws = keras.random.SeedGenerator(seed)

    @property
    def makes(self) -> int:
        """Inputs of the next layers for each clip."""
        return self.windows

    def call(self, x: Any, training: bool = False) -> Any:
        """(batch, steps, …) -> (batch, frames, …) in training, else (batch · windows, frames, …), those of a clip one after the other."""
        clips, steps = ops.shape(x)[0], x.shape[1]
        room = ops.expand_dims(ops.maximum(lengths(x) - self.frames, 0.0), 1)  # (batch, 1)
        if training:
            starts = ops.minimum(ops.floor(keras.random.uniform((clips, 1), dtype="float32", seed=self.draws) * (room + 1)), room)
        else:
            starts = ops.floor(room * ops.linspace(0.0, 1.0, self.windows, dtype="float32") + 0.5)  # (batch, windows)
        places = ops.expand_dims(ops.cast(starts, "int32"), 2) + ops.arange(self.frames, dtype="int32")
        places = places + ops.reshape(ops.arange(clips, dtype="int32") * steps, (-1, 1, 1))  # in all clips, one after the other
        taken = ops.take(ops.reshape(x, (-1, *x.shape[2:])), ops.reshape(places, (-1,)), axis=0)
        return ops.reshape(taken, (-1, self.frames, *x.shape[2:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (None, self.frames, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, for saved models."""
        return {**super().get_config(), "frames": self.frames, "windows": self.windows, "seed": self.seed}


@keras.saving.register_keras_serializable(package="bench")
class MeanOfWindows(keras.layers.Layer):
    """The mean over the windows of each clip: (batch · windows, classes) -> (batch, classes); as given in training.

    Args: windows: of each clip.
    """

    def __init__(self, *, windows: int, **options: Any) -> None:
        super().__init__(**options)
        self.windows = windows

    @property
    def joins(self) -> int:
        """Inputs that become one."""
        return self.windows

    def call(self, x: Any, training: bool = False) -> Any:
        return x if training else ops.mean(ops.reshape(x, (-1, self.windows, x.shape[-1])), axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (None, *input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, for saved models."""
        return {**super().get_config(), "windows": self.windows}


def lengths(x: Any) -> Any:
    """Frames of each clip up to the first of those at its end that are like the last: (batch, steps, …) -> (batch,), float32."""
    steps = x.shape[1]
    apart = ops.abs(x - x[:, -1:]) > ALIKE
    apart = ops.any(apart, axis=tuple(range(2, len(x.shape))))  # (batch, steps)
    last = ops.max(ops.cast(apart, "float32") * ops.arange(1, steps + 1, dtype="float32"), axis=1)
    return ops.minimum(last + 1, float(steps))
