"""Gain: the whole clip louder or quieter by a random factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.augmentations._draws import check_range
from registry.core import register

if TYPE_CHECKING:
    import numpy as np


@register("gain")
class Gain:
    """The clip times a factor. It is not clipped: samples beyond ±1 stay as they are, since features have no such limit.

    Features that are scaled by clip (`mel` with `per_clip="min_max"`, zero crossings) do not notice it.

    Args:
        lowest_factor, highest_factor: the factor of the amplitude is drawn uniformly between them.

    Reference: the DummyNet, RezoNet and ExpoNet system (gain 0.5–1.5).
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    lowest_factor: float = 0.5
    highest_factor: float = 1.5

    def __post_init__(self) -> None:
        check_range(self, "lowest_factor", "highest_factor", 0.001, 1000.0, "times")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples,) float32."""
        import numpy as np

        return waveform * np.float32(rng.uniform(self.lowest_factor, self.highest_factor))
