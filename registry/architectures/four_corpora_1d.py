"""The published 1-D network of the four-corpora system: five wide convolutions with dropout and overlapping pools."""

from __future__ import annotations

from typing import ClassVar, Literal

from registry.architectures._plain import PlainStack
from registry.core import register


@register("four_corpora_1d")
class FourCorpora1D(PlainStack):
    """Five times convolution of 5, ReLU, batch norm, dropout and max pooling of 5 with stride 2; one dense layer; softmax.

    See `PlainStack` for the fields. Everything pads. Batch norm has Keras's own momentum, in which it was published.
    Input shape: (steps, channels), published as (880, 1). Output shape: (n_classes,), softmax.
    Reference: system 004 of the published ones.

    >>> FourCorpora1D().minimum_steps
    1
    """

    rank: ClassVar[int] = 2
    momentum: ClassVar[float] = 0.99
    filters: tuple[int, ...] = (256, 512, 256, 256, 128)
    kernel_sizes: tuple[int, ...] = (5,)
    pools: tuple[int, ...] = (5,)
    pool_stride: int | None = 2
    relu_first: bool = True
    dropouts: tuple[float, ...] = (0.2,)
    pooling: Literal["average", "time", "flatten"] = "flatten"
    dense: tuple[int, ...] = (256,)
    dense_dropouts: tuple[float, ...] = (0.5,)
    dense_batch_norm: bool = True
