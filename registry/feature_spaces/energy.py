"""Short-time energy: the mean of the squared samples of each frame, as the published 1-D systems define it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("energy")
class Energy:
    """Σx² / frame_length of each frame: the square of `rms`; a full-scale sine gives 0.5, silence 0.

    Frames are centred: frame i lies around sample i · hop_length, with zeros beyond the ends. A frame that reaches
    beyond an end is still divided by the whole frame_length.

    Args:
        frame_length: samples of a frame, even.
        hop_length: samples from one frame to the next.

    Output shape: (1 + samples // hop_length, 1), float32, in units of full scale squared, in [0, 1].
    Reference: Rabiner and Schafer, "Digital Processing of Speech Signals", 1978, chapter 4.
    """

    version: ClassVar[int] = 1
    frame_length: int = 1024
    hop_length: int = 512

    def __post_init__(self) -> None:
        require(self.frame_length >= 2 and self.frame_length % 2 == 0,
                f"energy.frame_length must be an even number of samples, 2 or more, not {self.frame_length}")
        require(self.hop_length >= 1, f"energy.hop_length must be at least 1 sample, not {self.hop_length}")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, 1) float32."""
        import librosa
        import numpy as np

        padded = np.pad(waveform, self.frame_length // 2)
        frames = librosa.util.frame(padded, frame_length=self.frame_length, hop_length=self.hop_length)  # (frame_length, frames)
        energy = np.sum(np.square(frames), axis=0) / self.frame_length
        return energy.reshape(-1, 1).astype(np.float32)
