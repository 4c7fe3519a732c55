"""Whole sentences: about 30 % of the clips test, 5 % of the rest validation; no sentence in two parts, speakers shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.splits._parts import check_seed, declined, shuffled, whole_groups

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("unseen_sentences")
class UnseenSentences:
    """Whether a network learnt the voice or the words: test sentences never occur in training.

    Args:
        seed: of the order of sentences.
    Raises: Declined for a corpus with fewer than three sentences, or with clips whose sentence is not known.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = True
    seed: int = 42

    def __post_init__(self) -> None:
        check_seed(self)

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        sentences = [clip.sentence for clip in corpus.clips if clip.sentence is not None]
        unknown = len(corpus) - len(sentences)
        if unknown:
            raise declined(self, corpus, f"the sentence of {unknown} of {len(corpus)} clips is not known; use another split")
        if len(set(sentences)) < 3:
            raise declined(self, corpus, f"three parts need at least 3 sentences, found {len(set(sentences))}; use another split")
        order = shuffled(sorted(set(sentences)), self.seed)
        return whole_groups(self, corpus, sentences, order, test_share=0.30, validation_share=0.05)
