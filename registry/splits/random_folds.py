"""Random clips in folds: each clip is test in one of them, a share of the rest validation; every speaker is in all parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.splits._parts import check_seed, random_fold

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("random_folds")
class RandomFolds:
    """The cross-validation of many published systems, stratified by emotion.

    Speakers are shared, so its figures say nothing about unknown people.

    Args:
        fold: which one is test, 1 to `folds`. folds: 2 or more; 5 and 10 are common. seed: of the draw.
        validation_share: of the clips that are not test; with 0.25 and five folds, parts are as large as those of `speaker_folds`.
    Raises: Declined for a corpus with too few clips for every part to hold each emotion.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = True
    fold: int = 1
    folds: int = 5
    seed: int = 42
    validation_share: float = 0.10
    later_fields: ClassVar[tuple[str, ...]] = ("validation_share",)

    def __post_init__(self) -> None:
        require(self.folds >= 2, f"random_folds.folds must be 2 or more, not {self.folds}")
        require(1 <= self.fold <= self.folds, f"random_folds.fold must be 1 to {self.folds}, not {self.fold}")
        require(0 < self.validation_share < 1, f"random_folds.validation_share must be in (0, 1), not {self.validation_share}")
        check_seed(self)

    def number_of_folds(self, corpus: Corpus) -> int:
        """`folds`, whatever the corpus."""
        return self.folds

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        return random_fold(self, corpus, self.fold, self.folds, self.validation_share)
