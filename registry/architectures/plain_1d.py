"""Plain 1-D convolution stack over frames; its fields can spell the published 1-D systems."""

from __future__ import annotations

from typing import ClassVar

from registry.architectures._plain import PlainStack
from registry.core import register


@register("plain_1d")
class Plain1D(PlainStack):
    """Convolutions over time with batch norm, dropout and max pooling, averaged over time; see `PlainStack` for the fields.

    Input shape: (steps, channels). Output shape: (n_classes,), softmax.
    Reference: Lecun et al. 1998; average pooling after Lin et al. 2014 (Network In Network); batch norm after Ioffe and
    Szegedy 2015.

    >>> Plain1D(pools=(0,)).minimum_steps
    1
    """

    rank: ClassVar[int] = 2
    filters: tuple[int, ...] = (32, 64, 96)
    kernel_sizes: tuple[int, ...] = (5,)
