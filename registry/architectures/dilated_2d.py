"""Dilated 2-D convolution network: residual blocks whose dilation over time doubles from block to block."""

from __future__ import annotations

from typing import ClassVar

from registry.architectures._dilated import DilatedNet
from registry.core import register


@register("dilated_2d")
class Dilated2D(DilatedNet):
    """Residual blocks with dilations 1, 2, 4, … over time; see `DilatedNet` for the fields.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Reference: Bai et al. 2018 (temporal convolutional network), here without its causal padding; Yu and Koltun 2016.
    """

    rank: ClassVar[int] = 3
    filters: int = 16
    keep_bands: bool = True
