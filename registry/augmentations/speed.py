"""Speed: the clip played faster or slower, its pitch along with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.augmentations._draws import check_range
from registry.core import register

if TYPE_CHECKING:
    import numpy as np


@register("speed")
class Speed:
    """The clip resampled, as a tape that runs faster or slower: tempo and pitch change together, as if another voice spoke.

    It lasts 1/factor as long. A slowed clip that is longer than the feature space's length is cut there.

    Args:
        lowest_factor, highest_factor: the factor is drawn uniformly between them, in steps of a hundredth; above 1 is faster.

    Reference: Ko, Peddinti, Povey and Khudanpur, "Audio augmentation for speech recognition", Interspeech 2015.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    lowest_factor: float = 0.9
    highest_factor: float = 1.1

    def __post_init__(self) -> None:
        check_range(self, "lowest_factor", "highest_factor", 0.25, 4.0, "times")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (about samples / factor,) float32."""
        from registry.audio import resample

        factor = round(rng.uniform(self.lowest_factor, self.highest_factor), 2)
        return resample(waveform, round(100 * factor), 100)
