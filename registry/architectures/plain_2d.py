"""Plain 2-D convolution stack over time and bands; its fields can spell the published 2-D systems."""

from __future__ import annotations

from typing import ClassVar, Literal

from registry.architectures._plain import PlainStack
from registry.core import register


@register("plain_2d")
class Plain2D(PlainStack):
    """Convolutions over time and bands with batch norm, dropout and max pooling; see `PlainStack` for the fields.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Reference: Lecun et al. 1998; average pooling after Lin et al. 2014 (Network In Network); batch norm after Ioffe and
    Szegedy 2015.

    >>> Plain2D(filters=(8, 8), pools=(2,), pool_padding="valid").minimum_steps
    4
    """

    rank: ClassVar[int] = 3
    filters: tuple[int, ...] = (16, 32, 48, 64)
    kernel_sizes: tuple[int, ...] = (3,)
    pooling: Literal["average", "time", "flatten"] = "time"
