"""Augmented before the split: the mistake itself, as a corpus and a split that `bench leakage` alone can open, to measure its worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.data.augmented_copies import Copy, planned_copies
from registry.audio import resample, trim
from registry.augmentation import Augmentation
from registry.core import canonical, checked, specification
from registry.corpus import Clip, Corpus
from registry.errors import Declined, UsageError
from registry.split import Split

COPY_OF = "copy of"  # among a clip's other columns: the id of the clip that it was made of
_measured: ContextVar[bool] = ContextVar("measured", default=False)


@contextmanager
def leak_on_purpose() -> Iterator[None]:
    """Inside it, and nowhere else, corpora can be opened whose clips were altered and copied before any split."""
    token = _measured.set(True)
    try:
        yield
    finally:
        _measured.reset(token)


def leaking_on_purpose() -> bool:
    """Whether this is inside `leak_on_purpose`."""
    return _measured.get()


def source_of(clip: Clip) -> str:
    """The id of the clip that this one was made of; its own where it is no copy."""
    return dict(clip.other).get(COPY_OF, clip.id)


@checked
class AugmentedFirst:
    """WRONG on purpose: a corpus with altered copies of all its clips, those of the later test part included.

    The copies are those that `augmented_copies` makes for a feature space of this rate, trimming and length, but of every clip.
    It is registered nowhere, so that no study and no command line can name it.

    Args:
        corpus: the loader of the clips. samples: that clips are padded to where the augmentation pads first.
    """

    name: ClassVar[str] = "augmented_first"
    version: ClassVar[int] = 1
    corpus: Any
    augmentation: Augmentation
    sample_rate: int
    samples: int
    trim_db: float | None = None
    seed: int = 0

    def load(self, data: Path | None) -> Corpus:
        """The clips of the corpus and their copies, sorted. Raises UsageError outside `leak_on_purpose`."""
        if not _measured.get():
            raise UsageError("augmented_first copies test clips into training: it is opened by `bench leakage` alone, which marks it as "
                             "wrong. List the augmentation in your study instead: copies are then made after the split")
        whole = self.corpus.load(data)
        changes = tuple(planned_copies(self.augmentation, self.seed, self.samples))
        clips = [*whole.clips, *(_copied(clip, place) for clip in whole.clips for place in range(len(changes)))]
        return dataclasses.replace(whole, clips=tuple(sorted(clips, key=lambda clip: clip.id)), whole=whole.whole * (1 + len(changes)),
                                   read_clip=Reader(whole.read_clip, changes, self.sample_rate, self.trim_db),
                                   parameters=canonical([specification(self), whole.parameters]),
                                   preparation=", ".join([whole.preparation, *(change.label for change in changes)]).removeprefix(", "))


def _copied(clip: Clip, place: int) -> Clip:
    return dataclasses.replace(clip, id=f"{clip.id}~{place + 1}", other=(*clip.other, (COPY_OF, clip.id)))


def _place(copy: Clip) -> int:
    """Which of a clip's copies this one is, from 1."""
    return int(copy.id.rpartition("~")[2])


@dataclass(frozen=True)
class Reader:
    """Reads a clip as its corpus does, and alters it where it is a copy."""

    read_clip: Callable[[Clip], tuple[np.ndarray, int]]
    changes: tuple[Copy, ...]
    sample_rate: int
    trim_db: float | None

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        """A clip's waveform, (samples,) float32, and its sample rate in Hz."""
        source = source_of(clip)
        if source == clip.id:
            return self.read_clip(clip)
        original = dataclasses.replace(clip, id=source, other=clip.other[:-1])
        waveform, sample_rate = self.read_clip(original)
        speech = trim(resample(waveform, sample_rate, self.sample_rate), self.trim_db)
        return self.changes[_place(clip) - 1](original, speech, self.sample_rate), self.sample_rate


@checked
class AugmentedBeforeSplit:
    """WRONG on purpose: a protocol's parts of the original clips, with copies in training that were drawn from those of all clips.

    Validation and test hold the very clips that the protocol gives without any copies, so that figures can be compared clip by clip.
    Training holds as many copies by each augmentation, and of each emotion, as its own clips would have: nothing but the leak differs.
    """

    name: ClassVar[str] = "augmented_before_split"
    version: ClassVar[int] = 2
    shares_speakers: ClassVar[bool] = True
    split: Any

    def __call__(self, corpus: Corpus) -> Split:
        """The parts. Raises Declined for a corpus without copies."""
        made = np.array([source_of(clip) != clip.id for clip in corpus.clips])
        if not made.any():
            raise Declined(f"augmented_before_split does not fit {corpus.name}: it holds no copies; only `bench leakage` makes them")
        originals = np.flatnonzero(~made)
        inner = self.split(corpus.part(originals))
        drawn = self._drawn(corpus, np.flatnonzero(made), originals[inner.train])
        undrawn = np.setdiff1d(np.flatnonzero(made), drawn)
        return Split(train=np.sort(np.concatenate([originals[inner.train], drawn])), validation=originals[inner.validation],
                     test=originals[inner.test], left_out=np.sort(np.concatenate([originals[inner.left_out], undrawn])))

    def _drawn(self, corpus: Corpus, made: np.ndarray, train: np.ndarray) -> np.ndarray:
        """Of the copies by each augmentation, as many of each emotion as there are training clips of it."""
        rng, by = np.random.default_rng(self.split.seed), np.array([_place(corpus.clips[i]) for i in made])
        return np.concatenate([rng.choice(made[(by == place) & (corpus.labels[made] == label)], clips, replace=False)
                               for place in np.unique(by) for label, clips in enumerate(np.bincount(corpus.labels[train])) if clips])


OWN: dict[str, type[Any]] = {cls.name: cls for cls in (AugmentedFirst, AugmentedBeforeSplit)}
"""Not registered anywhere: known to those who study or audit leaks."""
