"""Residual 2-D convolution network whose blocks weigh their channels: squeeze and excitation."""

from __future__ import annotations

from typing import Any, ClassVar

from registry.architectures._residual import ResidualNet
from registry.core import register
from registry.errors import require


@register("se_resnet_2d")
class SeResNet2D(ResidualNet):
    """Pre-activation residual blocks over time and bands, each channel of a block multiplied by a weight that the whole clip decides.

    The fields are those of `ResidualNet`, with more blocks by default, and one more.

    Args:
        reduction: a block's channels, divided by it, are the units of the layer that weighs them.

    Input shape: (frames, bands, 1). Output shape: (n_classes,), softmax.
    Reference: Hu, Shen and Sun, "Squeeze-and-excitation networks", CVPR 2018.
    """

    rank: ClassVar[int] = 3
    filters: int = 16
    blocks: int = 2
    keep_bands: bool = True
    reduction: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.reduction <= self.filters, f"se_resnet_2d.reduction must be 1 to filters = {self.filters}, not {self.reduction}")

    def _gated(self, y: Any) -> Any:
        """y times a weight in (0, 1) for each channel, computed from the channels' means."""
        import keras

        channels = y.shape[-1]
        squeezed = keras.layers.Dense(channels // self.reduction, activation="relu")(keras.layers.GlobalAveragePooling2D(keepdims=True)(y))
        return keras.layers.Multiply()([y, keras.layers.Dense(channels, activation="sigmoid")(squeezed)])
