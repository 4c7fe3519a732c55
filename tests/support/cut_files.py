"""Audio files as they come to users: written in every common format, cut short, or by a program that did not know the length."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
TONE = 0.3 * np.sin(2 * np.pi * 200 * np.arange(2 * RATE) / RATE) + np.random.default_rng(0).normal(0, 0.02, 2 * RATE)
FORMATS = {"wav": ("WAV", "PCM_16"), "float": ("WAV", "FLOAT"), "adpcm": ("WAV", "IMA_ADPCM"), "extensible": ("WAVEX", "PCM_24"),
           "rf64": ("RF64", "PCM_16"), "w64": ("W64", "PCM_16"), "aiff": ("AIFF", "PCM_16"), "au": ("AU", "PCM_16"),
           "caf": ("CAF", "PCM_16"), "sphere": ("NIST", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
           "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III")}
"""A name -> container and encoding, by libsndfile's names."""


def sound(path: Path, kind: str, samples: np.ndarray = TONE) -> Path:
    """A file of one of the formats."""
    container, encoding = FORMATS[kind]
    soundfile.write(path, samples, RATE, format=container, subtype=encoding)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """The file without its end."""
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path


def wav(path: Path, data_size: int, riff_size: int | None = None, after: bytes = b"") -> Path:
    """Two seconds of 16-bit audio under a header that says these sizes, in bytes."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    content = form + b"data" + struct.pack("<I", data_size) + np.int16(TONE * 32_767).tobytes() + after
    size = 4 + len(content) if riff_size is None else riff_size
    path.write_bytes(b"RIFF" + struct.pack("<I", size) + b"WAVE" + content)
    return path


def without_header_frame(path: Path) -> Path:
    """An MP3 without the frame at its beginning that counts the others."""
    content = path.read_bytes()
    second = content.index(content[:2], 2)
    path.write_bytes(content[second:])
    return path
