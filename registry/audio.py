"""Waveforms as every feature space gets them: read, mixed to mono, resampled on purpose, trimmed, padded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from registry.errors import BenchError

if TYPE_CHECKING:
    import soundfile

LOWEST_HZ, HIGHEST_HZ = 1_000, 768_000  # of the rates at which anyone records
LONGEST_S = 600
MOST_SAMPLES = 100_000_000  # of all channels: 400 MB as float32
ACTIVE_DB = 30.0  # below the loudest stretch: less counts as a pause


def read(path: Path) -> tuple[np.ndarray, int]:
    """A file's mono waveform at its own sample rate.

    Returns: waveform of shape (samples,), float32, full scale being 1, which lossy formats overshoot by up to a quarter;
        several channels are averaged. Sample rate in Hz.
    Raises: BenchError naming the file when it is missing, a Git LFS pointer, damaged, empty, or too long to be a clip.
    """
    with _opened(path) as file:
        waveform = file.read(dtype="float32", always_2d=True)
        if not len(waveform):
            raise BenchError(f"{path} holds no samples: copy or download this clip again")
        mono = waveform[:, 0] if waveform.shape[1] == 1 else waveform.mean(axis=1)
        return mono, int(file.samplerate)


def measured(path: Path) -> tuple[int, int]:
    """Samples of a channel and sample rate in Hz, from the file's header. Raises: BenchError as `read` does."""
    with _opened(path) as file:
        return int(file.frames), int(file.samplerate)


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """An audio file whose header promises what a clip can have: a few bytes may stand for hours of silence."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if not LOWEST_HZ <= file.samplerate <= HIGHEST_HZ:
                raise BenchError(f"{path} has a sample rate of {file.samplerate:,} Hz, where {LOWEST_HZ:,} to {HIGHEST_HZ:,} can be: "
                                 "its header is damaged, or it is not a recording")
            if file.frames > LONGEST_S * file.samplerate or file.frames * file.channels > MOST_SAMPLES:
                raise BenchError(f"{path} claims to hold {file.frames:,} samples of {file.channels} channels at {file.samplerate:,} Hz: "
                                 f"a clip is at most {LONGEST_S} s long; cut it, or get it again if its header is damaged")
            yield file
    except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise BenchError(f"{path} can't be read as audio: {_reason(path, error)}") from error


def is_lfs_pointer(path: Path) -> bool:
    """Whether a file is the text pointer that a clone without Git LFS leaves in place of the audio."""
    with path.open("rb") as file:
        return file.read(40).startswith(b"version https://git-lfs")


def _reason(path: Path, error: Exception) -> str:
    if not path.is_file():
        return "the file is not there"
    if is_lfs_pointer(path):
        return "it is a Git LFS pointer; run `git lfs pull` in its repository"
    return f"{error}; copy or download this clip again"


def resample(waveform: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """The waveform at another rate, of length ceil(samples · target / source), float32 (soxr, high quality)."""
    if sample_rate == target_rate:
        return waveform
    import librosa

    return librosa.resample(waveform, orig_sr=sample_rate, target_sr=target_rate).astype(np.float32)


def trim(waveform: np.ndarray, trim_db: float | None) -> np.ndarray:
    """Without the leading and trailing parts that lie more than `trim_db` below the peak; None or silence: unchanged."""
    if trim_db is None or not np.any(waveform):
        return waveform
    import librosa

    return librosa.effects.trim(waveform, top_db=trim_db)[0]


def active_power(waveform: np.ndarray) -> float:
    """Mean power of the stretches that lie no more than 30 dB below the loudest one, pauses left out; 0 for silence."""
    import librosa

    if not np.any(waveform):
        return 0.0
    stretches = librosa.effects.split(waveform, top_db=ACTIVE_DB, frame_length=512, hop_length=128)
    return float(np.mean(np.concatenate([waveform[start:end] for start, end in stretches]) ** 2, dtype=np.float64))


def at_snr(waveform: np.ndarray, noise: np.ndarray, power: float, snr_db: float) -> np.ndarray:
    """The waveform with noise of power 1 added, weakened to lie `snr_db` below `power`; both (samples,) float32. Nothing is clipped."""
    return waveform + noise * np.float32((power / 10 ** (snr_db / 10)) ** 0.5)


def fix_length(waveform: np.ndarray, samples: int) -> np.ndarray:
    """Zero-padded at the end, or cut, to exactly `samples`."""
    return np.pad(waveform[:samples], (0, max(0, samples - len(waveform))))
