"""Synthetic speech-like clips in CREMA-D's shape: always available, synthesised when read, of no real person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from registry.core import canonical, register, specification
from registry.corpus import Clip, Corpus
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")


@register("synthetic")
class Synthetic:
    """Each speaker says each sentence in each emotion; pitch, level, tempo and voice quality depend on the emotion.

    For trying things out and for tests; figures on it say nothing about real speech. A clip depends on the seed, its id
    and the sample rate alone. Speakers differ in voice and in how strongly they show an emotion, so that an unseen
    speaker is harder than a known one.

    Args:
        n_speakers: the sexes alternate, `S01` is male.
        n_sentences: each a fixed sequence of vowels.
        repetitions: clips of each speaker, sentence and emotion.
        sample_rate: Hz.
        seed: another seed gives other speakers, sentences and clips.
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = EMOTIONS
    licence: ClassVar[str] = "none needed: computed"
    citation: ClassVar[str] = ""
    n_speakers: int = 12
    n_sentences: int = 6
    repetitions: int = 1
    sample_rate: int = 16_000
    seed: int = 0

    def __post_init__(self) -> None:
        for field, most in (("n_speakers", 99), ("n_sentences", 99), ("repetitions", 9)):
            value = getattr(self, field)
            require(1 <= value <= most, f"synthetic.{field} must be 1 to {most}, not {value}")
        require(8_000 <= self.sample_rate <= 48_000, f"synthetic.sample_rate must be 8000 to 48000 Hz, not {self.sample_rate}")
        require(self.seed >= 0, f"synthetic.seed must be 0 or more, not {self.seed}")

    def load(self, data: Path | None = None) -> Corpus:
        """The corpus; `data` is not used."""
        speakers, sentences = range(1, self.n_speakers + 1), range(1, self.n_sentences + 1)
        clips = tuple(_clip(speaker, sentence, emotion, take) for speaker in speakers for sentence in sentences
                      for emotion in EMOTIONS for take in range(1, self.repetitions + 1))
        return Corpus(name="synthetic", emotions=EMOTIONS, clips=clips, sample_rate=self.sample_rate, whole=len(clips),
                      read_clip=self.read_clip, synthetic=True, parameters=canonical(specification(self)), licence=self.licence)

    def read_clip(self, clip: Clip) -> tuple[np.ndarray, int]:
        """A clip's waveform, (samples,) float32 of 1.3 to 3.5 s with peak below 1, and the sample rate in Hz."""
        from registry.corpora._synthesis import generator, syllables, utterance, voice

        speaker = voice(generator(self.seed, "speaker", clip.speaker), clip.sex or "male")
        sentence = syllables(generator(self.seed, "sentence", clip.sentence))
        rng = generator(self.seed, "clip", clip.id)
        return utterance(sentence, speaker, clip.emotion, rng, self.sample_rate), self.sample_rate


def _clip(speaker: int, sentence: int, emotion: str, take: int) -> Clip:
    return Clip(id=f"S{speaker:02d}_T{sentence:02d}_{emotion}_{take}", emotion=emotion, speaker=f"S{speaker:02d}",
                sentence=f"T{sentence:02d}", level="XX", sex="male" if speaker % 2 else "female")
