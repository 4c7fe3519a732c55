"""The residual network of dilated convolutions that `dilated_1d` and `dilated_2d` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from registry.architectures._parts import activate, average, classifier, layer
from registry.core import checked, label_of
from registry.errors import require

if TYPE_CHECKING:
    import keras


@checked
class DilatedNet:
    """A strided stem, residual blocks whose dilation over time doubles each time, average pooling, softmax.

    Args:
        filters: of every convolution.
        depth: residual blocks, of two convolutions each, with dilations 1, 2, 4, …: they see
            1 + 2 · (kernel_size - 1) · (2 ** depth - 1) steps after the stem.
        kernel_size: of the blocks' convolutions. stem_size: of the first convolution.
        stem_stride: of the first convolution, on every axis.
        keep_bands: average over time only; for 1-D networks it changes nothing.
        dropout: inside every block and before the output.
    """

    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    filters: int = 48
    depth: int = 4
    kernel_size: int = 3
    stem_size: int = 5
    keep_bands: bool = False
    stem_stride: int = 2
    dropout: float = 0.2

    def __post_init__(self) -> None:
        name = label_of(type(self))
        for field, limit in (("filters", 1024), ("depth", 12), ("kernel_size", 99), ("stem_size", 99), ("stem_stride", 16)):
            value = getattr(self, field)
            require(1 <= value <= limit, f"{name}.{field} must be 1 to {limit}, not {value}")
        require(0 <= self.dropout < 1, f"{name}.dropout must be in [0, 1), not {self.dropout}")

    @property
    def minimum_steps(self) -> int:
        """One: every convolution pads, so that no axis can vanish."""
        return 1

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, *input_shape) -> (batch, n_classes), softmax."""
        import keras

        inputs = keras.Input(input_shape)
        x = layer("Conv", self.rank, self.filters, self.stem_size, strides=self.stem_stride, padding="same",
                  use_bias=False)(inputs)  # (batch, steps / stem_stride, …, filters)
        for exponent in range(self.depth):
            x = self._block(x, 2**exponent)
        x = average(activate(x), self.keep_bands)
        x = keras.layers.Dropout(self.dropout)(x)
        return classifier(label_of(type(self)), inputs, x, n_classes)

    def _block(self, x: Any, dilation: int) -> Any:
        """x + two convolutions of the normalised x, dilated over time; (batch, steps, …, filters) stays as it is."""
        import keras

        y = self._convolution(dilation)(activate(x))
        y = keras.layers.Dropout(self.dropout)(activate(y))
        return keras.layers.Add()([x, self._convolution(dilation)(y)])

    def _convolution(self, dilation: int) -> keras.layers.Layer:
        from registry.architectures._dilated_convolution import DilatedConv1D, DilatedConv2D

        rates = (dilation, *(1,) * (self.rank - 2))  # bands are few and neighbouring: only time is dilated
        return (DilatedConv1D if self.rank == 2 else DilatedConv2D)(
            self.filters, self.kernel_size, dilation_rate=rates, padding="same", use_bias=False, kernel_initializer="he_normal")
