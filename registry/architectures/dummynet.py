"""DummyNet, a published 1-D network: three wide convolutions, and cross-entropy of a double softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.architectures._parts import layer
from registry.architectures._pytorch import check_sizes, classifier, convolve, dense
from registry.core import register

if TYPE_CHECKING:
    import keras

KERNEL, POOL, STRIDE = 5, 5, 2


@register("dummynet")
class DummyNet:
    """Three times convolution of 5, ReLU and max pooling of 5 with stride 2; one dense layer with ReLU; softmax.

    Input shape: (steps, channels); published with one channel. Output shape: (n_classes,), softmax.
    Published in PyTorch and built with its initial weights. The dense layer's ReLU and the valid padding are the code's.
    With 27,600 steps (40 mel bands · 690 frames) and the published sizes it has 114 million parameters.

    Args:
        filters: of the three convolutions. dense: units.
        padding: of convolutions and pools; `same` takes inputs of any length.
        double_softmax: the softmax of the softmax, so that the cross-entropy is the published one, which applied a softmax
            to probabilities: with 6 classes no clip's loss falls below log(1 + 5/e) = 1.0436 and no probability exceeds 0.352.
            It never changes which class is largest. False is the corrected network.
    Reference: system 002 of the published ones.

    >>> DummyNet().minimum_steps
    57
    """

    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    filters: tuple[int, ...] = (512, 512, 128)
    dense: int = 256
    padding: Literal["valid", "same"] = "valid"
    double_softmax: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, {"filters": 3})

    @property
    def minimum_steps(self) -> int:
        """Least number of steps that leaves one after the last pool."""
        steps = 1
        for _ in self.filters if self.padding == "valid" else ():
            steps = (steps - 1) * STRIDE + POOL + KERNEL - 1
        return steps

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, steps, channels) -> (batch, n_classes), softmax."""
        import keras

        inputs = x = keras.Input(input_shape)
        for filters in self.filters:
            x = convolve(x, filters, (KERNEL,), self.padding)
            x = layer("MaxPooling", 2, POOL, strides=STRIDE, padding=self.padding)(x)  # (batch, about steps / 2, filters)
        x = dense(keras.layers.Flatten()(x), self.dense)
        return classifier(self.name, inputs, x, n_classes, self.double_softmax)  # type: ignore[attr-defined]
