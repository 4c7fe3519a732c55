"""Validation folds: a protocol's training and validation clips, divided so that each is validation once; no test clip is among them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from registry.core import checked, short_label
from registry.errors import Declined, require
from registry.split import Split

if TYPE_CHECKING:
    import numpy as np

    from registry.corpus import Corpus


@checked
class ValidationFold:
    """One of the folds: it is validation, the other folds are training; test is that of the protocol.

    What the protocol keeps apart stays apart: whole speakers, or whole sentences, are in one fold; else clips are drawn at random. Folds
    hold emotions in proportion, and the sexes, where speakers are kept apart and every clip has it.

    Args:
        protocol: a registered split protocol. fold: from 1 to `folds`, which are 2 or more.
    Raises: Declined where the clips do not suffice for so many folds.
    """

    name: ClassVar[str] = "validation_fold"
    version: ClassVar[int] = 1
    protocol: Any
    fold: int
    folds: int

    def __post_init__(self) -> None:
        require(self.folds >= 2, f"validation_fold.folds must be 2 or more, not {self.folds}")
        require(1 <= self.fold <= self.folds, f"validation_fold.fold must be 1 to {self.folds}, not {self.fold}")

    @property
    def shares_speakers(self) -> bool | None:
        """As the protocol says of test speakers."""
        return self.protocol.shares_speakers  # type: ignore[no-any-return]

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        import numpy as np

        whole: Split = self.protocol(corpus)
        clips = np.sort(np.concatenate([whole.train, whole.validation]))
        groups = kept_apart(self.protocol, corpus, whole)
        train, validation = self._drawn(corpus, clips, groups)
        heard, known = np.unique(corpus.labels[train]), np.unique(corpus.labels[clips])
        if unheard := [corpus.emotions[i] for i in np.setdiff1d(known, heard)]:
            raise self._declined(corpus, f"training of fold {self.fold} would hold no clips of {' or of '.join(unheard)}")
        unscored = np.intersect1d(validation, self.protocol.unscored(corpus)) if hasattr(self.protocol, "unscored") else clips[:0]
        if len(unscored) == len(validation):
            raise self._declined(corpus, f"all clips of fold {self.fold} are known ones, which are not scored")
        return Split(train=train, validation=np.setdiff1d(validation, unscored), test=whole.test,
                     left_out=np.sort(np.concatenate([whole.left_out, unscored])))

    def enrolled(self, corpus: Corpus) -> np.ndarray:
        """The known clips of all speakers, sorted, where those of the protocol are: see `registry.splits.known_speakers`."""
        return self.protocol.enrolled(corpus)  # type: ignore[no-any-return]

    def _drawn(self, corpus: Corpus, clips: np.ndarray, groups: str) -> tuple[np.ndarray, np.ndarray]:
        """The clips of training and validation, sorted."""
        import numpy as np
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        seed, labels = getattr(self.protocol, "seed", 0), corpus.labels[clips]
        if groups == "clips":
            few = [f"{corpus.emotions[i]} {n}" for i, n in enumerate(np.bincount(labels)) if 0 < n < self.folds]
            if few:
                raise self._declined(corpus, f"there are too few clips of {', '.join(few)} for a clip in each fold")
            folds = StratifiedKFold(self.folds, shuffle=True, random_state=seed).split(clips, labels)
        else:
            of_clips = np.array([getattr(corpus.clips[i], groups[:-1]) for i in clips])
            if (number := len(set(of_clips.tolist()))) < self.folds:
                raise self._declined(corpus, f"it keeps {groups} apart, and has {number} in training and validation together")
            folds = StratifiedGroupKFold(self.folds, shuffle=True, random_state=seed).split(clips, self._strata(corpus, clips), of_clips)
        with warnings.catch_warnings():  # of strata with fewer clips than there are folds, which then are in proportion as far as it goes
            warnings.simplefilter("ignore", UserWarning)
            train, validation = list(folds)[self.fold - 1]
        return clips[train], clips[validation]

    def _strata(self, corpus: Corpus, clips: np.ndarray) -> np.ndarray:
        """A number for each clip: by its emotion and the speaker's sex, where all have it; by less where clips are too few for that."""
        import numpy as np

        sexes = np.unique([corpus.clips[i].sex or "" for i in clips], return_inverse=True)[1]
        labels = corpus.labels[clips]
        finest = (labels * (sexes.max() + 1) + sexes, labels, np.zeros_like(labels))
        return next(strata for strata in finest if np.bincount(strata).max() >= self.folds)

    def _declined(self, corpus: Corpus, reason: str) -> Declined:
        return Declined(f"{short_label(self.protocol)} of {corpus.name} can't be searched with validation_folds={self.folds}: {reason}; "
                        "use fewer folds, or a protocol of random clips")


def validation_folds(protocol: Any, folds: int) -> tuple[ValidationFold, ...]:
    """Every fold, in order."""
    return tuple(ValidationFold(protocol=protocol, fold=fold, folds=folds) for fold in range(1, folds + 1))


def kept_apart(protocol: Any, corpus: Corpus, split: Split) -> str:
    """What validation folds keep apart as a protocol keeps it apart: `speakers`, `sentences` or, where both are shared, `clips`."""
    if protocol.shares_speakers is False:
        return "speakers"
    train, validation = ([corpus.clips[i] for i in part] for part in (split.train, split.validation))
    speakers_known = corpus.knows_speakers and protocol.shares_speakers is None
    if speakers_known and {clip.speaker for clip in train}.isdisjoint(clip.speaker for clip in validation):
        return "speakers"
    sentences = {clip.sentence for clip in (*train, *validation)}
    if None in sentences or len(sentences) == len(train) + len(validation):
        return "clips"
    return "sentences" if {clip.sentence for clip in train}.isdisjoint(clip.sentence for clip in validation) else "clips"
