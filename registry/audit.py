"""The audit of a corpus: every clip is read once, and what is odd about it is listed with what is done about it."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from registry import audio
from registry.clip_audio import refusal, waveform_of
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError, require

if TYPE_CHECKING:
    import numpy as np

SILENCE_DBFS = -60.0
SHORTEST_S = 0.1
LOUD = 2.0  # full scale being 1: lossy formats overshoot it by less, also where speech was clipped
MOST_ALIKE = 10  # clips that are listed one by one where all that is odd about them is the same

CONTAINERS = {".wav": ("WAV", "WAVEX", "RF64", "W64"), ".flac": ("FLAC",), ".ogg": ("OGG",), ".aiff": ("AIFF",),
              ".aif": ("AIFF",)}
"""The containers that a file's ending promises, by libsndfile's names."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The outcome of reading one clip.

    Args:
        refused: why a run refuses the clip; None for one that it takes. What follows is known of those only.
        container: libsndfile's name of the file's format, None for a synthesised clip.
        peak: largest magnitude; 1 is full scale.
        content: hash of the rate and the decoded samples.
    """

    clip: Clip
    refused: Problem | None = None
    container: str | None = None
    channels: int = 1
    sample_rate: int = 0
    seconds: float = 0.0
    peak: float = 0.0
    content: str = ""


class Finding(NamedTuple):
    """A kind of problem, its detail and what is done about it."""

    kind: str
    detail: str
    action: str


def audit(corpus: Corpus, workers: int = 0, progress: Callable[[int, int], None] | None = None) -> list[Problem]:
    """What the listing found and what reading every clip finds, as `read_clips` and `problems_of` do together."""
    return problems_of(corpus, read_clips(corpus, workers, progress))


def read_clips(corpus: Corpus, workers: int = 0, progress: Callable[[int, int], None] | None = None) -> list[Reading]:
    """Every clip of a corpus, read once.

    Args:
        workers: threads; 0 takes one for each core. Decoding runs outside the interpreter's lock, so threads do as
            well as processes and start at once.
        progress: called with (clips done, clips in all) after each clip.
    Raises: BenchError when `workers` is negative.
    """
    require(workers >= 0, f"workers must be 0 (one for each core) or more, not {workers}")
    readings = []
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        for reading in pool.map(lambda clip: _reading(corpus, clip), corpus.clips):
            readings.append(reading)
            if progress is not None:
                progress(len(readings), len(corpus))
    return readings


def problems_of(corpus: Corpus, readings: list[Reading]) -> list[Problem]:
    """What the listing found and what the readings show; those that a run refuses come first, then by kind and clip.

    Found are clips that a run refuses (`registry.clip_audio` says which), silent ones (nothing above -60 dB below full scale), loud ones
    (beyond full scale by more than lossy formats overshoot it), those of less than 0.1 s, containers that are not what the ending names,
    other sample rates than the corpus's, several channels, and identical audio in several clips.
    """
    problems = [problem for reading in readings for problem in _problems(reading, corpus.sample_rate)]
    everything = [*corpus.problems, *_summed_up(problems), *_identical(corpus.name, readings)]
    return sorted(everything, key=lambda p: (not p.breaks, p.kind, p.subject, p.detail))


def _summed_up(problems: list[Problem]) -> list[Problem]:
    """One problem for what many clips share and a run takes, so that a stereo corpus does not hide what is odd about single clips."""
    groups = defaultdict(list)
    for problem in problems:
        groups[problem.breaks, problem.kind, problem.detail, problem.action].append(problem)
    summed_up: list[Problem] = []
    for (breaks, _, detail, _), alike in groups.items():
        first, many = alike[0], len(alike) > MOST_ALIKE and not breaks
        one = dataclasses.replace(first, subject=f"{len(alike):,} clips", detail=f"{detail}: {first.subject}, …")
        summed_up += [one] if many else alike
    return summed_up


def _reading(corpus: Corpus, clip: Clip) -> Reading:
    import numpy as np

    try:
        waveform, sample_rate = waveform_of(clip, corpus.read_clip)
    except BenchError as error:
        return Reading(clip=clip, refused=refusal(clip, error))
    container, channels = _header(clip)
    return Reading(clip=clip, container=container, channels=channels, sample_rate=sample_rate, seconds=len(waveform) / sample_rate,
                   peak=float(np.max(np.abs(waveform))), content=audio_hash(waveform, sample_rate))


def audio_hash(waveform: np.ndarray, sample_rate: int) -> str:
    """Hash of decoded audio: the same for the same samples at the same rate, whatever file they came from."""
    import numpy as np

    return hashlib.sha256(b"%d/" % sample_rate + np.ascontiguousarray(waveform).tobytes()).hexdigest()


def _header(clip: Clip) -> tuple[str | None, int]:
    """Container and channels of a clip's file, which a read waveform no longer has."""
    if clip.path is None:
        return None, 1
    try:
        header = audio.measured(clip.path, clip.segment)
    except BenchError:  # a corpus may read formats that libsndfile can't
        return None, 1
    return header.container, header.channels


def _problems(reading: Reading, sample_rate: int) -> list[Problem]:
    if reading.refused is not None:
        return [reading.refused]
    return [Problem(kind=f.kind, subject=reading.clip.id, detail=f.detail, action=f.action) for f in _oddities(reading, sample_rate)]


def _oddities(reading: Reading, sample_rate: int) -> Iterator[Finding]:
    """What is odd about a clip that could be read."""
    ending = reading.clip.path.suffix.lower() if reading.clip.path else ""
    if reading.container and reading.container not in CONTAINERS.get(ending, (reading.container,)):
        yield Finding("format", f"{reading.container} inside a name that ends in {ending}", "read as what it is")
    if reading.sample_rate != sample_rate:
        yield Finding("rate", f"{reading.sample_rate:,} Hz, where the corpus has {sample_rate:,} Hz",
                      "resampled on purpose to the feature space's rate")
    if reading.seconds < SHORTEST_S:
        yield Finding("short", f"{reading.seconds:.3f} s, less than a word", "kept: padded with silence")
    if reading.channels > 1:
        yield Finding("stereo", f"{reading.channels} channels", "channels averaged")
    if reading.peak > LOUD:
        yield Finding("loud", f"samples of up to {reading.peak:.3g}, where full scale is 1", "kept as it is: clips of another scale differ "
                      "by that alone")
    if _is_silent(reading):
        level = "all samples are zero" if reading.peak == 0 else f"no sample exceeds {20 * math.log10(reading.peak):.0f} dB of full scale"
        yield Finding("silent", level, "kept: it counts in training and scores like any other clip")


def _is_silent(reading: Reading) -> bool:
    return reading.peak < 10 ** (SILENCE_DBFS / 20)


def _identical(corpus: str, readings: Iterable[Reading]) -> list[Problem]:
    """Clips whose decoded audio is the same, sample for sample; silent ones are reported as that."""
    groups = defaultdict(list)
    for reading in readings:
        if reading.refused is None and not _is_silent(reading):
            groups[reading.content].append(reading.clip)
    return [_same(corpus, clips) for clips in groups.values() if len(clips) > 1]


def _same(corpus: str, clips: list[Clip]) -> Problem:
    labels = sorted({f"{clip.emotion} of speaker {clip.speaker}" if clip.speaker else clip.emotion for clip in clips})
    named = " = ".join(clip.id for clip in clips)
    conflict = len(labels) > 1
    detail = f"identical audio: {named}, " + (f"labelled {' and '.join(labels)}" if conflict else f"all labelled {labels[0]}")
    return Problem(kind="conflict" if conflict else "duplicate", subject=clips[0].id, detail=detail, action=_kept(corpus, clips))


def _kept(corpus: str, clips: list[Clip]) -> str:
    """What is done about identical clips: every split keeps them but the one whose published lists do not."""
    from registry.splits.tfds_crema_d import LEFT_OUT

    absent = [clip.id for clip in clips if corpus == "crema_d" and clip.id in LEFT_OUT]
    return f"kept: the published splits count them; tfds_crema_d leaves {' and '.join(absent)} out" if absent else "kept"
