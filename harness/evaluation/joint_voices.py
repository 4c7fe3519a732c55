"""What voices that were heard in training are worth to the networks of all studies, from the records of their test answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.evaluation.intervals import is_told
from harness.evaluation.joint_leaderboards import Data, name_of
from harness.evaluation.same_clips import OnSameClips, uar_on_same_clips
from harness.evaluation.study_records import StudyRecord, TestedRow
from harness.evaluation.voices import twin_of


@dataclass(frozen=True)
class JointVoices:
    """One network under random clips and under unseen speakers.

    Args: protocols: that of random clips, and its twin. name, kind: of the row. gain: test UAR on heard voices less that on new ones.
    """

    studies: tuple[str, ...]
    protocols: tuple[str, str]
    name: str
    kind: str
    gain: OnSameClips

    @property
    def is_told(self) -> bool:
        """Whether the gain is more than chance explains."""
        return is_told(self.gain.difference)


def joint_voices(records: Iterable[StudyRecord]) -> list[JointVoices]:
    """Of each pair of protocols, most rows first, the rows that gain most first; a network of two studies with the same gain stands once.

    Networks that take every clip for one emotion have learnt nothing of voices, and are left out, as are those without an interval.
    """
    found: dict[tuple[object, ...], JointVoices] = {}
    for record in sorted(records, key=lambda record: record.name):
        boards = {(board["corpus_fingerprint"], board["protocol"]): board for board in record.data["leaderboards"]
                  if not board["knows_speakers"]}
        for (corpus, protocol), heard in boards.items():
            twin = twin_of(protocol)
            for row, other in _pairs(heard, boards.get((corpus, twin))):
                sides = [record.tested.get(each["cell"]) for each in (row, other)]
                answers = [side.predictions for side in sides if side and not _collapsed(side)]
                if len(answers) < 2 or np.isnan((gain := uar_on_same_clips(*answers)).difference[1]):
                    continue
                key = (corpus, protocol, row["name"], gain.difference)
                studies = (*(found[key].studies if key in found else ()), record.name)
                found[key] = JointVoices(studies, (protocol, twin), name_of(row), row["class"], gain)
    pairs = [each.protocols for each in found.values()]
    return sorted(found.values(), key=lambda each: (-pairs.count(each.protocols), each.protocols, -each.gain.difference[0], each.name))


def _pairs(heard: Data, new: Data | None) -> list[tuple[Data, Data]]:
    """Rows of both leaderboards of the same name."""
    of_new = {row["name"]: row for row in new["rows"]} if new else {}
    return [(row, of_new[row["name"]]) for row in heard["rows"] if row["name"] in of_new]


def _collapsed(tested: TestedRow) -> bool:
    return len(np.unique(tested.predicted)) == 1
