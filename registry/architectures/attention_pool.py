"""Attention pooling over frames: a learnt weight for each frame, then weighted mean and standard deviation, for frames of any feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("attention_pool")
class AttentionPool:
    """Frames are projected, weighed by attention, and summed up as a weighted mean and standard deviation, which a linear layer classifies.

    Args:
        units: of the projection of a frame, and of the hidden layer that gives its weight.
        heads: sets of weights; each gives a mean and a standard deviation of its share of the units.
        dropout: of the pooled values, in training.

    Input shape: (steps, channels). Output shape: (n_classes,), softmax.
    Reference: Okabe, Koshinaka and Shinoda, "Attentive statistics pooling", Interspeech 2018.
    """

    rank: ClassVar[int] = 2
    minimum_steps: ClassVar[int] = 1
    units: int = 128
    heads: int = 4
    dropout: float = 0.3

    def __post_init__(self) -> None:
        require(self.units >= 1, f"attention_pool.units must be 1 or more, not {self.units}")
        require(self.heads >= 1 and self.units % self.heads == 0,
                f"attention_pool.heads must divide units = {self.units}, not {self.heads}")
        require(0 <= self.dropout < 1, f"attention_pool.dropout must be in [0, 1), not {self.dropout}")

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """(batch, steps, channels) -> (batch, n_classes)."""
        import keras

        from registry.architectures._attentive_statistics import AttentiveStatistics
        from registry.architectures._parts import activate, classifier

        inputs = keras.Input(input_shape)
        frames = activate(keras.layers.Dense(self.units, use_bias=False)(inputs))  # (batch, steps, units)
        scores = keras.layers.Dense(self.heads)(keras.layers.Dense(self.units, activation="tanh")(frames))  # (batch, steps, heads)
        pooled = AttentiveStatistics(dtype="float32")([frames, scores])  # (batch, 2 · units)
        return classifier("attention_pool", inputs, keras.layers.Dropout(self.dropout)(pooled), n_classes)
