"""Chroma: energy of the pitch classes C, C♯, …, B, whatever the octave: intonation without timbre."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.feature_spaces.mel import spectrogram

if TYPE_CHECKING:
    import numpy as np


@register("chroma")
class Chroma:
    """The power spectrum folded into one octave and divided, frame by frame, by its largest class, which becomes 1.

    Class 0 is C and, of twelve, class 9 is A. A frame of silence gives zeros.

    Args:
        n_chroma: classes of an octave.
        n_fft: samples of a frame and of its transform, even.
        hop_length: samples from one frame to the next.
        tuning: deviation from A = 440 Hz in classes, in [-0.5, 0.5]; None estimates it for each clip, which is slow.

    Output shape: (1 + samples // hop_length, n_chroma), float32, in [0, 1].
    Reference: Ellis, "Chroma feature analysis and synthesis", 2007; Müller, "Fundamentals of Music Processing", 2015, chapter 3.
    """

    version: ClassVar[int] = 1
    n_chroma: int = 12
    n_fft: int = 1024
    hop_length: int = 512
    tuning: float | None = 0.0

    def __post_init__(self) -> None:
        require(2 <= self.n_chroma <= 120, f"chroma.n_chroma must be 2 to 120 classes, not {self.n_chroma}")
        require(self.n_fft >= 16 and self.n_fft % 2 == 0,
                f"chroma.n_fft must be an even number of samples, 16 or more, not {self.n_fft}")
        require(self.hop_length >= 1, f"chroma.hop_length must be at least 1 sample, not {self.hop_length}")
        require(self.tuning is None or -0.5 <= self.tuning <= 0.5,
                f"chroma.tuning must be in [-0.5, 0.5] or None, not {self.tuning}")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, n_chroma) float32."""
        import librosa
        import numpy as np

        power = spectrogram(waveform, self.n_fft, self.hop_length, 2.0)  # (1 + n_fft // 2, frames)
        tuning = self._estimated(power, sample_rate) if self.tuning is None else self.tuning
        classes = chroma_filters(sample_rate, self.n_fft, self.n_chroma, tuning) @ power
        return librosa.util.normalize(classes, norm=np.inf, axis=0).T.astype(np.float32)

    def _estimated(self, power: np.ndarray, sample_rate: int) -> float:
        import librosa

        if power.max() <= 0:  # nothing to estimate from, of which librosa would warn
            return 0.0
        return float(librosa.estimate_tuning(S=power, sr=sample_rate, bins_per_octave=self.n_chroma))


@functools.lru_cache(maxsize=256)
def chroma_filters(sample_rate: int, n_fft: int, n_chroma: int, tuning: float) -> np.ndarray:
    """Weights from transform bins to pitch classes, built once for each tuning: (n_chroma, 1 + n_fft // 2), float32."""
    import librosa

    bank = librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, n_chroma=n_chroma, tuning=tuning)
    bank.setflags(write=False)
    return bank
