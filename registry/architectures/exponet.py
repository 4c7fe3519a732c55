"""ExpoNet, a published 1-D network: five convolutions with batch norm and overlapping pools; not dilated."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.architectures._parts import layer
from registry.architectures._pytorch import batch_norm, check_sizes, classifier, convolve, dense
from registry.core import register

if TYPE_CHECKING:
    import keras

KERNELS, POOLS, STRIDE = (5, 5, 5, 3, 3), (5, 5, 5, 5, 3), 2


@register("exponet")
class ExpoNet:
    """Five times convolution, ReLU, batch norm and max pooling with stride 2; one dense layer with batch norm; softmax.

    Input shape: (steps, channels); published with one channel: mel bands, zero-crossing rate and energy end to end.
    Output shape: (n_classes,), softmax.
    Published in PyTorch and built with its initial weights and batch norm; everything pads, so that each pool halves the steps
    (where their number is even, Keras begins the pools one step later than PyTorch). 28,980 steps need 62 million parameters.

    Args:
        filters: of the five convolutions. dense: units.
        weight_decay: of PyTorch's Adam: weight_decay · weight is added to the gradient of every weight, biases and batch norm
            included; as a penalty it is part of the training loss. Leave `Training.weight_decay`, which is decoupled, at 0.
        double_softmax: as in `DummyNet`: the code feeds a softmax into a cross-entropy that applies another. False is corrected.
    Reference: system 002 of the published ones.
    """

    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    filters: tuple[int, ...] = (512, 512, 256, 256, 128)
    dense: int = 512
    weight_decay: float = 0.001
    double_softmax: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, {"filters": 5})

    @property
    def minimum_steps(self) -> int:
        """One: everything pads, so that no axis can vanish."""
        return 1

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, steps, channels) -> (batch, n_classes), softmax."""
        import keras

        inputs = x = keras.Input(input_shape)
        for filters, kernel, pool in zip(self.filters, KERNELS, POOLS, strict=True):
            x = batch_norm(convolve(x, filters, (kernel,), "same", self.weight_decay), self.weight_decay)
            x = layer("MaxPooling", 2, pool, strides=STRIDE, padding="same")(x)  # (batch, steps / 2, filters)
        x = batch_norm(dense(keras.layers.Flatten()(x), self.dense, decay=self.weight_decay), self.weight_decay)
        return classifier(self.name, inputs, x, n_classes, self.double_softmax, self.weight_decay)  # type: ignore[attr-defined]
