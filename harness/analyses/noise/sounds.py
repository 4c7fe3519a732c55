"""Clips in noise of a given strength: white noise, or the babble of other speakers; the same noise at every level, scaled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.study.seeds import seed_for
from registry.audio import ACTIVE_DB, active_power, at_snr, resample, trim
from registry.corpus import Clip, Corpus
from registry.errors import BenchError

TALKERS = 6  # of a babble


@dataclass(frozen=True, eq=False)
class Noises:
    """The noise of each test clip of one split, drawn from a seed of the clip and the kind alone.

    *White* is Gaussian. *Babble* is the sum of six clips of six speakers, equally loud, each without its leading and trailing
    pauses, started anywhere and repeated or cut to the clip's length. They are drawn from the training part, never from the
    test clip's own speaker; where training has fewer than six others, some of them talk twice, in other clips where they have any.

    Args:
        train: indices of the training part in the corpus.
    """

    corpus: Corpus
    train: np.ndarray

    @cached_property
    def _clips_by_speaker(self) -> dict[str, list[Clip]]:
        """Speaker -> clips of the training part, sorted."""
        clips: dict[str, list[Clip]] = {}
        for clip in sorted((self.corpus.clips[i] for i in self.train), key=lambda clip: (clip.speaker, clip.id)):
            clips.setdefault(clip.speaker, []).append(clip)
        return clips

    def of(self, clip: Clip, kind: str, samples: int, sample_rate: int) -> np.ndarray:
        """Noise of a kind for a clip: (samples,) float32, of active power 1.

        Raises: BenchError for babble where training holds no other speaker.
        """
        rng = np.random.default_rng(seed_for(clip.id, f"{kind} noise"))
        if kind == "white":
            return _levelled(rng.standard_normal(samples, dtype=np.float32))
        voices = [_levelled(trim(resample(*self.corpus.read_clip(talker), sample_rate), ACTIVE_DB)) for talker in self.talkers(clip, rng)]
        return _levelled(np.sum([np.resize(np.roll(voice, int(rng.integers(len(voice)))), samples) for voice in voices], axis=0))

    def talkers(self, clip: Clip, rng: np.random.Generator) -> list[Clip]:
        """The clips that a clip's babble consists of. Raises BenchError where training holds no other speaker."""
        clips = self._clips_by_speaker
        others = [speaker for speaker in clips if speaker != clip.speaker]
        if not others:
            but = f"but {clip.speaker}" if clip.speaker else "that is known"
            raise BenchError(f"there is no babble for {clip.id}: the training part holds no speaker {but}; give --kinds white")
        order = [others[i] for i in rng.permutation(len(others))]
        turns = [order[place % len(order)] for place in range(TALKERS)]
        drawn = {speaker: list(rng.permutation(len(clips[speaker]))) for speaker in dict.fromkeys(turns)}
        return [clips[speaker][drawn[speaker][(place // len(order)) % len(drawn[speaker])]] for place, speaker in enumerate(turns)]


def in_noise(waveform: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """A clip in noise of active power 1, so that its own active power lies `snr_db` above it; silence stays silence."""
    return at_snr(waveform, noise, active_power(waveform), snr_db)


def _levelled(sound: np.ndarray) -> np.ndarray:
    """The sound at an active power of 1; silence as it is."""
    power = active_power(sound)
    return (sound / np.float32(power**0.5)).astype(np.float32) if power else sound.astype(np.float32)
