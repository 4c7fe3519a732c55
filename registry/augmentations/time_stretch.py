"""Time stretch: the clip faster or slower at the same pitch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.augmentations._draws import check_range
from registry.core import register

if TYPE_CHECKING:
    import numpy as np


@register("time_stretch")
class TimeStretch:
    """The clip played faster or slower by librosa's phase vocoder; the pitch stays.

    It lasts 1/rate as long. A slowed clip that is longer than the feature space's length is cut there.

    Args:
        lowest_rate, highest_rate: the rate is drawn uniformly between them; above 1 is faster.

    Reference: Salamon and Bello, "Deep convolutional neural networks and data augmentation for environmental sound
    classification", 2017; Flanagan and Golden, "Phase vocoder", 1966; McFee et al., "librosa", SciPy 2015.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    lowest_rate: float = 0.9
    highest_rate: float = 1.1

    def __post_init__(self) -> None:
        check_range(self, "lowest_rate", "highest_rate", 0.25, 4.0, "times")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (round(samples / rate),) float32."""
        import librosa

        from registry.audio import fix_length
        from registry.augmentations._effects import long_enough

        rate = rng.uniform(self.lowest_rate, self.highest_rate)
        played = librosa.effects.time_stretch(long_enough(waveform), rate=rate)
        return fix_length(played, max(1, round(len(waveform) / rate)))
