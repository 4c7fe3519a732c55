"""Frequency mask: random groups of neighbouring bands blanked over the whole clip, anew in every batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("frequency_mask")
class FrequencyMask:
    """Each clip of a batch gets its own masks: a width from none to `width` bands, at a random place, for each mask.

    Masked cells take the mean of the clip's own cells. Masks may overlap; one wider than the spectrogram is cut to it.

    Args:
        masks: of each clip.
        width: of the widest mask, in bands.

    Reference: Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition", 2019.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["spectrogram"]] = "spectrogram"
    masks: int = 2
    width: int = 8

    def __post_init__(self) -> None:
        require(1 <= self.masks <= 100, f"frequency_mask.masks must be 1 to 100, not {self.masks}")
        require(1 <= self.width <= 10_000, f"frequency_mask.width must be 1 to 10000 bands, not {self.width}")

    def layer(self, seed: int) -> keras.layers.Layer:
        """(batch, frames, bands) -> the same shape; as given unless training."""
        from registry.augmentations._layers import Mask

        return Mask(axis=2, masks=self.masks, width=self.width, seed=seed)
