"""Convolutional recurrent network: convolutions over time and bands, a recurrent layer over time, attention pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("crnn")
class Crnn:
    """Convolutions that each halve time and bands, a bidirectional recurrent layer over what is left of time, attention pooling, softmax.

    Args:
        filters: of each convolution, in order; each is followed by batch norm, ReLU and a pooling that halves time and bands.
        kernel_size: of the convolutions, in frames and bands.
        cell: of the recurrent layer.
        units: of the recurrent layer, in each direction.
        dropout: before the recurrent layer and before the output.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Reference: Zhao, Mao and Chen, "Speech emotion recognition using deep 1D & 2D CNN LSTM networks", Biomedical Signal Processing and
        Control 47, 2019; the pooling after Mirsamadi, Barsoum and Zhang, ICASSP 2017.
    """

    rank: ClassVar[int] = 3
    filters: tuple[int, ...] = (16, 32, 48)
    kernel_size: int = 3
    cell: Literal["gru", "lstm"] = "gru"
    units: int = 48
    dropout: float = 0.3

    def __post_init__(self) -> None:
        require(len(self.filters) > 0 and all(1 <= filters <= 1024 for filters in self.filters),
                f"crnn.filters must be 1 to 1024 each, at least one, not {self.filters}")
        require(1 <= self.kernel_size <= 99, f"crnn.kernel_size must be 1 to 99, not {self.kernel_size}")
        require(1 <= self.units <= 4096, f"crnn.units must be 1 to 4096, not {self.units}")
        require(0 <= self.dropout < 1, f"crnn.dropout must be in [0, 1), not {self.dropout}")

    @property
    def minimum_steps(self) -> int:
        """One: convolutions and poolings pad, so that no axis can vanish."""
        return 1

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """(batch, frames, bands, 1) -> (batch, n_classes)."""
        import keras

        from registry.architectures._attentive_statistics import AttentiveStatistics
        from registry.architectures._parts import activate, classifier

        inputs = x = keras.Input(input_shape)
        for filters in self.filters:
            x = activate(keras.layers.Conv2D(filters, self.kernel_size, padding="same", use_bias=False, kernel_initializer="he_normal")(x))
            x = keras.layers.MaxPooling2D(2, padding="same")(x)
        x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)  # (batch, steps, bands · filters)
        recurrent = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[self.cell](self.units, return_sequences=True)
        x = keras.layers.Bidirectional(recurrent)(keras.layers.Dropout(self.dropout)(x))  # (batch, steps, 2 · units)
        pooled = AttentiveStatistics(dtype="float32")([x, keras.layers.Dense(1)(x)])
        return classifier("crnn", inputs, keras.layers.Dropout(self.dropout)(pooled), n_classes)
