"""Residual 2-D convolution network over time and bands: pre-activation blocks, average pooling."""

from __future__ import annotations

from typing import ClassVar

from registry.architectures._residual import ResidualNet
from registry.core import register


@register("residual_2d")
class Residual2D(ResidualNet):
    """Pre-activation residual blocks over time and bands; see `ResidualNet` for the fields.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Reference: He et al. 2016, Identity Mappings in Deep Residual Networks.
    """

    rank: ClassVar[int] = 3
    filters: int = 16
    keep_bands: bool = True
