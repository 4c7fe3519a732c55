"""Clips that are stretches of longer recordings: their times as a table has them, checked, and where such clips overlap."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from registry.errors import BenchError

if TYPE_CHECKING:
    from registry.corpus import Clip

ROUNDING_S = 0.01  # that an end may lie beyond that of the file, or beyond the next start, as tables round


class Segment(NamedTuple):
    """A stretch of a recording, in seconds from its beginning. Args: end_s: None: to the recording's end."""

    start_s: float
    end_s: float | None = None

    def __str__(self) -> str:
        return f"{self.start_s:.10g}-{'' if self.end_s is None else f'{self.end_s:.10g}'}"

    def frames(self, of_file: int, sample_rate: int) -> tuple[int, int]:
        """Its first sample, and how many there are, in a file of so many."""
        start = round(self.start_s * sample_rate)
        end = of_file if self.end_s is None else min(round(self.end_s * sample_rate), of_file)
        return start, max(end - start, 0)


def segment(start: str, end: str) -> Segment | None:
    """The stretch that two cells of a table give in seconds; None where both are empty: the whole file.

    Raises: BenchError saying what is wrong with them, in a few words.

    >>> segment("1.5", "3"), segment("", "2"), segment("2", "")
    (Segment(start_s=1.5, end_s=3.0), Segment(start_s=0.0, end_s=2.0), Segment(start_s=2.0, end_s=None))
    """
    if not start and not end:
        return None
    stretch = Segment(_seconds("start", start or "0"), _seconds("end", end) if end else None)
    if stretch.end_s is not None and stretch.end_s <= stretch.start_s:
        raise BenchError(f"the end {end} is not after the start {start or 0}")
    return stretch


def _seconds(column: str, text: str) -> float:
    if re.fullmatch(r"(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", text, re.IGNORECASE):
        return float(text)
    if re.fullmatch(r"-\s*\d[\d.,:]*", text):
        raise BenchError(f"the {column} {text} is negative, but times count from the file's beginning")
    if re.fullmatch(r"\d+,\d+", text):
        raise BenchError(f"the {column} {text!r} has a decimal comma: write {text.replace(',', '.')}")
    if clock := re.fullmatch(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)", text):
        seconds = 3600 * int(clock[1] or 0) + 60 * int(clock[2]) + float(clock[3].replace(",", "."))
        raise BenchError(f"the {column} {text!r} is not in seconds: write {seconds:.10g}")
    raise BenchError(f"the {column} {text!r} is not a number of seconds, such as 12.5")


def check_within(stretch: Segment, samples: int, sample_rate: int, longest_s: float) -> None:
    """Raise BenchError, in a few words, where a stretch is not within a recording, holds no sample or is too long for a clip."""
    lasts = f"the end of the file, which lasts {samples / sample_rate:.10g} s; times are in seconds"
    if stretch.start_s >= samples / sample_rate:
        raise BenchError(f"the start {stretch.start_s:.10g} is not before {lasts}")
    if stretch.end_s is not None and stretch.end_s > samples / sample_rate + ROUNDING_S:
        raise BenchError(f"the end {stretch.end_s:.10g} is beyond {lasts}")
    _, count = stretch.frames(samples, sample_rate)
    if not count:
        raise BenchError(f"from {stretch} there is not one sample")
    if count > longest_s * sample_rate:
        raise BenchError(f"it lasts {count / sample_rate:.10g} s, and a clip at most {longest_s:g}: cut it")


def overlapping(clips: Sequence[Clip]) -> Iterator[tuple[int, int]]:
    """Places of clips that share a stretch of one recording, of which at least one is a segment."""
    by_file: dict[object, list[tuple[float, float, int]]] = defaultdict(list)
    for i, clip in enumerate(clips):
        start_s, end_s = clip.segment or (0.0, None)
        by_file[clip.path].append((start_s, math.inf if end_s is None else end_s, i))
    for file, stretches in by_file.items():
        if file is None or not any(clips[i].segment for _, _, i in stretches):
            continue
        stretches.sort()
        for place, (_, end_s, i) in enumerate(stretches):
            for later in range(place + 1, len(stretches)):
                if stretches[later][0] >= end_s - ROUNDING_S:
                    break
                yield (i, stretches[later][2]) if i < stretches[later][2] else (stretches[later][2], i)
