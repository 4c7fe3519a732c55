"""RezoNet, a published 2-D network: convolutions along time only, band by band; despite its name not residual."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.architectures._parts import layer
from registry.architectures._pytorch import batch_norm, check_sizes, classifier, convolve, dense
from registry.core import register

if TYPE_CHECKING:
    import keras

# (kernels, pool, stride) of each group, all along time; a group's convolutions have the same number of filters
GROUPS = (((9, 5, 3), 3, 1), ((3, 3), 2, 2), ((13, 1), 2, 2))


@register("rezonet")
class RezoNet:
    """Three groups of convolutions with ReLU, max pooling and batch norm, a convolution of 1, dense layers, softmax.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Published in PyTorch and built with its initial weights and batch norm. Valid padding, a ReLU after each convolution and after
    the first dense layer only, and no average before the dense layers are the code's: (690, 40, 1) needs 41 million parameters.

    Args:
        filters: of the three groups and the last convolution. dense: units of the two dense layers.
        weight_decay: of PyTorch's Adam: weight_decay · weight is added to the gradient of every weight, biases and batch norm
            included; as a penalty it is part of the training loss. Leave `Training.weight_decay`, which is decoupled, at 0.
        double_softmax: as in `DummyNet`: the code feeds a softmax into a cross-entropy that applies another. False is corrected.
    Reference: system 002 of the published ones; after Anvarjon et al. 2020 (Deep-Net).

    >>> RezoNet().minimum_steps
    (48, 1)
    """

    rank: ClassVar[int] = 3
    version: ClassVar[int] = 1
    filters: tuple[int, ...] = (10, 20, 40, 80)
    dense: tuple[int, ...] = (80, 30)
    weight_decay: float = 0.01
    double_softmax: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, {"filters": 4, "dense": 2})

    @property
    def minimum_steps(self) -> tuple[int, int]:
        """Least frames that leave one after the last pool, and any number of bands."""
        frames = 1
        for kernels, pool, stride in reversed(GROUPS):
            frames = (frames - 1) * stride + pool + sum(kernel - 1 for kernel in kernels)
        return frames, 1

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, frames, bands, 1) -> (batch, n_classes), softmax."""
        import keras

        inputs = x = keras.Input(input_shape)
        for (kernels, pool, stride), filters in zip(GROUPS, self.filters, strict=False):
            for kernel in kernels:
                x = convolve(x, filters, (kernel, 1), "valid", self.weight_decay)
            x = layer("MaxPooling", 3, (pool, 1), strides=(stride, 1))(x)  # (batch, fewer frames, bands, filters)
            x = batch_norm(x, self.weight_decay)
        x = convolve(x, self.filters[-1], (1, 1), "valid", self.weight_decay)
        x = dense(keras.layers.Flatten()(x), self.dense[0], decay=self.weight_decay)
        x = dense(x, self.dense[1], activation=None, decay=self.weight_decay)
        return classifier(self.name, inputs, x, n_classes, self.double_softmax, self.weight_decay)  # type: ignore[attr-defined]
