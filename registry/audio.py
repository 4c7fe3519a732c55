"""Waveforms as every feature space gets them: read, mixed to mono, resampled on purpose, trimmed, padded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from registry.audio_file import AGAIN, UNKNOWN_LENGTH, decoded, opened, says_length, shortfall
from registry.errors import BenchError

if TYPE_CHECKING:
    import soundfile

    from registry.segments import Segment

LOWEST_HZ, HIGHEST_HZ = 1_000, 768_000  # of the rates at which anyone records
LONGEST_S = 600
MOST_SAMPLES = 100_000_000  # of all channels: 400 MB as float32
RUN_UP_S = 1  # that are decoded before a segment: after a seek, what a lossy format decodes first is not the audio
ACTIVE_DB = 30.0  # below the loudest stretch: less counts as a pause
for setting in ("SOXR_USE_SIMD", "SOXR_USE_SIMD32", "SOXR_USE_SIMD64"):
    os.environ.pop(setting, None)  # soxr looks at each call, and would round otherwise: no signature names that


class Header(NamedTuple):
    """What an audio file says of itself.

    Args:
        samples: of each channel. sample_rate: in Hz. container: libsndfile's name of the format.
    """

    samples: int
    sample_rate: int
    channels: int
    container: str


def read(path: Path, segment: Segment | None = None) -> tuple[np.ndarray, int]:
    """A file's mono waveform, or a segment of it, at its own sample rate; of a segment, only that is read.

    Returns: waveform of shape (samples,), float32, full scale being 1, which lossy formats overshoot by up to a quarter;
        several channels are averaged. Sample rate in Hz.
    Raises: BenchError naming the file when it is missing, a Git LFS pointer, damaged, cut short, empty, or too long to be a clip.
    """
    with _opened(path, segment) as file:
        if segment is not None:
            waveform = _stretch(path, file, *segment.frames(file.frames, file.samplerate))
        else:
            waveform = decoded(file, LONGEST_S * file.samplerate)
        if not len(waveform):
            raise BenchError(f"{path} holds no samples: {AGAIN}")
        counted = file.format == "MP3"  # whose frames were counted when it was opened
        if segment is None and len(waveform) < file.frames < UNKNOWN_LENGTH and not counted:
            raise BenchError(f"{path} is damaged or cut short: {len(waveform):,} of its {file.frames:,} samples can be decoded; {AGAIN}")
        mono = waveform[:, 0] if waveform.shape[1] == 1 else waveform.mean(axis=1)
        return mono, int(file.samplerate)


def _stretch(path: Path, file: soundfile.SoundFile, start: int, count: int) -> np.ndarray:
    before = min(start, RUN_UP_S * file.samplerate)
    file.seek(start - before)
    waveform = np.asarray(file.read(before + count, dtype="float32", always_2d=True))[before:]
    if len(waveform) < count:
        raise BenchError(f"{path} is damaged or cut short: from sample {start:,} on, {len(waveform):,} of {count:,} can be decoded; "
                         f"{AGAIN}")
    return waveform


def measured(path: Path, segment: Segment | None = None, any_length: bool = False) -> Header:
    """What a file's header says of it, or of a segment; where it does not say how many samples there are, they are counted.

    Args: any_length: the file need not be a clip: clips are segments of it.
    Raises: BenchError as `read` does.
    """
    with _opened(path, segment, any_length) as file:
        if segment is not None:
            return Header(segment.frames(file.frames, file.samplerate)[1], int(file.samplerate), int(file.channels), str(file.format))
        samples = file.frames if says_length(path, file) else len(decoded(file, LONGEST_S * file.samplerate))
        return Header(int(samples), int(file.samplerate), int(file.channels), str(file.format))


@contextmanager
def _opened(path: Path, segment: Segment | None = None, any_length: bool = False) -> Iterator[soundfile.SoundFile]:
    """An audio file that holds what its header says, and whose header says what a clip can have: a few bytes may stand for hours.

    Where a segment of it is the clip, the file itself is not looked through, which `measured` with `any_length` does once for all of them.
    """
    import soundfile

    try:
        with opened(path) as file:
            if not LOWEST_HZ <= file.samplerate <= HIGHEST_HZ:
                raise BenchError(f"{path} has a sample rate of {file.samplerate:,} Hz, where {LOWEST_HZ:,} to {HIGHEST_HZ:,} can be: "
                                 "its header is damaged, or it is not a recording")
            if any_length and not says_length(path, file):
                raise BenchError(f"{path} does not say how long it is, so that its segments can't be found: convert it, for example with "
                                 "`ffmpeg -i IN OUT.flac`")
            frames = 0 if file.frames == UNKNOWN_LENGTH or any_length else file.frames
            if segment is not None:
                frames = segment.frames(file.frames, file.samplerate)[1]
            if frames > LONGEST_S * file.samplerate or frames * file.channels > MOST_SAMPLES:
                raise BenchError(f"{path} claims to hold {frames:,} samples of {file.channels} channels at {file.samplerate:,} Hz: "
                                 f"a clip is at most {LONGEST_S} s long; cut it, or get it again if its header is damaged")
            if segment is None and (missing := shortfall(path, file)):
                raise BenchError(f"{path} {missing}")
            yield file
    except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise BenchError(f"{path} can't be read as audio: {_reason(path, error)}") from error


def is_lfs_pointer(path: Path) -> bool:
    """Whether a file is the text pointer that a clone without Git LFS leaves in place of the audio."""
    with path.open("rb") as file:
        return file.read(40).startswith(b"version https://git-lfs")


def _reason(path: Path, error: Exception) -> str:
    """Why libsndfile can't open a file; of one that can't be opened at all it says no more than `System error`."""
    try:
        pointer = is_lfs_pointer(path)
    except FileNotFoundError:
        return "the file is not there"
    except OSError as reason:
        return f"{reason.strerror or reason}; let it be read, or copy this clip again"
    if pointer:
        return "it is a Git LFS pointer; run `git lfs pull` in its repository"
    if "Format not recognised" in str(error):
        return ("it is neither WAV, FLAC, Ogg, MP3 nor AIFF, nor of another format that libsndfile reads; convert it, for example with "
                f"`ffmpeg -i IN OUT.flac`, or {AGAIN}")
    return f"{error}; {AGAIN}"


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
