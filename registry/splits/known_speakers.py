"""A protocol whose speakers have been heard before: some clips of each, without labels, tell how the voice usually sounds."""

from __future__ import annotations

import dataclasses
import zlib
from typing import TYPE_CHECKING, Any, ClassVar

from registry.core import register, short_label
from registry.errors import Declined, require
from registry.splits._parts import check_seed
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

if TYPE_CHECKING:
    import numpy as np

    from registry.corpus import Corpus
    from registry.split import Split


@register("known_speakers")
class KnownSpeakers:
    """The parts of another protocol, with clips of every speaker, of test speakers too, that are known without their labels.

    Feature spaces with `normalise="per_speaker"` use them. It is another question than that of the protocol itself, and has a
    leaderboard of its own. Corpora of actors flatter it: each says every emotion about equally often, so that the clips of a speaker
    tell the mean over emotions; `emotions` measures what is left when they do not.

    Args:
        protocol: a registered split protocol.
        enrolment: clips of each speaker that are known; those of validation and test are not scored. None: all clips, which are scored.
        emotions: of which the known clips are; empty for any.
        seed: of the draw.
    Raises: Declined where speakers are not known, or one has too few clips.
    """

    version: ClassVar[int] = 1
    protocol: Any = UnseenSpeakers7030()
    enrolment: int | None = None
    emotions: tuple[str, ...] = ()
    seed: int = 42

    def __post_init__(self) -> None:
        check_seed(self)
        require(callable(self.protocol) and not isinstance(self.protocol, KnownSpeakers),
                f"known_speakers.protocol must be another split protocol, such as UnseenSpeakers7030(), not {self.protocol!r}")
        require(self.enrolment is None or self.enrolment >= 1,
                f"known_speakers.enrolment must be 1 or more clips, or None for all, not {self.enrolment}")

    @property
    def shares_speakers(self) -> bool | None:
        """As the protocol says of training and test."""
        return self.protocol.shares_speakers  # type: ignore[no-any-return]

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        import numpy as np

        split, unscored = self.protocol(corpus), self.unscored(corpus)
        scored = {part: np.setdiff1d(getattr(split, part), unscored) for part in ("validation", "test")}
        for part, clips in scored.items():
            if not len(clips):
                raise Declined(f"{short_label(self)} leaves no clips to score in the {part} part of {corpus.name}: use fewer than "
                               f"{self.enrolment} known clips")
        known = np.intersect1d(np.concatenate([split.validation, split.test]), unscored)
        return dataclasses.replace(split, **scored, left_out=np.sort(np.concatenate([split.left_out, known])))

    def unscored(self, corpus: Corpus) -> np.ndarray:
        """The known clips of all speakers as far as they are not scored, sorted: none where all clips are known."""
        known = self.enrolled(corpus)
        return known[:0] if self.enrolment is None else known

    def enrolled(self, corpus: Corpus) -> np.ndarray:
        """The known clips of all speakers, sorted: (clips,) int64."""
        import numpy as np

        unknown = {*self.emotions} - {*corpus.emotions}
        if unknown or "" in corpus.speakers:
            raise Declined(f"{short_label(self)} needs clips of {', '.join(sorted(unknown))}, which {corpus.name} has not" if unknown else
                           f"{short_label(self)} needs to know who speaks, which {corpus.name} does not tell of every clip")
        fitting = np.isin(corpus.labels, [corpus.emotions.index(emotion) for emotion in self.emotions or corpus.emotions])
        drawn = [self._of_speaker(speaker, np.flatnonzero(fitting & (corpus.speakers == speaker)), corpus)
                 for speaker in np.unique(corpus.speakers).tolist()]
        return np.sort(np.concatenate(drawn))

    def _of_speaker(self, speaker: str, clips: np.ndarray, corpus: Corpus) -> np.ndarray:
        import numpy as np

        if len(clips) < (self.enrolment or 1):
            raise Declined(f"{short_label(self)} needs {self.enrolment or 1} clips of each speaker, and speaker {speaker} of {corpus.name} "
                           f"has {len(clips)}" + (f" of {', '.join(self.emotions)}" if self.emotions else ""))
        if self.enrolment is None:
            return clips
        rng = np.random.default_rng([self.seed, zlib.crc32(speaker.encode())])
        return rng.permutation(clips)[: self.enrolment]
