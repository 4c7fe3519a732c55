"""Time shift: the clip rolled by a random number of samples, its end coming round to its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("time_shift")
class TimeShift:
    """The clip rolled forwards or backwards; what leaves at one end comes in at the other, so that no sample is lost.

    It is rolled before it is padded, so that speech and not padding comes round, unless the augmentation pads first.

    Args:
        most_samples: the shift is drawn uniformly from -most_samples to most_samples, at the feature space's rate; the
            default is the published one, 0.23 s at 22 050 Hz.

    Reference: the DummyNet, RezoNet and ExpoNet system (roll by up to 5000 samples).
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    most_samples: int = 5000

    def __post_init__(self) -> None:
        require(1 <= self.most_samples <= 10_000_000,
                f"time_shift.most_samples must be 1 to 10000000 samples, not {self.most_samples}")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples,) float32, the same samples in another order."""
        import numpy as np

        return np.roll(waveform, int(rng.integers(-self.most_samples, self.most_samples, endpoint=True)))
