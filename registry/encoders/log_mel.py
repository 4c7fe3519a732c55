"""Log-mel spectrograms as Whisper was trained on: 25 ms every 10 ms, Slaney's bands, eight decades below the largest value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.feature_spaces.mel import mel_filters

if TYPE_CHECKING:
    import numpy as np

SAMPLE_RATE = 16_000
N_FFT, HOP_LENGTH = 400, 160


def log_mel(waveform: np.ndarray, n_mels: int) -> np.ndarray:
    """(samples,) float32 at 16 kHz -> (samples // 160, n_mels) float32, of 201 samples or more; silence gives -1.5 throughout.

    Reference: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", ICML 2023, section 2.2.
    """
    import librosa
    import numpy as np

    padded = np.pad(waveform, N_FFT // 2, mode="reflect")
    transform = librosa.stft(padded, n_fft=N_FFT, hop_length=HOP_LENGTH, center=False)[:, : len(waveform) // HOP_LENGTH]
    bands = mel_filters(SAMPLE_RATE, N_FFT, n_mels, 0.0, None) @ (transform.real**2 + transform.imag**2)
    decades = np.log10(np.maximum(bands, 1e-10))
    return ((np.maximum(decades, decades.max() - 8.0) + 4.0) / 4.0).T.astype(np.float32)
