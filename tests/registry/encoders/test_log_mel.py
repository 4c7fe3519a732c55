"""The front end of Whisper, beside librosa's parts and on signals whose answer is known."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from registry.encoders.log_mel import log_mel

RATE = 16_000


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize("n_mels", [80, 128])
def test_it_is_librosa_s_power_spectrogram_in_decades_clamped_and_scaled(n_mels: int) -> None:
    waveform = noise(16_000) * np.geomspace(1e-7, 1, 16_000, dtype=np.float32)  # so that the clamp has something to do
    power = librosa.feature.melspectrogram(y=waveform, sr=RATE, n_fft=400, hop_length=160, n_mels=n_mels, pad_mode="reflect")[:, :-1]
    decades = np.log10(np.maximum(power, 1e-10))
    expected = (np.maximum(decades, decades.max() - 8) + 4) / 4
    values = log_mel(waveform, n_mels)
    assert values.shape == (100, n_mels) and values.dtype == np.float32
    assert np.ptp(values) == pytest.approx(2.0, abs=1e-6)  # eight decades, divided by four
    np.testing.assert_allclose(values, expected.T, atol=1e-5)


def test_silence_is_the_floor_and_ten_times_the_amplitude_half_a_unit() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(320, np.float32), 80), -1.5, atol=1e-6)
    np.testing.assert_allclose(log_mel(noise(8_000) * 10, 80) - log_mel(noise(8_000), 80), 0.5, atol=1e-4)


def test_a_pure_tone_peaks_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    centres = librosa.mel_frequencies(n_mels=82, fmin=0, fmax=RATE / 2)[1:-1]
    assert abs(int(log_mel(tone, 80)[50].argmax()) - int(np.abs(centres - 1000).argmin())) <= 1
