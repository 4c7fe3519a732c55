"""Five folds of whole speakers: one is test, the next validation, three are train; EMO-SUPERB's own on CREMA-D."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.splits._parts import declined, finish

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split

FOLDS = 5
CREMA_D_STARTS = ("1019", "1037", "1055", "1073")  # the first actor of folds 2 to 5


@register("speaker_folds")
class SpeakerFolds:
    """Blocks of speakers in sorted order. CREMA-D: 1001–1018, 1019–1036, 1037–1054, 1055–1072, 1073–1091, whoever is missing.

    Other corpora: a fifth of the speakers each, rounded down, the remainder in the last.

    Args:
        fold: which block is test, 1 to 5; the next one, after the fifth the first, is validation.
    Raises: Declined when the test, validation or train blocks hold no clips.
    Reference: Wu et al. 2024, EMO-SUPERB.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = False
    fold: int = 1

    def __post_init__(self) -> None:
        require(1 <= self.fold <= FOLDS, f"speaker_folds.fold must be 1 to {FOLDS}, not {self.fold}")

    def number_of_folds(self, corpus: Corpus) -> int:
        """Five, whatever the corpus."""
        return FOLDS

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        speakers = sorted(set(corpus.speakers.tolist()))
        if corpus.name != "crema_d" and len(speakers) < FOLDS:
            raise declined(self, corpus, f"{FOLDS} folds need at least {FOLDS} speakers, found {len(speakers)}; use random_70_30")
        block_of = {speaker: _block(speaker, place, len(speakers), corpus.name) for place, speaker in enumerate(speakers)}
        names = {self.fold - 1: "test", self.fold % FOLDS: "validation"}
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
        for i, clip in enumerate(corpus.clips):
            parts[names.get(block_of[clip.speaker], "train")].append(i)
        return finish(self, corpus, **parts)


def _block(speaker: str, place: int, speakers: int, corpus: str) -> int:
    """The fold, from 0, of the speaker at a place of the sorted list."""
    if corpus == "crema_d":
        return sum(speaker >= start for start in CREMA_D_STARTS)
    return min(place // (speakers // FOLDS), FOLDS - 1)
