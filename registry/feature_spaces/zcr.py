"""Zero-crossing rate: how often the waveform changes sign, a rough pitch and noisiness of each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("zcr")
class ZeroCrossingRate:
    """The share of neighbouring samples with different signs, frame by frame; a pure tone of f Hz gives 2 · f / sample_rate.

    Frames are centred: frame i lies around sample i · hop_length, and the first and last sample are repeated beyond the
    ends so that no crossing is invented there. Silence gives 0.

    Args:
        frame_length: samples of a frame, even.
        hop_length: samples from one frame to the next.

    Output shape: (1 + samples // hop_length, 1), float32, crossings per sample, in [0, 1].
    Reference: Kedem, "Spectral analysis and discrimination by zero-crossings", Proc. IEEE 74(11), 1986.
    """

    version: ClassVar[int] = 1
    frame_length: int = 1024
    hop_length: int = 512

    def __post_init__(self) -> None:
        require(self.frame_length >= 2 and self.frame_length % 2 == 0,
                f"zcr.frame_length must be an even number of samples, 2 or more, not {self.frame_length}")
        require(self.hop_length >= 1, f"zcr.hop_length must be at least 1 sample, not {self.hop_length}")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, 1) float32."""
        import librosa
        import numpy as np

        rate = librosa.feature.zero_crossing_rate(waveform, frame_length=self.frame_length, hop_length=self.hop_length)
        return rate.T.astype(np.float32)
