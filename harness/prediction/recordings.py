"""Recordings to be predicted: which files a call names, and the stretches of each that a model hears."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.training.model_input import HIGHEST_HZ, LOWEST_HZ, SHORTEST
from registry import audio
from registry.clip_audio import waveform_of
from registry.corpus import Clip
from registry.errors import BenchError, require
from registry.segments import Segment

ENDINGS = frozenset((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".w64", ".rf64", ".caf", ".sph"))
"""Of the files that are taken from a folder; a file that is named is read whatever its ending."""
STDIN = "-"
LONG = 2  # windows: what lasts longer is a recording of many utterances, and no clip whose end is cut
BLOCK_S = 120  # that are read of a recording at once, where it is longer than a clip can be
ROUNDING_S = 1e-6


class Recording(NamedTuple):
    """A file to be predicted. Args: name: as the call gave it, or below the folder that it gave. path: where it is read from."""

    name: str
    path: Path


class Listing(NamedTuple):
    """What a call names. Args: passed_over: files of folders that have no ending of audio. empty: folders without any audio."""

    recordings: tuple[Recording, ...]
    passed_over: int
    empty: tuple[str, ...]


class Stretch(NamedTuple):
    """A part of a recording. Args: waveform: (samples,) float32, mono. sample_rate: in Hz."""

    start_s: float
    end_s: float
    waveform: np.ndarray
    sample_rate: int


@dataclass(frozen=True)
class Windows:
    """How recordings are cut for a model.

    Args:
        window_s, hop_s: length of a window, and from the start of one to the next. longest_s: what lasts no longer is heard as one clip.
    """

    window_s: float
    hop_s: float
    longest_s: float

    @classmethod
    def of(cls, heard_s: float, window_s: float | None = None, hop_s: float | None = None) -> Windows:
        """For a model that hears `heard_s` seconds. Args: window_s, hop_s: None: what it hears, and half a window.

        Raises: UsageError for windows that leave gaps, or no time.
        """
        window = window_s or heard_s
        hop = hop_s or window / 2
        require(hop <= window, f"a hop of {hop:g} s is longer than the window of {window:g} s, and would leave gaps: give --hop "
                               f"{window:g} or less")
        require(window <= audio.LONGEST_S, f"a window may last {audio.LONGEST_S} s at most, not {window:g}")
        return cls(window, hop, window if window_s else LONG * window)

    def starts(self, seconds: float) -> list[float]:
        """Where the windows of a recording begin, in seconds: the last one ends where it ends.

        >>> Windows.of(2.0).starts(5.5)
        [0.0, 1.0, 2.0, 3.0, 3.5]
        """
        last = seconds - self.window_s
        return [*(i * self.hop_s for i in range(math.ceil((last - ROUNDING_S) / self.hop_s))), last]


def listed(names: Sequence[str], stdin_to: Path) -> Listing:
    """The recordings that a call names, those of folders in sorted order; hidden files and folders are left alone.

    Args: stdin_to: the file to which standard input is copied, where it is named. Raises: UsageError where it is named twice.
    """
    require(list(names).count(STDIN) <= 1, "standard input, `-`, can be read once: give it once")
    recordings, passed_over, empty = [], 0, []
    for name in names:
        folder = Path(name)
        if name == STDIN:
            stdin_to.write_bytes(sys.stdin.buffer.read())
            recordings.append(Recording(name, stdin_to))
        elif folder.is_dir():
            files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path.relative_to(folder))]
            found = [path for path in files if path.suffix.lower() in ENDINGS]
            recordings += [Recording(str(path), path) for path in found]
            passed_over += len(files) - len(found)
            empty += [] if found else [name]
        else:
            recordings.append(Recording(name, folder))
    return Listing(tuple(dict.fromkeys(recordings)), passed_over, tuple(empty))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def stretches(recording: Recording, windows: Windows) -> Iterator[Stretch]:
    """The windows of a long recording, or a short one as a whole.

    Raises: BenchError for what a run would refuse as a clip: what can't be read, is damaged, empty, or not in full scale.
    """
    seconds = _seconds(recording.path)
    if seconds > audio.LONGEST_S:
        yield from _of_blocks(recording.path, seconds, windows)
        return
    waveform, rate = _read(recording.path)
    seconds = len(waveform) / rate
    if seconds <= windows.longest_s + ROUNDING_S:
        yield Stretch(0.0, seconds, waveform, rate)
        return
    yield from _cut(waveform, rate, windows.starts(seconds), windows.window_s)


def _seconds(path: Path) -> float:
    """How long a file lasts by its header; 0 where that is not known, or wrong, as reading it will say."""
    with suppress(BenchError):
        header = audio.measured(path, any_length=True)
        return header.samples / header.sample_rate
    return 0.0


def _of_blocks(path: Path, seconds: float, windows: Windows) -> Iterator[Stretch]:
    """The windows of a recording that is too long to be read at once."""
    starts = windows.starts(seconds)
    while starts:
        block = [start for start in starts if start + windows.window_s <= starts[0] + max(BLOCK_S, windows.window_s) + ROUNDING_S]
        starts = starts[len(block) :]
        waveform, rate = _read(path, Segment(block[0], min(block[-1] + windows.window_s, seconds)))
        yield from _cut(waveform, rate, block, windows.window_s)


def _cut(waveform: np.ndarray, rate: int, starts: Sequence[float], window_s: float) -> Iterator[Stretch]:
    """The windows that begin at `starts`, in a waveform that begins at the first of them."""
    for start in starts:
        first = round((start - starts[0]) * rate)
        yield Stretch(start, start + window_s, waveform[first : first + round(window_s * rate)], rate)


def _read(path: Path, segment: Segment | None = None) -> tuple[np.ndarray, int]:
    clip = Clip(id=path.name, emotion="", speaker="", path=path, segment=segment)
    waveform, rate = waveform_of(clip, lambda clip: audio.read(path, clip.segment))
    if not LOWEST_HZ <= rate <= HIGHEST_HZ:
        raise BenchError(f"{path} has a sample rate of {rate:,} Hz, and speech is recorded at {LOWEST_HZ:,} to {HIGHEST_HZ:,}: is its "
                         "header right?")
    if len(waveform) < SHORTEST:
        raise BenchError(f"{path} holds {len(waveform)} samples, too few for an utterance: give {SHORTEST} or more")
    return waveform, rate
