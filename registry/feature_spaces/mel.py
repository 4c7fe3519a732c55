"""Mel spectrogram: energy over time in bands spaced as the ear hears pitch, in decibels or as power."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

SMALLEST_AMPLITUDE = 1e-5  # what counts as silence in decibels: librosa's own floor, −100 dB


@register("mel")
class Mel:
    """Magnitudes of a centred short-time Fourier transform to the given power, summed in triangular mel bands (Slaney's).

    With the other fields at their defaults the values are those of `librosa.power_to_db(librosa.feature.melspectrogram(…))`.
    Silence gives 0 as power and −100 dB (0 dB with `reference="clip_max"`); clips shorter than a frame are zero-padded.

    Args:
        n_mels: bands.
        n_fft: samples of a frame and of its transform, even.
        hop_length: samples from one frame to the next.
        fmin_hz, fmax_hz: range that the bands cover; None ends at half the sample rate.
        power: exponent of the magnitudes: 2 for power, 1 for amplitude.
        scale: `db` gives decibels, `power` the band values as they are; the two fields below belong to `db`.
        reference: what 0 dB is: `one` is a band value of 1.0, `clip_max` the clip's own largest.
        top_db: values this far below the clip's largest are raised to there; None raises nothing.
        per_clip: `min_max` maps each clip's range to [0, 1] (a constant clip to 0).

    Output shape: (1 + samples // hop_length, n_mels), float32.
    Reference: Stevens, Volkmann and Newman 1937; Slaney, "Auditory Toolbox", 1998; McFee et al., "librosa", SciPy 2015.
    """

    version: ClassVar[int] = 1
    n_mels: int = 64
    n_fft: int = 1024
    hop_length: int = 512
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    power: float = 2.0
    scale: Literal["power", "db"] = "db"
    reference: Literal["one", "clip_max"] = "one"
    top_db: float | None = 80.0
    per_clip: Literal["none", "min_max"] = "none"

    def __post_init__(self) -> None:
        require(1 <= self.n_mels <= 1024, f"mel.n_mels must be 1 to 1024 bands, not {self.n_mels}")
        require(self.n_fft >= 16 and self.n_fft % 2 == 0,
                f"mel.n_fft must be an even number of samples, 16 or more, not {self.n_fft}")
        require(self.hop_length >= 1, f"mel.hop_length must be at least 1 sample, not {self.hop_length}")
        require(self.fmin_hz >= 0, f"mel.fmin_hz must not be negative, not {self.fmin_hz}")
        require(self.fmax_hz is None or self.fmax_hz > self.fmin_hz,
                f"mel.fmax_hz must be above fmin_hz = {self.fmin_hz}, not {self.fmax_hz}; None ends at half the sample rate")
        require(self.power > 0, f"mel.power must be positive (2 is power, 1 amplitude), not {self.power}")
        require(self.top_db is None or self.top_db > 0, f"mel.top_db must be positive or None, not {self.top_db}")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, n_mels) float32. Raises: BenchError when fmax_hz is above half the sample rate."""
        import numpy as np

        highest = sample_rate / 2
        require(self.fmin_hz < highest and (self.fmax_hz or highest) <= highest,
                f"mel bands from {self.fmin_hz} to {self.fmax_hz} Hz do not fit a sample rate of {sample_rate} Hz, "
                f"which ends at {highest:g} Hz: lower fmin_hz and fmax_hz, or raise the feature space's sample_rate")
        bank = mel_filters(sample_rate, self.n_fft, self.n_mels, self.fmin_hz, self.fmax_hz)
        bands = bank @ spectrogram(waveform, self.n_fft, self.hop_length, self.power)  # (n_mels, frames)
        values = self._decibels(bands) if self.scale == "db" else bands
        return (_min_max(values) if self.per_clip == "min_max" else values).T.astype(np.float32)

    def _decibels(self, bands: np.ndarray) -> np.ndarray:
        import numpy as np

        floor = SMALLEST_AMPLITUDE**self.power
        reference = max(floor, float(bands.max())) if self.reference == "clip_max" else 1.0
        decibels = (20.0 / self.power) * np.log10(np.maximum(bands, floor) / reference)
        return decibels if self.top_db is None else np.maximum(decibels, decibels.max() - self.top_db)


def spectrogram(waveform: np.ndarray, n_fft: int, hop_length: int, power: float) -> np.ndarray:
    """Magnitudes to a power of the centred, zero-padded Fourier transform with a Hann window.

    Returns: shape (1 + n_fft // 2, 1 + samples // hop_length), float32.
    """
    import librosa
    import numpy as np

    # Padded here and not by librosa, which warns of every clip that is shorter than a frame.
    transform = librosa.stft(np.pad(waveform, n_fft // 2), n_fft=n_fft, hop_length=hop_length, center=False)
    return transform.real**2 + transform.imag**2 if power == 2 else np.abs(transform) ** power


@functools.cache
def mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmin_hz: float, fmax_hz: float | None) -> np.ndarray:
    """The mel filter bank, built once and not for every clip: (n_mels, 1 + n_fft // 2), float32."""
    import librosa

    bank = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin_hz, fmax=fmax_hz)
    bank.setflags(write=False)
    return bank


def _min_max(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else values * 0
