"""Several corpora as one: one label set, distinct speakers, one sample rate; by default the published 12,162 clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from registry import audio
from registry.core import canonical, register, registered, specification
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError, UsageError, require

if TYPE_CHECKING:
    import numpy as np

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR")
CALM = "CAL"


@register("combined")
class Combined:
    """Any registered corpora that lie below one data folder and label their clips with ANG DIS FEA HAP NEU SAD SUR or CAL.

    A clip's id, speaker and sentence carry its corpus's name (`ravdess/03`), and its field `corpus` is that name. Of the
    seven emotions those remain that one of the corpora has. Licences of all of them apply.

    Args:
        corpora: names of registered corpora, with their default fields.
        calm: `neutral` counts calm clips (of RAVDESS) as neutral: the only way to the published 7442 + 1440 + 2800 + 480
            clips in seven classes. `left_out` leaves them out.
        sample_rate: Hz that every clip is resampled to when it is read; 8000 to 48000.
        speakers: of each corpus only the first so many of those that are there, a partial corpus for quick tries; None: all.
    """

    version: ClassVar[int] = 1
    corpora: tuple[str, ...] = ("crema_d", "ravdess", "savee", "tess")
    calm: Literal["neutral", "left_out"] = "neutral"
    sample_rate: int = 16_000
    speakers: int | None = None

    def __post_init__(self) -> None:
        require(len(self.corpora) > 0, "combined.corpora must name at least one corpus")
        require(len(set(self.corpora)) == len(self.corpora), f"combined.corpora names a corpus twice: {', '.join(self.corpora)}")
        require("combined" not in self.corpora, "combined.corpora can't hold combined itself: name its corpora")
        require(8_000 <= self.sample_rate <= 48_000, f"combined.sample_rate must be 8000 to 48000 Hz, not {self.sample_rate}")
        require(self.speakers is None or self.speakers >= 1, f"combined.speakers must be 1 or more, or None for all, not {self.speakers}")

    def load(self, data: Path | None) -> Corpus:
        """The clips of all members below `data`, sorted; the problems of a member are listed under its name.

        Raises: UsageError for a corpus that is not registered. BenchError when a member is not there, or has an emotion
            outside the label set.
        """
        loaders = {name: registered("corpora", name)() for name in self.corpora}
        loaded = {name: self._member(name, loader, data) for name, loader in loaders.items()}
        members = {name: corpus for name, (corpus, _) in loaded.items()}
        emotions = {emotion for corpus in members.values() for emotion in corpus.emotions}
        clips = sorted((clip for corpus in members.values() for clip in corpus.clips), key=lambda clip: clip.id)
        return Corpus(
            name="combined", emotions=tuple(e for e in EMOTIONS if e in emotions), clips=tuple(clips), sample_rate=self.sample_rate,
            whole=sum(corpus.whole for corpus in members.values()), synthetic=any(c.synthetic for c in members.values()),
            read_clip=Reader({name: corpus.read_clip for name, corpus in members.items()}, self.sample_rate),
            problems=tuple(problem for _, problems in loaded.values() for problem in problems),
            parameters=canonical([specification(self), *map(specification, loaders.values())]),
            licence=_of_each(members, "licence"), citation=_of_each(members, "citation"),
            preparation=f"resampled to {self.sample_rate} Hz")

    def _member(self, name: str, loader: Any, data: Path | None) -> tuple[Corpus, list[Problem]]:
        """A member with this corpus's ids and labels, and its problems."""
        corpus = _loaded(name, loader, data)
        strange = sorted(set(corpus.emotions) - {*EMOTIONS, CALM})
        if strange:
            raise BenchError(f"combined can't take {name}: its emotions {', '.join(strange)} are not among {', '.join(EMOTIONS)} "
                             f"and {CALM}; leave it out of combined.corpora, or label its clips with these")
        calm = sum(clip.emotion == CALM for clip in corpus.clips)
        merged = self.calm == "neutral"
        problems = [dataclasses.replace(p, subject=f"{name}/{p.subject}") for p in corpus.problems]
        if calm:
            problems.append(Problem(kind="calm", subject=name, detail=f"{calm:,} clips of calm, which the seven emotions lack",
                                    action=f"{'counted as neutral' if merged else 'left out'}, as combined.calm says"))
        emotions = tuple(emotion for emotion in corpus.emotions if emotion != CALM) + (("NEU",) if merged and calm else ())
        chosen = set(sorted({clip.speaker for clip in corpus.clips})[: self.speakers])
        clips = tuple(_joined(name, clip) for clip in corpus.clips if (merged or clip.emotion != CALM) and clip.speaker in chosen)
        whole = corpus.whole if merged else corpus.whole - _of_whole(calm, corpus)
        return dataclasses.replace(corpus, emotions=emotions, clips=clips, whole=whole), problems


@dataclass(frozen=True)
class Reader:
    """Reads a clip as its own corpus does and resamples it."""

    readers: dict[str, Callable[[Clip], tuple[np.ndarray, int]]]
    sample_rate: int

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        """A clip's waveform, (samples,) float32, and the one sample rate in Hz."""
        if clip.corpus not in self.readers:
            raise BenchError(f"clip {clip.id} is of none of the corpora {', '.join(self.readers)}: read clips that `load` gives")
        waveform, sample_rate = self.readers[clip.corpus](_own(clip.corpus, clip))
        return audio.resample(waveform, sample_rate, self.sample_rate), self.sample_rate


def _loaded(name: str, loader: Any, data: Path | None) -> Corpus:
    try:
        corpus: Corpus = loader.load(data)
    except UsageError:
        raise
    except BenchError as error:
        raise BenchError(f"{error} Or leave {name} out of combined.corpora.") from error
    return corpus


def _joined(name: str, clip: Clip) -> Clip:
    return dataclasses.replace(clip, id=f"{name}/{clip.id}", speaker=f"{name}/{clip.speaker}", corpus=name,
                               sentence=clip.sentence and f"{name}/{clip.sentence}",
                               emotion="NEU" if clip.emotion == CALM else clip.emotion)


def _own(name: str, clip: Clip) -> Clip:
    """The clip under the names that its own corpus gave it: one that is synthesised is made from them."""
    return dataclasses.replace(clip, id=clip.id.removeprefix(f"{name}/"), speaker=clip.speaker.removeprefix(f"{name}/"), corpus=None,
                               sentence=clip.sentence and clip.sentence.removeprefix(f"{name}/"))


def _of_whole(clips: int, corpus: Corpus) -> int:
    """Clips of the whole corpus that some of the present ones stand for; exact where speakers are there whole or not at all."""
    return round(clips * corpus.whole / len(corpus)) if len(corpus) else 0


def _of_each(members: dict[str, Corpus], field: str) -> str:
    return "; ".join(f"{name}: {getattr(corpus, field)}" for name, corpus in members.items() if getattr(corpus, field))
