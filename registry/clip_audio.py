"""The audio of a clip as a run takes it, and what a run refuses: one verdict, for `bench check` as for `bench run`."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry import audio
from registry.audio_file import AGAIN
from registry.corpus import Clip, Length, Problem
from registry.errors import BenchError

if TYPE_CHECKING:
    import numpy as np

LOUDEST = 10.0
"""The largest sample that is taken, full scale being 1: resamplers and lossy formats overshoot it a little, whole numbers by far."""
OVERSHOOT = 1.25
"""How far beyond full scale lossy formats and resamplers come."""
SCALES = {2**15: 16, 2**23: 24, 2**31: 32}
"""Full scale of whole numbers -> their bits."""


class OffScale(BenchError):
    """A clip whose samples are far beyond full scale."""


ReadClip = Callable[[Clip], tuple["np.ndarray", int]]


def waveform_of(clip: Clip, read_clip: ReadClip) -> tuple[np.ndarray, int]:
    """A clip's waveform, (samples,) float32, and sample rate in Hz, by its corpus's `read_clip`.

    Raises: BenchError for a clip that a run refuses: one that can't be read, is empty, or whose samples are no finite numbers or far
        beyond full scale. Mixed with other clips such a one would be some 90 dB louder, and a network would hear that first.
    """
    import numpy as np

    waveform, sample_rate = read_clip(clip)
    where = clip.path or f"clip {clip.id}"
    if not len(waveform):
        raise BenchError(f"{where} holds no samples: {AGAIN}")
    peak = float(np.max(np.abs(waveform)))
    if not np.isfinite(peak):
        raise BenchError(f"{where} holds samples that are not finite numbers: {AGAIN}")
    if peak > LOUDEST:
        scale = next((scale for scale in SCALES if peak <= OVERSHOOT * scale), None)
        raise OffScale(f"{where} holds samples of up to {peak:,.0f}, where full scale is 1: " + (
            f"they seem to be {SCALES[scale]}-bit numbers; divide them by {scale:,} and write the clip again" if scale else
            "divide them by what full scale is in it, and write the clip again"))
    return waveform, sample_rate


def length_of(clip: Clip, read_clip: ReadClip) -> Length:
    """How long a clip lasts by its file's header, or why a run refuses it; a clip without a file is not read for it.

    Where libsndfile can't read the file, which a corpus of one's own may be able to, it is read as the corpus does.
    """
    try:
        if clip.path is None:
            return Length(math.nan)
        with contextlib.suppress(BenchError):
            header = audio.measured(clip.path, clip.segment)
            if header.samples:
                return Length(header.samples / header.sample_rate)
        return Length(seconds_of(clip, read_clip))
    except BenchError as error:
        return Length(0.0, refusal(clip, error))


def seconds_of(clip: Clip, read_clip: ReadClip) -> float:
    """How long a clip lasts, which is read for it. Raises: BenchError as `waveform_of` does."""
    waveform, sample_rate = waveform_of(clip, read_clip)
    return len(waveform) / sample_rate


def refusal(clip: Clip, reason: BenchError) -> Problem:
    """The problem of a clip that a run refuses."""
    kind, action = "scale" if isinstance(reason, OffScale) else "unreadable", "a run refuses it, or leaves it out with --allow-missing"
    with contextlib.suppress(OSError):  # not there, or not to be read
        if clip.path is not None and audio.is_lfs_pointer(clip.path):
            kind, action = "pointer", f"run `git lfs pull` in the repository it came from; {action}"
    return Problem(kind=kind, subject=clip.id, detail=str(reason), action=action, breaks=True)
