"""Which clips a feature space does not hear whole: those longer than its duration, and those of which trimming leaves next to nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.data.feature_store import description
from harness.data.features import key_of, padded_samples
from registry.corpus import Corpus
from registry.feature_space import FeatureSpace, cut_in_words


@dataclass(frozen=True)
class Cut:
    """The clips of a corpus that a feature space does not hear whole.

    Args:
        longer: than the duration, after trimming; `at_most`: so many before it, which is not done yet.
        emptied: of which trimming leaves next to nothing.
    """

    space: FeatureSpace
    clips: int
    longer: int = 0
    emptied: int = 0
    at_most: bool = False

    def __str__(self) -> str:
        """In a sentence without its end; empty where every clip is heard."""
        longer = cut_in_words(self.longer, self.clips, self.space.duration_s or math.inf) if self.longer else ""
        emptied = f"trimming at {self.space.trim_db} dB leaves next to nothing of {self.emptied:,} of {self.clips:,} clips"
        after = " where trimming leaves more" if longer and self.at_most else ""
        return "; ".join(part for part in (longer + after, emptied if self.emptied else "") if part)

    @property
    def mark(self) -> str:
        """In a few words, for a row of a leaderboard."""
        longer = f"{'at most ' * self.at_most}{self.longer:,} of {self.clips:,} clips at {self.space.duration_s} s"
        emptied = f"{self.emptied:,} of {self.clips:,} clips by trimming"
        return " and ".join(part for part, count in ((longer, self.longer), (emptied, self.emptied)) if count)


def cut(corpus: Corpus, space: FeatureSpace, cache: Path | None = None) -> Cut:
    """What a feature space cuts: as it was counted when the features in the cache were computed, else by the headers of the files.

    Of synthesised clips nothing is known before their features are computed.
    """
    if cache and (counts := description(cache, key_of(corpus, space, padded_samples(corpus, space))).get("cut")):
        return Cut(space, len(corpus), counts.get("longer", 0), counts.get("emptied", 0))
    if space.duration_s is None:
        return Cut(space, len(corpus))
    longest = space.samples(0.0)
    longer = sum(round(length.seconds * space.sample_rate, 6) > longest for length in corpus.lengths if not math.isnan(length.seconds))
    return Cut(space, len(corpus), longer, at_most=space.trim_db is not None)


def cut_lines(corpus: Corpus, spaces: Iterable[FeatureSpace], cache: Path | None = None) -> list[str]:
    """What some feature spaces cut, a line for all that cut alike; none where they hear every clip whole."""
    distinct = {space.label: space for space in spaces}  # cells share them
    sentences = {label: str(cut(corpus, space, cache)) for label, space in distinct.items()}
    alike = Counter(sentences.values())
    named = {sentence: ", ".join(label for label, own in sentences.items() if own == sentence) for sentence in alike if sentence}
    return [sentence if len(alike) == 1 else f"{sentence} by {labels}" for sentence, labels in named.items()]
