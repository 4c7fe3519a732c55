"""Root mean square: the loudness contour of the waveform, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("rms")
class Rms:
    """√(Σx² / frame_length) of each frame: the square root of `energy`; a full-scale sine gives 0.707, silence 0.

    Frames are centred: frame i lies around sample i · hop_length, with zeros beyond the ends.

    Args:
        frame_length: samples of a frame, even.
        hop_length: samples from one frame to the next.

    Output shape: (1 + samples // hop_length, 1), float32, in units of full scale, in [0, 1].
    Reference: Panagiotakis and Tziritas, "A speech/music discriminator based on RMS and zero-crossings",
        IEEE Trans. Multimedia 7(1), 2005.
    """

    version: ClassVar[int] = 1
    frame_length: int = 1024
    hop_length: int = 512

    def __post_init__(self) -> None:
        require(self.frame_length >= 2 and self.frame_length % 2 == 0,
                f"rms.frame_length must be an even number of samples, 2 or more, not {self.frame_length}")
        require(self.hop_length >= 1, f"rms.hop_length must be at least 1 sample, not {self.hop_length}")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, 1) float32."""
        import librosa
        import numpy as np

        loudness = librosa.feature.rms(y=waveform, frame_length=self.frame_length, hop_length=self.hop_length)
        return loudness.T.astype(np.float32)
