"""Mixup: each clip of a batch and its labels blended with another clip's, anew in every batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("mixup")
class Mixup:
    """λ · clip + (1 − λ) · the clip at the same place of the batch in reverse order, with one λ a batch from Beta(α, α).

    The labels are mixed in the same way, by `mix_targets` of the layer: the loss of a batch must be computed with what it
    gives. The middle clip of an odd batch is mixed with itself.

    Args:
        alpha: α of the distribution; small values mix little, 1 draws λ uniformly.

    Reference: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["batch"]] = "batch"
    alpha: float = 0.2

    def __post_init__(self) -> None:
        require(0 < self.alpha <= 100, f"mixup.alpha must be in (0, 100], not {self.alpha}")

    def layer(self, seed: int) -> keras.layers.Layer:
        """(batch, frames, bands) -> the same shape; as given unless training. Its `mix_targets` takes (batch, classes)."""
        from registry.augmentations._layers import Mix

        return Mix(alpha=self.alpha, seed=seed)
