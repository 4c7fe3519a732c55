"""One session is test, the next validation, the others train; no speaker in two parts: how IEMOCAP is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.splits._parts import declined, finish

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split


@register("leave_one_session_out")
class LeaveOneSessionOut:
    """Sessions in sorted order, as IEMOCAP's clips or a column `session` of a user's own table give them.

    Args:
        fold: which session is test, from 1 on; the next one, after the last the first, is validation.
    Raises: Declined where clips have no session, there are fewer than three, or a speaker is in two.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = False
    fold: int = 1

    def __post_init__(self) -> None:
        require(self.fold >= 1, f"leave_one_session_out.fold must be 1 or more, not {self.fold}")

    def number_of_folds(self, corpus: Corpus) -> int:
        """One for each session."""
        return len(set(self._sessions(corpus)))

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of a corpus."""
        of_clips = self._sessions(corpus)
        sessions = sorted(set(of_clips))
        if self.fold > len(sessions):
            raise declined(self, corpus, f"there is no fold {self.fold} of {len(sessions)} sessions; give 1 to {len(sessions)}")
        names = {sessions[self.fold - 1]: "test", sessions[self.fold % len(sessions)]: "validation"}
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
        for i, session in enumerate(of_clips):
            parts[names.get(session, "train")].append(i)
        return finish(self, corpus, **parts)

    def _sessions(self, corpus: Corpus) -> list[str]:
        """The session of each clip. Raises: Declined where they can't be left out."""
        of_clips = [dict(clip.other).get("session", "") for clip in corpus.clips]
        number, speakers = len(set(of_clips)), set(corpus.speakers.tolist())
        if "" in of_clips:
            raise declined(self, corpus, f"{of_clips.count('')} of {len(corpus)} clips have no session; use speaker_folds")
        if number < 3:
            raise declined(self, corpus, f"three parts need at least 3 sessions, found {number}; use speaker_folds")
        if len(set(zip(corpus.speakers.tolist(), of_clips, strict=True))) > len(speakers):
            raise declined(self, corpus, "speakers are in several sessions; use speaker_folds")
        return of_clips
