"""Random clips: 30 % test, 5 % of the rest validation; every speaker is in all parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.splits._parts import check_seed, stratified

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("random_70_30")
class Random7030:
    """The split of the published systems: stratified by emotion, 4948 / 261 / 2233 clips on the whole of CREMA-D.

    Speakers are shared, so its figures say nothing about unknown people.

    Args:
        seed: of the draw.
    Raises: Declined for a corpus with too few clips for every part to hold each emotion.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = True
    seed: int = 42

    def __post_init__(self) -> None:
        check_seed(self)

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        return stratified(self, corpus, test_share=0.30, validation_share=0.05)
