"""What a protocol puts into train, validation and test before anything is trained, and what its figures will not be able to say."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.evaluation.alarms import shortages
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.safe_text import plural
from harness.study.folds import pooled_label
from registry.core import canonical, short_label, specification
from registry.corpus import Corpus
from registry.errors import Declined
from registry.split import Split, folds_of, shares_speakers

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one protocol; of one whose folds are all run, the parts of each fold.

    Args: protocol: its label. splits: one, or one for each fold.
    """

    protocol: Any
    splits: tuple[Split, ...]
    corpus: Corpus

    @property
    def label(self) -> str:
        """The protocol; with the number of folds, where these are pooled."""
        label = short_label(self.protocol)
        return pooled_label(label, len(self.splits)) if len(self.splits) > 1 else label

    @property
    def test(self) -> np.ndarray:
        """The clips that are tested, in all folds together."""
        return np.concatenate([split.test for split in self.splits])

    @property
    def _shares_speakers(self) -> bool:
        return shares_speakers(self.protocol, self.corpus)

    def in_words(self, part: str) -> str:
        """`48 clips of 4 speakers`; the least and the most of several folds; `48 clips` where speakers are not known."""
        indices = [getattr(split, part) for split in self.splits]
        clips, speakers = [len(each) for each in indices], [len(set(self.corpus.speakers[each])) for each in indices]
        if not self.corpus.knows_speakers:
            return f"{_range(clips)} clip{'s'[: max(clips) != 1]}"
        return f"{_range(clips)} clip{'s'[: max(clips) != 1]} of {_range(speakers)} speaker{'s'[: max(speakers) != 1]}"

    def warnings(self) -> list[str]:
        """What the figures will not be able to say, and what to do about it, a sentence or two each."""
        return [f"{self.label}: {text}" for text in (*self._of_emotions(), self._of_size()) if text]

    def _of_emotions(self) -> list[str]:
        known, texts, folds = len(np.unique(self.corpus.labels)), [], len(self.splits)
        unheard = [emotion for i, emotion in enumerate(self.corpus.emotions) if not (self.corpus.labels == i).any()]
        if unheard:
            texts.append(f"the corpus has no clips of {' or '.join(unheard)}: figures are over {known} of {len(self.corpus.emotions)} "
                         "emotions, and nothing learns the others")
        remedy = "; more clips are needed" if self._shares_speakers else "; protocols of random clips draw emotions in proportion"
        for part, figures in (("validation", "UAR, which chooses epochs, settings and rows, is"), ("test", "UAR and macro-F1 are")):
            lacking = [absent for split in self.splits if (absent := missing(split, self.corpus)[part])]
            if lacking and (part == "validation" or folds == 1):  # the test parts of all folds are one, which has every clip
                of_folds = f" of {len(lacking)} of {folds} folds" if folds > 1 else ""
                left = known - max(map(len, lacking))
                emotions = " or ".join(dict.fromkeys(itertools.chain(*lacking)))
                texts.append(f"{part}{of_folds} has no clips of {emotions}: its {figures} over {left} of {known} emotions"
                             + (", and says nothing: a constant answer reaches 1.000" if left == 1 else "") + remedy)
        once = [emotion for i, emotion in enumerate(self.corpus.emotions)
                if any((self.corpus.labels[split.train] == i).sum() == 1 for split in self.splits)]
        return [*texts, f"training has a single clip of {' and of '.join(once)}, from which nothing general can be learnt" if once else ""]

    def _of_size(self) -> str:
        labels, speakers = self.corpus.labels, self.corpus.speakers
        few = shortages(labels[self.test], speakers[self.test], self.corpus.emotions)
        if not few:
            return ""
        number = len(set(speakers.tolist()))
        return f"too few to rank: test {few}" + (self._advice(number) if len(self.splits) == 1 and number >= LEAST_SPEAKERS else "")

    def _advice(self, speakers: int) -> str:
        """The protocol that tests every clip once."""
        folds = "random_folds" if self._shares_speakers else "speaker_folds"
        option = "" if hasattr(self.protocol, "number_of_folds") else f"--split {folds} "
        still = shortages(self.corpus.labels, self.corpus.speakers, self.corpus.emotions)
        return (f"; `{option}--all-folds` tests all {len(self.corpus):,} clips of {plural(speakers, 'speaker')}, each once"
                + (", which is still too little" if still else ""))


def parts_of(protocols: Iterable[Any], corpus: Corpus) -> list[Parts]:
    """The parts of each protocol that fits the corpus, in order; of one that is there in all its folds, together."""
    groups: dict[str, list[Any]] = {}
    for protocol in protocols:
        fields = specification(protocol)
        groups.setdefault(canonical({**fields, "fold": 0} if hasattr(protocol, "number_of_folds") else fields), []).append(protocol)
    return [parts for group in groups.values() for parts in _parts(group, corpus)]


def _parts(protocols: Sequence[Any], corpus: Corpus) -> list[Parts]:
    distinct = {canonical(specification(protocol)): protocol for protocol in protocols}
    try:
        folds = {canonical(specification(fold)) for fold in folds_of(protocols[0], corpus)}
        splits = {key: protocol(corpus) for key, protocol in distinct.items()}
    except Declined:
        return []
    if len(folds) > 1 and folds == distinct.keys():
        return [Parts(folds_of(protocols[0], corpus)[0], tuple(splits.values()), corpus)]
    return [Parts(protocol, (splits[key],), corpus) for key, protocol in distinct.items()]


def missing(split: Split, corpus: Corpus) -> dict[str, list[str]]:
    """Part -> the emotions of which it has no clips, although another part has some."""
    indices = {part: getattr(split, part) for part in PARTS}
    present = np.unique(corpus.labels[np.concatenate(list(indices.values()))])
    return {part: [corpus.emotions[i] for i in np.setdiff1d(present, corpus.labels[clips])] for part, clips in indices.items()}


def lacking_in_training(split: Split, corpus: Corpus) -> str:
    """Why nothing can be trained on a split; empty where training has clips of every emotion.

    An emotion that was never heard is never predicted, which no figure of the network should be blamed for.
    """
    absent = missing(split, corpus)
    lacking = [f"{emotion} ({', '.join(_clips(split, part, emotion, corpus) for part in PARTS[1:] if emotion not in absent[part])})"
               for emotion in absent["train"]]
    return (f"training would hold no clips of {' or of '.join(lacking)}, so that no network could learn it; use a protocol of random "
            "clips, which draws emotions in proportion, or leave that emotion's clips out of the corpus") if lacking else ""


def _clips(split: Split, part: str, emotion: str, corpus: Corpus) -> str:
    return f"{int((corpus.labels[getattr(split, part)] == corpus.emotions.index(emotion)).sum())} in {part}"


def _range(numbers: Sequence[int]) -> str:
    return f"{min(numbers):,}" if min(numbers) == max(numbers) else f"{min(numbers):,}–{max(numbers):,}"
