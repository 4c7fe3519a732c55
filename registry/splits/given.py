"""The corpus's own train, validation and test, as the column `split` of a user's table has them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.names import plain
from registry.splits._parts import check_seed, declined, draw_validation, finish

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split

WORDS = {**dict.fromkeys(("train", "training", "trn", "tr"), "train"), **dict.fromkeys(("test", "testing", "tst", "te"), "test"),
         **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), "validation")}
EVALUATION = ("eval", "evaluation")  # where there are test clips too, validation; where there are validation clips, test


@register("given")
class Given:
    """Published divisions, so that figures compare. Clips without a part are left out; speakers are shared where the table has it so.

    Words for the parts are train, validation (valid, val, dev) and test, in any case; eval is what of the last two is not there.

    Args:
        validation_share: of the training clips, in (0, 0.5], where the table names none for validation: whole speakers, or random clips
            where speakers are not known. 0 draws none.
        seed: of that draw.
    Raises: Declined for clips without parts, for other words, and where a part would hold no clips.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool | None] = None
    validation_share: float = 0.0
    seed: int = 42

    def __post_init__(self) -> None:
        require(0 <= self.validation_share <= 0.5, f"given.validation_share must be 0 to 0.5, not {self.validation_share}")
        check_seed(self)

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        meaning = self._meaning(corpus)
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": [], "left_out": []}
        for i, clip in enumerate(corpus.clips):
            parts[meaning[clip.part] if clip.part else "left_out"].append(i)
        for part in ("train", "test"):
            if not parts[part]:
                raise declined(self, corpus, f"it has no {part} clips, but {_counted(corpus)}; name some, or use another split")
        if parts["validation"]:
            return finish(self, corpus, **parts)
        if not self.validation_share:
            raise declined(self, corpus, "no clips are named for validation, by which networks are chosen; name some, or draw them from "
                                         "the training clips with given[validation_share=0.1]")
        train, validation = draw_validation(self, corpus, parts["train"], self.validation_share)
        return finish(self, corpus, train, validation, parts["test"], parts["left_out"])

    def _meaning(self, corpus: Corpus) -> dict[str, str]:
        """The part that each word stands for. Raises: Declined where there are none, or words that stand for nothing."""
        words = {clip.part for clip in corpus.clips if clip.part}
        if not words:
            raise declined(self, corpus, "its clips are in no part; give your table a column 'split' with train, validation and test, or "
                                         "name the column that has them, folder[split=COLUMN], or use another split")
        meaning = {word: WORDS[plain(word)] for word in words if plain(word) in WORDS}
        for word in sorted(words - {*meaning}):
            others = {"validation", "test"} - {*meaning.values()}
            if plain(word) not in EVALUATION or len(others) != 1:
                ambiguous = ", which may be validation or test" if plain(word) in EVALUATION else ""
                raise declined(self, corpus, f"it has {_counted(corpus)}: {word!r}{ambiguous} is not among train, validation (valid, val, "
                                             "dev) and test; rename it, or use another split")
            meaning[word] = others.pop()
        return meaning


def _counted(corpus: Corpus) -> str:
    clips = Counter(clip.part for clip in corpus.clips if clip.part)
    return ", ".join(f"{word} ({n:,} clips)" for word, n in sorted(clips.items()))
