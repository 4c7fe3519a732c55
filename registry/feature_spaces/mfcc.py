"""Mel-frequency cepstral coefficients: the shape of the spectrum's envelope, decorrelated."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.feature_spaces.mel import Mel

if TYPE_CHECKING:
    import numpy as np


@register("mfcc")
class Mfcc:
    """The first cosine-transform coefficients (type II, orthonormal) of the mel spectrum in decibels; 0 is the level.

    The values are those of `librosa.feature.mfcc` with the same arguments, decibels reaching 80 dB below the clip's largest.
    Silence gives a constant first coefficient (−100 dB · √n_mels) and zeros.

    Args:
        n_mfcc: coefficients, at most n_mels.
        n_mels: mel bands below them.
        n_fft: samples of a frame and of its transform, even.
        hop_length: samples from one frame to the next.
        fmin_hz, fmax_hz: range that the mel bands cover; None ends at half the sample rate.

    Output shape: (1 + samples // hop_length, n_mfcc), float32, dB.
    Reference: Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition",
        IEEE Trans. ASSP 28(4), 1980.
    """

    version: ClassVar[int] = 1
    n_mfcc: int = 20
    n_mels: int = 128
    n_fft: int = 1024
    hop_length: int = 512
    fmin_hz: float = 0.0
    fmax_hz: float | None = None

    def __post_init__(self) -> None:
        require(1 <= self.n_mfcc <= self.n_mels, f"mfcc.n_mfcc must be 1 to n_mels = {self.n_mels}, not {self.n_mfcc}")
        _ = self.mel  # checks the fields that the two share, before any clip is read

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, n_mfcc) float32. Raises: BenchError when fmax_hz is above half the sample rate."""
        import librosa
        import numpy as np

        decibels = self.mel(waveform, sample_rate)  # (frames, n_mels)
        return librosa.feature.mfcc(S=decibels.T, n_mfcc=self.n_mfcc).T.astype(np.float32)

    @property
    def mel(self) -> Mel:
        """The mel spectrum that it transforms."""
        return Mel(n_mels=self.n_mels, n_fft=self.n_fft, hop_length=self.hop_length, fmin_hz=self.fmin_hz, fmax_hz=self.fmax_hz)
