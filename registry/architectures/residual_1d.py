"""Residual 1-D convolution network over time: pre-activation blocks, average pooling."""

from __future__ import annotations

from typing import ClassVar

from registry.architectures._residual import ResidualNet
from registry.core import register


@register("residual_1d")
class Residual1D(ResidualNet):
    """Pre-activation residual blocks over time; see `ResidualNet` for the fields.

    Input shape: (steps, channels). Output shape: (n_classes,), softmax.
    Reference: He et al. 2016, Identity Mappings in Deep Residual Networks.
    """

    rank: ClassVar[int] = 2
    filters: int = 32
