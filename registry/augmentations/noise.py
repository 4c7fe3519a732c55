"""White noise at a signal-to-noise ratio drawn for each clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.augmentations._draws import check_range
from registry.core import register

if TYPE_CHECKING:
    import numpy as np


@register("noise")
class Noise:
    """The clip with white Gaussian noise, weaker than the clip's mean power by the drawn ratio.

    The power is that of the whole clip, pauses included, before it is padded unless the augmentation pads first. Silence
    stays silence. Nothing is clipped: a loud clip with noise can go beyond ±1.

    Args:
        lowest_snr_db, highest_snr_db: the ratio of powers is drawn uniformly between them.

    Reference: Hannun et al., "Deep Speech: Scaling up end-to-end speech recognition", 2014, section 4.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    lowest_snr_db: float = 5.0
    highest_snr_db: float = 15.0

    def __post_init__(self) -> None:
        check_range(self, "lowest_snr_db", "highest_snr_db", -60.0, 120.0, "dB")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples,) float32."""
        import numpy as np

        from registry.audio import at_snr

        snr_db = rng.uniform(self.lowest_snr_db, self.highest_snr_db)
        power = float(np.mean(waveform**2, dtype=np.float64))
        noise = rng.standard_normal(len(waveform), dtype=np.float32)
        return at_snr(waveform, noise, power, snr_db)
