"""White noise of a fixed strength, as a published system adds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("noise_sigma")
class NoiseSigma:
    """The clip with white Gaussian noise of one standard deviation, whatever the clip's own level; nothing is clipped.

    A quiet clip is drowned more than a loud one: the published 0.005 lies 20 dB below a clip whose own deviation is 0.05.

    Args:
        sigma: standard deviation of the noise, in units of full scale.

    Reference: the DummyNet, RezoNet and ExpoNet system, whose code adds 0.005 times standard normal numbers; `noise` goes by
    signal-to-noise ratio instead.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    sigma: float = 0.005

    def __post_init__(self) -> None:
        require(0 < self.sigma <= 1, f"noise_sigma.sigma must be in (0, 1], not {self.sigma}")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples,) float32."""
        import numpy as np

        return waveform + rng.standard_normal(len(waveform), dtype=np.float32) * np.float32(self.sigma)
