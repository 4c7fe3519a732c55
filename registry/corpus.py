"""What a corpus is to everything else: sorted, labelled clips that can be read, and how much of the whole is there."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from registry.errors import BenchError
from registry.segments import Segment

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One utterance and what is known of it; fields that a corpus does not give are None.

    Args:
        id: unique within the corpus; the file's name without its ending where there is a file.
        emotion: one of the corpus's `emotions`.
        speaker: the speaker's id, unique within the corpus; empty in all clips of a corpus whose speakers are not known.
        path: the audio file, or None for a clip that is synthesised when read.
        segment: of the file, where the clip is not all of it.
        level: intended intensity (`LO`, `MD`, `HI`, `XX` for unspecified).
        age: in years.
        votes: listeners' votes on the voice alone, as (emotion, count) pairs.
        part: of the corpus's own division into train, validation and test, as it is written there.
        corpus: which corpus the clip comes from, where several are joined into one.
        other: further columns of a user's own table, as (column, value) pairs.
    """

    id: str
    emotion: str
    speaker: str
    sentence: str | None = None
    level: str | None = None
    sex: str | None = None
    age: int | None = None
    race: str | None = None
    ethnicity: str | None = None
    votes: tuple[tuple[str, int], ...] | None = None
    path: Path | None = None
    segment: Segment | None = None
    part: str | None = None
    corpus: str | None = None
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding about a corpus: what kind, where, and what is done about it.

    Args:
        kind: e.g. `missing`, `pointer`, `unreadable`, `scale`, `silent`, `misnamed`, `extra`, `conflict`, `rate`, `stereo`, `format`.
        subject: the clip or file concerned.
        action: what the harness does about it, or what the user should do.
        breaks: True when a run refuses the corpus because of it.
        in_reports: True when reports list it, since it decides what figures mean.
    """

    kind: str
    subject: str
    detail: str
    action: str
    breaks: bool = False
    in_reports: bool = False


class Length(NamedTuple):
    """How long a clip lasts, or why a run refuses it, as far as its file's header tells; NaN seconds without a file."""

    seconds: float
    refused: Problem | None = None


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The clips of one corpus, sorted; splits, features and reports work on it.

    Args:
        name: the registered name, e.g. `crema_d`.
        emotions: the label set, in the order of the model's outputs.
        clips: sorted by id.
        sample_rate: the corpus's nominal rate in Hz.
        whole: how many clips the whole corpus has.
        read_clip: clip -> (waveform of shape (samples,), float32, full scale being 1; sample rate in Hz).
        problems: of the folder's listing (audio is not read for it).
        synthetic: True when the clips are not speech of real people.
        parameters: what, besides the clip's file or id, its audio depends on: the loader's specification.
        preparation: what `read_clip` does to a file's audio besides decoding it, in words; empty where it does nothing.
    """

    name: str
    emotions: tuple[str, ...]
    clips: tuple[Clip, ...]
    sample_rate: int
    whole: int
    read_clip: Callable[[Clip], tuple[np.ndarray, int]]
    problems: tuple[Problem, ...] = ()
    synthetic: bool = False
    parameters: str = ""
    licence: str = ""
    citation: str = ""
    preparation: str = ""

    def __len__(self) -> int:
        return len(self.clips)

    def part(self, indices: Sequence[int] | np.ndarray) -> Corpus:
        """The clips at these indices, in their order, as a corpus of their own; files that were looked at are not read again."""
        part = dataclasses.replace(self, clips=tuple(self.clips[i] for i in indices))
        for known in {"digests", "lengths"} & self.__dict__.keys():
            part.__dict__[known] = tuple(self.__dict__[known][i] for i in indices)
        return part

    @cached_property
    def labels(self) -> np.ndarray:
        """The emotion of each clip as an index into `emotions`; shape (clips,), int64."""
        import numpy as np

        index = {emotion: i for i, emotion in enumerate(self.emotions)}
        return np.array([index[clip.emotion] for clip in self.clips], dtype=np.int64)

    @cached_property
    def vote_shares(self) -> np.ndarray:
        """The share of each emotion among listeners' votes for a clip, 0 everywhere without any: shape (clips, emotions), float32.

        Votes for an emotion that the corpus does not have are left out.
        """
        import numpy as np

        counts = np.array([[dict(clip.votes or ()).get(emotion, 0) for emotion in self.emotions] for clip in self.clips], np.float32)
        counts = counts.reshape(len(self), len(self.emotions))
        return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    @cached_property
    def votes_fingerprint(self) -> str:
        """Hash of the votes for every clip, which `fingerprint` does not know of; empty where no clip has any."""
        lines = [f"{clip.id} {clip.votes}" for clip in self.clips if clip.votes]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""

    @cached_property
    def speakers(self) -> np.ndarray:
        """The speaker of each clip; shape (clips,), str."""
        import numpy as np

        return np.array([clip.speaker for clip in self.clips])

    @property
    def knows_speakers(self) -> bool:
        """Whether the clips say who speaks."""
        return any(clip.speaker for clip in self.clips)

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of each clip's audio file and segment, or of what its synthesis depends on; changes when the audio changes."""
        from concurrent.futures import ThreadPoolExecutor

        first = {clip.path: clip for clip in self.clips if clip.path}  # a recording of many clips is read once
        with ThreadPoolExecutor(max_workers=4) as pool:
            of_file = dict(zip(first, pool.map(_file_digest, first.values()), strict=True))
        return tuple(_digest(clip, of_file[clip.path]) if clip.path else hashlib.sha256(f"{self.parameters}/{clip.id}".encode()).hexdigest()
                     for clip in self.clips)

    @cached_property
    def lengths(self) -> tuple[Length, ...]:
        """How long each clip lasts by its file's header, or why a run refuses it."""
        from concurrent.futures import ThreadPoolExecutor

        from registry.clip_audio import length_of

        with ThreadPoolExecutor(max_workers=4) as pool:
            return tuple(pool.map(lambda clip: length_of(clip, self.read_clip), self.clips))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every clip's id, labels and audio: two corpora with the same fingerprint give the same numbers."""
        pairs = zip(self.clips, self.digests, strict=True)
        lines = [f"{clip.id} {clip.emotion} {clip.speaker} {clip.sentence} {digest}" for clip, digest in pairs]
        # Splits by speaker balance the sexes where they are known: without the table that has them, splits differ.
        unknown = [f"sex unknown: {speaker}" for speaker in sorted({c.speaker for c in self.clips if c.sex is None})]
        parts = [f"part of {clip.id}: {clip.part}" for clip in self.clips if clip.part is not None]
        prepared = [f"audio {self.preparation}"] if self.preparation else []
        return hashlib.sha256("\n".join([self.name, *self.emotions, *lines, *unknown, *parts, *prepared]).encode()).hexdigest()

    @property
    def coverage(self) -> str:
        """How much of the corpus is there, in words: `5,885 of 7,442 clips: partial`."""
        if self.synthetic:
            return f"{len(self):,} clips: synthetic"
        state = "whole" if len(self) == self.whole else "partial"
        return f"{len(self):,} of {self.whole:,} clips: {state}"


def _file_digest(clip: Clip) -> str:
    assert clip.path is not None
    try:
        return hashlib.sha256(clip.path.read_bytes()).hexdigest()
    except OSError as error:
        raise BenchError(f"clip {clip.id} can't be read from {clip.path}: {error.strerror or error}") from error


def _digest(clip: Clip, of_file: str) -> str:
    return of_file if clip.segment is None else hashlib.sha256(f"{of_file} {clip.segment}".encode()).hexdigest()


class CorpusLoader(Protocol):
    """A registered corpus: a component that finds its clips below a folder."""

    name: str

    def load(self, data: Path | None) -> Corpus:
        """The corpus below `data`. Raises BenchError when it is not there, with the files that were looked for."""
        ...
