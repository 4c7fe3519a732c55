"""The neutral clip of the same speaker that an altered copy of a training clip is made with: itself a training clip, drawn by seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.data.feature_workers import DamagedClips
from harness.study.seeds import seed_for
from registry.audio import resample, trim
from registry.clip_audio import waveform_of
from registry.corpus import Clip, Corpus
from registry.emotions import common
from registry.errors import BenchError

if TYPE_CHECKING:
    import numpy as np

NEUTRAL = "NEU"


@dataclass(frozen=True)
class Partners:
    """The partner of each clip that has one, and how it is read; sent to workers.

    Args: of: a clip's id -> its partner. trim_db: as of the feature space.
    """

    of: Mapping[str, Clip]
    read_clip: Callable[[Clip], tuple[np.ndarray, int]]
    trim_db: float | None

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The ids of each clip and of its partner, sorted."""
        return sorted((clip, partner.id) for clip, partner in self.of.items())

    def waveform(self, clip: Clip, sample_rate: int) -> np.ndarray | None:
        """The partner's waveform, prepared as a clip's is before it is altered, (samples,) float32; None where the clip has none.

        Raises: DamagedClips naming the partner where it can't be read.
        """
        partner = self.of.get(clip.id)
        if partner is None:
            return None
        try:
            waveform, own_rate = waveform_of(partner, self.read_clip)
        except BenchError as error:
            raise DamagedClips({partner.id: str(error)}) from error
        return trim(resample(waveform, own_rate, sample_rate), self.trim_db)


def partners(part: Corpus, recipe: str, trim_db: float | None) -> Partners:
    """A partner for each clip of a part, out of this part: another one of the same speaker in the corpus's neutral emotion.

    Which one depends on the recipe, the clip's id and the speaker's neutral clips in the part, whatever the order of clips.
    Raises: BenchError as `reason_without` says.
    """
    if reason := reason_without(part):
        raise BenchError(reason)
    neutral, by_speaker = _neutral(part), defaultdict(list)
    for clip in sorted(part.clips, key=lambda clip: clip.id):
        if clip.emotion in neutral:
            by_speaker[clip.speaker].append(clip)
    of = {}
    for clip in part.clips:
        if others := [other for other in by_speaker[clip.speaker] if other.id != clip.id]:
            of[clip.id] = others[seed_for(recipe, f"partner of {clip.id}") % len(others)]
    return Partners(of, part.read_clip, trim_db)


def reason_without(corpus: Corpus) -> str | None:
    """Why clips of a corpus can't have partners; None where they can."""
    needs = "a neutral clip of the same speaker"
    if not corpus.knows_speakers:
        return f"it needs {needs}, and the clips of {corpus.name} do not say who speaks: leave it out, or give the clips speakers"
    if not _neutral(corpus):
        return (f"it needs {needs}, and none of the emotions of {corpus.name} is neutral ({', '.join(corpus.emotions)}): leave it out, or "
                f"let one of them count as {NEUTRAL}")
    return None


def _neutral(corpus: Corpus) -> set[str]:
    """The emotions of a corpus that mean neutral, mostly one."""
    return {emotion for emotion in corpus.emotions if common(emotion) == NEUTRAL}
