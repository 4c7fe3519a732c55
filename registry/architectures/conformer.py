"""A small conformer: self-attention and convolution over time in turn, attention pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("conformer")
class Conformer:
    """Frames are projected, halved in number twice, and pass through conformer blocks; attention pooling and a softmax follow.

    A block adds to its input, one after the other: half of a feed-forward layer, self-attention, a convolution over time, and half of
    another feed-forward layer; a layer norm ends it. Positions are known by the convolutions alone.

    Args:
        blocks: how many. units: of each frame inside. heads: of the attention; they divide the units.
        kernel_size: of the convolutions over time, in steps of four frames.
        dropout: of what a block adds, and before the output.

    Input shape: (steps, channels). Output shape: (n_classes,), softmax.
    Reference: Gulati et al., "Conformer: convolution-augmented transformer for speech recognition", Interspeech 2020.
    """

    rank: ClassVar[int] = 2
    minimum_steps: ClassVar[int] = 1
    blocks: int = 2
    units: int = 48
    heads: int = 4
    kernel_size: int = 15
    dropout: float = 0.1

    def __post_init__(self) -> None:
        require(1 <= self.blocks <= 50, f"conformer.blocks must be 1 to 50, not {self.blocks}")
        require(1 <= self.units <= 4096, f"conformer.units must be 1 to 4096, not {self.units}")
        require(self.heads >= 1 and self.units % self.heads == 0, f"conformer.heads must divide units = {self.units}, not {self.heads}")
        require(1 <= self.kernel_size <= 99, f"conformer.kernel_size must be 1 to 99, not {self.kernel_size}")
        require(0 <= self.dropout < 1, f"conformer.dropout must be in [0, 1), not {self.dropout}")

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """(batch, steps, channels) -> (batch, n_classes)."""
        import keras

        from registry.architectures._attentive_statistics import AttentiveStatistics
        from registry.architectures._parts import activate, classifier

        inputs = x = keras.Input(input_shape)
        for _ in range(2):
            x = activate(keras.layers.Conv1D(self.units, 3, strides=2, padding="same", use_bias=False)(x))
        x = keras.layers.Dense(self.units)(x)  # (batch, steps / 4, units)
        for _ in range(self.blocks):
            x = self._add(x, self._feed_forward(x), 0.5)
            x = self._add(x, self._attention(x))
            x = self._add(x, self._convolution(x))
            x = keras.layers.LayerNormalization()(self._add(x, self._feed_forward(x), 0.5))
        pooled = AttentiveStatistics(dtype="float32")([x, keras.layers.Dense(self.heads)(x)])
        return classifier("conformer", inputs, keras.layers.Dropout(self.dropout)(pooled), n_classes)

    def _add(self, x: Any, y: Any, share: float = 1.0) -> Any:
        """x and a share of y, with dropout."""
        import keras

        y = keras.layers.Dropout(self.dropout)(y)
        return keras.layers.Add()([x, y if share == 1 else keras.layers.Rescaling(share)(y)])

    def _feed_forward(self, x: Any) -> Any:
        import keras

        y = keras.layers.Dense(4 * self.units, activation="silu")(keras.layers.LayerNormalization()(x))
        return keras.layers.Dense(self.units)(keras.layers.Dropout(self.dropout)(y))

    def _attention(self, x: Any) -> Any:
        import keras

        from registry.architectures._self_attention import SelfAttention

        y = keras.layers.LayerNormalization()(x)
        attended = SelfAttention(self.heads)([keras.layers.Dense(self.units)(y) for _ in range(3)])
        return keras.layers.Dense(self.units)(attended)

    def _convolution(self, x: Any) -> Any:
        """A gated linear unit, a convolution over time of each channel by itself, batch norm, SiLU, and a projection."""
        import keras

        y = keras.layers.LayerNormalization()(x)
        y = keras.layers.Multiply()([keras.layers.Dense(self.units)(y), keras.layers.Dense(self.units, activation="sigmoid")(y)])
        y = keras.layers.DepthwiseConv1D(self.kernel_size, padding="same")(y)
        return keras.layers.Dense(self.units)(keras.layers.Activation("silu")(keras.layers.BatchNormalization(momentum=0.9)(y)))
