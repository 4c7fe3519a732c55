"""Whole speakers: about 20 % of the clips test, 10 % of the rest validation; no speaker in two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.splits._parts import check_seed, unseen_speakers

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("unseen_speakers_80_20")
class UnseenSpeakers8020:
    """As `random_80_20`, but of whole speakers, the sexes in proportion where the corpus has them.

    Args:
        seed: of the order of speakers.
    Raises: Declined for a corpus with too few speakers: three at least.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = False
    seed: int = 42

    def __post_init__(self) -> None:
        check_seed(self)

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        return unseen_speakers(self, corpus, test_share=0.20, validation_share=0.10)
