"""A fold for each speaker, who is test; about a fifth of the others' clips, of whole speakers, are validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.splits._parts import check_seed, declined, speakers_in_random_order, with_test_groups

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("leave_one_speaker_out")
class LeaveOneSpeakerOut:
    """10 folds for EmoDB, 91 for CREMA-D. One of them tests one speaker and ranks nothing: run them all, with `--all-folds`.

    Args:
        fold: place of the test speaker in the sorted list, from 1; validation speakers are the next ones in a random order.
        seed: of that order, in which the sexes alternate where the corpus has them.
    Raises: Declined for a corpus with fewer than three speakers, or with fewer than `fold`.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = False
    fold: int = 1
    seed: int = 42

    def __post_init__(self) -> None:
        require(self.fold >= 1, f"leave_one_speaker_out.fold must be 1 or more, not {self.fold}")
        check_seed(self)

    def number_of_folds(self, corpus: Corpus) -> int:
        """One for each speaker."""
        return len(speakers_in_random_order(self, corpus))

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        order = speakers_in_random_order(self, corpus)
        if self.fold > len(order):
            raise declined(self, corpus, f"there is no fold {self.fold} of {len(order)} speakers; give 1 to {len(order)}")
        test = sorted(order)[self.fold - 1]
        place = order.index(test)
        others = order[place + 1 :] + order[:place]  # so that every speaker is in validation about equally often
        return with_test_groups(self, corpus, corpus.speakers.tolist(), {test}, others, validation_share=0.20)
