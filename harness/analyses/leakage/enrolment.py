"""What it is worth to know the speaker: a cell standardised within each speaker by some clips without labels, beside the same without.

The protocol of unseen speakers stays, with the same clips to train on. The known clips of test speakers are not scored, unless all are
known; the network that knows nothing is trained once and scored on the same clips.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analyses.leakage.options import ALL
from harness.study.trial import Trial
from registry.feature_space import FeatureSpace
from registry.splits.known_speakers import KnownSpeakers

NEUTRAL = "NEU"
MARK = "known:"  # begins the keys of results


@dataclass(frozen=True)
class Enrolment:
    """What is known of each speaker.

    Args: clips: how many, without their labels; None: all. emotions: of which they are; empty: of any.
    """

    clips: int | None
    emotions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Among the tags of a final, without blanks: `known:5:NEU`."""
        return f"{MARK}{self.clips or ALL}:{'+'.join(self.emotions)}"

    @classmethod
    def of(cls, key: str) -> Enrolment:
        """That of a key.

        >>> Enrolment.of("known:5:NEU"), Enrolment.of("known:all:")
        (Enrolment(clips=5, emotions=('NEU',)), Enrolment(clips=None, emotions=()))
        """
        clips, _, emotions = key.removeprefix(MARK).partition(":")
        return cls(None if clips == ALL else int(clips), tuple(emotions.split("+")) if emotions else ())

    @property
    def order(self) -> tuple[bool, int]:
        """Sorts by the number of clips, all last."""
        return self.clips is None, self.clips or 0

    def split(self, protocol: Any) -> KnownSpeakers:
        """A protocol whose speakers are known so."""
        return KnownSpeakers(protocol=protocol, enrolment=self.clips, emotions=self.emotions)


def enrolments(numbers: Sequence[str], emotions: Sequence[str]) -> list[Enrolment]:
    """Each number of clips, 0 left out, of each composition. Args: numbers: as the options have them. emotions: of the corpus."""
    known = [None if number == ALL else int(number) for number in dict.fromkeys(numbers) if number != "0"]
    return [Enrolment(number, chosen) for chosen in compositions(emotions) for number in known]


def compositions(emotions: Sequence[str]) -> list[tuple[str, ...]]:
    """Of which emotions known clips are: of any; of neutral ones alone; of all but the first of the others.

    >>> compositions(["ANG", "HAP", "NEU"])
    [(), ('NEU',), ('HAP', 'NEU')]
    """
    others = [emotion for emotion in emotions if emotion != NEUTRAL]
    if NEUTRAL not in emotions or not others:
        return [()]
    return [(), (NEUTRAL,), tuple(emotion for emotion in emotions if emotion != others[0])]


def reason_not_priced(base: Trial) -> str:
    """Why a cell has no twin that knows the speaker; empty where it has."""
    if base.augmentation.copies:
        return "it makes altered copies, of which no statistics within a speaker are known"
    if base.feature_space.normalise != "per_band":
        return f"it normalises {base.feature_space.normalise}, so that more than the speaker would differ"
    return ""


def knowing(space: FeatureSpace) -> FeatureSpace:
    """The feature space of the twin that knows the speaker."""
    return dataclasses.replace(space, normalise="per_speaker")
