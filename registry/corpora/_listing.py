"""How a corpus finds its folder, its audio files and its tables: shared by the corpora that lie on disk."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from registry import audio
from registry.corpus import Clip, Problem
from registry.errors import BenchError

if TYPE_CHECKING:
    import numpy as np

ENDINGS = (".wav", ".flac", ".ogg")
"""Endings of audio files, in any case; where a clip is there in several formats the first of them is kept."""

POINTER_LIMIT = 1_000  # bytes; a Git LFS pointer has about 130, the shortest clip of any corpus far more


def find_folder(data: Path | None, corpus: str, layouts: Iterable[str], example: str, is_clip: Callable[[str], bool]) -> Path:
    """The folder that holds a corpus's clips.

    Args:
        data: where to look.
        layouts: known places below `data`, tried first and in this order; then `data` itself and every folder one or
            two levels below it are tried, and the one with the most clips is taken.
        example: the name of a clip, for the message.
        is_clip: whether a file name without its ending is one of the corpus's.
    Raises: BenchError saying what was looked for.
    """
    data = given_folder(data, corpus)
    for layout in layouts:
        if any(_holds(data / layout, is_clip)):
            return data / layout
    counts = {folder: sum(_holds(folder, is_clip)) for folder in nearby(data)}
    best = max(counts, key=lambda folder: counts[folder])
    if counts[best]:
        return best
    raise BenchError(f"{corpus} was not found in {data}: looked for files named like {example} ({', '.join(ENDINGS)}) in "
                     f"{', '.join(layouts)}, in {data} itself and in every folder one or two levels below it. {remedy(corpus)}")


def given_folder(data: Path | None, corpus: str) -> Path:
    """The data folder. Raises BenchError saying how to name it when none was given, or it is not there."""
    if data is None:
        raise BenchError(f"{corpus} is read from a folder, and none was given. {remedy(corpus)}")
    if not data.is_dir():
        raise BenchError(f"{corpus} was looked for in {data}, which is not a folder. {remedy(corpus)}")
    return data


def remedy(corpus: str) -> str:
    """What a user can do about a corpus that was not found."""
    return f"Name the folder that holds {corpus} with `--data DIR` or in the environment variable BENCH_DATA."


def missing(expected: Iterable[str], present: Iterable[str], speaker_of: Callable[[str], str]) -> list[Problem]:
    """What is not there of a corpus. Absent speakers make it partial, which may be meant; a speaker with gaps is an incomplete copy.

    Args:
        expected, present: clip ids. speaker_of: the speaker of an id.
    """
    expected, present = set(expected), set(present)
    speakers = {speaker_of(clip_id) for clip_id in present}
    absent = sorted({speaker_of(clip_id) for clip_id in expected} - speakers)
    gaps = defaultdict(list)
    for clip_id in sorted(expected - present):
        if speaker_of(clip_id) in speakers:
            gaps[speaker_of(clip_id)].append(clip_id)
    problems = [Problem(kind="missing", subject=f"speaker {speaker}", detail=f"no file for {some(ids)}", breaks=True,
                        action="copy or download these clips, or pass `--allow-missing` to go on without them")
                for speaker, ids in gaps.items()]
    if absent:
        subject = f"{len(absent)} speaker{'s'[: len(absent) > 1]}"
        problems.append(Problem(kind="missing", subject=subject, detail=f"no clip of {', '.join(absent)}",
                                action="the corpus is partial: reports say so"))
    return problems


def some(names: list[str], separator: str = ", ", most: int = 6) -> str:
    """The first names of a list, and how many more there are."""
    return separator.join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def read_clip(clip: Clip) -> tuple[np.ndarray, int]:
    """A clip's waveform, (samples,) float32, and sample rate in Hz. Raises BenchError when its file can't be read."""
    if clip.path is None:
        raise BenchError(f"clip {clip.id} names no file: read clips of the corpus that `load` gives")
    return audio.read(clip.path, clip.segment)


def nearby(data: Path) -> list[Path]:
    """The folder itself and the visible folders one and two levels below it."""
    children = _folders(data)
    return [data, *children, *(below for child in children for below in _folders(child))]


def _folders(folder: Path) -> list[Path]:
    """The visible folders directly below one, sorted; a folder that may not be listed has none."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except PermissionError:
        return []


def _holds(folder: Path, is_clip: Callable[[str], bool]) -> Iterator[bool]:
    """One True for each clip in a folder; none where it is not there or may not be listed."""
    try:
        yield from (True for path in folder.iterdir() if path.suffix.lower() in ENDINGS and is_clip(path.stem))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return


def audio_files(folder: Path) -> list[Path]:
    """The audio files directly in a folder, sorted by name; hidden files, such as those macOS adds, are not audio."""
    visible = (path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and not path.name.startswith("."))
    return sorted(visible, key=attrgetter("name"))


def one_file_each(files: Iterable[tuple[str, Path]]) -> tuple[dict[str, Path], list[Problem]]:
    """One usable file for each clip id, and what was wrong with the others.

    Args:
        files: (clip id, file) pairs.
    Returns: the usable file of each id, in sorted order; a problem for each pointer, empty file and second copy.
    """
    candidates: dict[str, list[tuple[bool, int, str, Path]]] = defaultdict(list)
    faults = {}
    for clip_id, path in files:
        faults[path] = fault = fault_of(path)
        candidates[clip_id].append((fault is not None, ENDINGS.index(path.suffix.lower()), path.name, path))
    kept, problems = {}, []
    for clip_id in sorted(candidates):
        first, *others = [candidate[-1] for candidate in sorted(candidates[clip_id])]
        fault = faults[first]
        if fault is None:
            kept[clip_id] = first
        else:
            problems.append(fault)
        problems += [Problem(kind="extra", subject=other.name, detail=f"the clip {clip_id} is also there as {first.name}",
                             action=f"{first.name} is used, this file is not") for other in others]
    return kept, problems


def fault_of(path: Path) -> Problem | None:
    """Why a file can't hold audio, by its size and first bytes; None when it may."""
    try:
        size = path.stat().st_size
        pointer = 0 < size < POINTER_LIMIT and audio.is_lfs_pointer(path)
    except OSError as error:
        return Problem(kind="unreadable", subject=path.name, detail=f"{path}: {error.strerror or error}",
                       action="left out; copy or download this clip again", breaks=True)
    if size == 0:
        return Problem(kind="unreadable", subject=path.name, detail=f"{path} is empty",
                       action="left out; copy or download this clip again", breaks=True)
    if pointer:
        return Problem(kind="pointer", subject=path.name, detail=f"{path} is a Git LFS pointer, not audio",
                       action="left out; run `git lfs pull` in the repository it came from", breaks=True)
    return None


def table(path: Path, columns: tuple[str, ...], leading: str = "") -> list[tuple[str, ...]]:
    """The named columns of a CSV file, two or more, row by row, as text.

    Args:
        leading: only rows whose first cell begins so are parsed; a large table is then read much faster.
    Raises: BenchError when the file lacks a column or can't be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
            pick = itemgetter(*(header.index(column) for column in columns))
            lines = (line for line in file if line.startswith((leading, f'"{leading}')) and line.strip())
            return list(map(pick, csv.reader(lines)))
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise BenchError(f"{path} can't be read as a table with the columns {', '.join(map(repr, columns))}: {error}; "
                         "get it again from where the corpus came from, or remove it to do without") from error
