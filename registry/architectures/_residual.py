"""The pre-activation residual network that `residual_1d`, `residual_2d` and `se_resnet_2d` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from registry.architectures._parts import activate, average, classifier, layer
from registry.core import checked, label_of
from registry.errors import require

if TYPE_CHECKING:
    import keras


@checked
class ResidualNet:
    """A strided stem, stages of pre-activation residual blocks that halve the steps and double the filters, softmax.

    Args:
        filters: of the first stage; each later stage has twice as many.
        stages: groups of blocks; all but the first begin by halving every axis.
        blocks: residual blocks in each stage, of two convolutions each.
        kernel_size: of the blocks' convolutions. stem_size: of the first convolution, which halves every axis.
        keep_bands: average over time only; for 1-D networks it changes nothing.
        dropout: before the output.
    """

    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    filters: int = 16
    stages: int = 3
    blocks: int = 1
    kernel_size: int = 3
    stem_size: int = 5
    keep_bands: bool = False
    dropout: float = 0.3

    def __post_init__(self) -> None:
        name = label_of(type(self))
        for field, limit in (("filters", 1024), ("stages", 6), ("blocks", 50), ("kernel_size", 99), ("stem_size", 99)):
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
        x = self._convolution(self.filters, self.stem_size, 2)(inputs)  # (batch, steps / 2, …, filters)
        for stage in range(self.stages):
            for block in range(self.blocks):
                x = self._block(x, self.filters * 2**stage, 2 if stage and not block else 1)
        x = average(activate(x), self.keep_bands)
        x = keras.layers.Dropout(self.dropout)(x)
        return classifier(label_of(type(self)), inputs, x, n_classes)

    def _block(self, x: Any, filters: int, stride: int) -> Any:
        """x + two convolutions of the normalised x; a 1-wide convolution carries x over where its shape changes."""
        import keras

        y = activate(x)
        if stride > 1 or x.shape[-1] != filters:
            x = self._convolution(filters, 1, stride)(y)
        y = self._convolution(filters, self.kernel_size, stride)(y)
        y = self._gated(self._convolution(filters, self.kernel_size, 1)(activate(y)))
        return keras.layers.Add()([x, y])

    def _gated(self, y: Any) -> Any:
        """What a block adds to its input, as it is."""
        return y

    def _convolution(self, filters: int, kernel_size: int, stride: int) -> keras.layers.Layer:
        return layer("Conv", self.rank, filters, kernel_size, strides=stride, padding="same", use_bias=False,
                     kernel_initializer="he_normal")
