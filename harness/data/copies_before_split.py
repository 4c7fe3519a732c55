"""Augmented before the split: the mistake itself, as a corpus and a split that `bench leakage` alone runs, to measure its worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.data.augmented_copies import Copy, planned_copies
from harness.study.definition import Study
from registry.audio import resample, trim
from registry.augmentation import Augmentation
from registry.core import canonical, checked, specification
from registry.corpus import Clip, Corpus
from registry.errors import Declined, UsageError
from registry.feature_space import FeatureSpace
from registry.split import Split

COPY_OF = "copy of"  # among a clip's other columns: the id of the clip that it was made of


def original_id(clip: Clip) -> str:
    """The id of the clip that this one is a copy of; its own where it is no copy."""
    return dict(clip.other).get(COPY_OF, clip.id)


@checked
class AugmentedFirst:
    """WRONG on purpose: a corpus with altered copies of all its clips, those of the later test part included.

    The copies are those that `augmented_copies` makes for a feature space of this rate, trimming and length, but of every clip.
    It is registered nowhere, so that no command line can name it, and a study that holds it is refused. Where the feature space trims,
    its clips are trimmed already, for a copy is altered after trimming: `untrimmed` is the space to read them with.

    Args:
        corpus: the loader of the clips. samples: that clips are padded or cut to, at this rate.
    """

    name: ClassVar[str] = "augmented_first"
    version: ClassVar[int] = 2
    corpus: Any
    augmentation: Augmentation
    sample_rate: int
    samples: int
    trim_db: float | None = None
    seed: int = 0

    def load(self, data: Path | None) -> Corpus:
        """The clips of the corpus and their copies, sorted."""
        whole = self.corpus.load(data)
        changes = tuple(planned_copies(whole, self.augmentation, self.seed, self.samples, self.trim_db))
        partnered = [change.partners.ids for change in changes if change.partners]  # labels decide them, which no audio's hash knows
        copies = [dataclasses.replace(clip, id=f"{clip.id}~{place}", other=(*clip.other, (COPY_OF, clip.id)))
                  for clip in whole.clips for place in range(1, len(changes) + 1)]
        clips = tuple(sorted((*whole.clips, *copies), key=lambda clip: clip.id))
        return dataclasses.replace(whole, clips=clips, whole=whole.whole * (1 + len(changes)),
                                   read_clip=Reader(whole.read_clip, changes, self.sample_rate, self.trim_db),
                                   parameters=canonical([specification(self), whole.parameters, *partnered]),
                                   preparation=", ".join([whole.preparation, *(change.label for change in changes)]).removeprefix(", "))

    def untrimmed(self, space: FeatureSpace) -> FeatureSpace:
        """A feature space of this rate, trimming and length as one that trims nothing, with the same features of these clips."""
        return space if self.trim_db is None else dataclasses.replace(space, trim_db=None, duration_s=self.samples / self.sample_rate)


def _place(copy: Clip) -> int:
    """Which of a clip's copies this one is, from 1."""
    return int(copy.id.rpartition("~")[2])


@dataclass(frozen=True)
class Reader:
    """Reads a clip as its corpus does, trimmed where `trim_db` is given, and alters it where it is a copy."""

    read_clip: Callable[[Clip], tuple[np.ndarray, int]]
    changes: tuple[Copy, ...]
    sample_rate: int
    trim_db: float | None

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        """A clip's waveform, (samples,) float32, and its sample rate in Hz."""
        is_copy = original_id(clip) != clip.id
        original = dataclasses.replace(clip, id=original_id(clip), other=clip.other[:-1]) if is_copy else clip
        waveform, sample_rate = self.read_clip(original)
        if not is_copy and self.trim_db is None:
            return waveform, sample_rate
        speech = trim(resample(waveform, sample_rate, self.sample_rate), self.trim_db)
        return self.changes[_place(clip) - 1](original, speech, self.sample_rate) if is_copy else speech, self.sample_rate


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
        is_copy = np.array([original_id(clip) != clip.id for clip in corpus.clips])
        if not is_copy.any():
            raise Declined(f"augmented_before_split does not fit {corpus.name}: it holds no copies; only `bench leakage` makes them")
        originals, copies = np.flatnonzero(~is_copy), np.flatnonzero(is_copy)
        inner = self.split(corpus.part(originals))
        # Of the copies by each augmentation, as many of each emotion as there are training clips of it
        rng, places = np.random.default_rng(self.split.seed), np.array([_place(corpus.clips[i]) for i in copies])
        counts = np.bincount(corpus.labels[originals[inner.train]])
        drawn = np.concatenate([rng.choice(copies[(places == place) & (corpus.labels[copies] == label)], clips, replace=False)
                                for place in np.unique(places) for label, clips in enumerate(counts) if clips])
        undrawn = np.setdiff1d(copies, drawn)
        return Split(train=np.sort(np.concatenate([originals[inner.train], drawn])), validation=originals[inner.validation],
                     test=originals[inner.test], left_out=np.sort(np.concatenate([originals[inner.left_out], undrawn])))


OWN: dict[str, type[Any]] = {cls.name: cls for cls in (AugmentedFirst, AugmentedBeforeSplit)}
"""By name: registered nowhere, known to those who measure or audit leaks."""


def refuse_leaks(study: Study) -> None:
    """Raise UsageError for a study with this corpus or split."""
    for part in (study.corpus, *study.protocols):
        if isinstance(part, (AugmentedFirst, AugmentedBeforeSplit)):
            raise UsageError(f"{part.name} copies test clips into training: only `bench leakage` runs it, which marks it as wrong. List "
                             "the augmentation in your study instead: copies are then made after the split")
