"""What voices that were heard in training are worth to the networks of all studies, from the records of their test answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from harness.evaluation.intervals import is_told
from harness.evaluation.joint_leaderboards import Data, is_trained_once, name_of
from harness.evaluation.same_clips import OnSameClips, uar_on_same_clips
from harness.evaluation.study_records import StudyRecord, TestedRow
from harness.evaluation.voices import twin_of

SAME = ("recipe", "feature_space", "architecture", "augmentation", "settings", "otherwise")  # of two rows that differ in the protocol alone


@dataclass(frozen=True)
class JointVoices:
    """One row under random clips and under unseen speakers.

    Args:
        corpus: with what of it was there. pair: fingerprint of the corpus, the protocol of random clips, and its twin.
        name, kind: of the row. trained_once: a side is a network of one seed, so that the luck of training is in no interval.
        gain: test UAR on heard voices less that on new ones.
    """

    studies: tuple[str, ...]
    corpus: str
    synthetic: bool
    pair: tuple[str, str, str]
    name: str
    kind: str
    trained_once: bool
    gain: OnSameClips

    @property
    def is_told(self) -> bool:
        """Whether the gain is more than chance explains, chance in training included."""
        return is_told(self.gain.difference) and not self.trained_once


def joint_voices(records: Iterable[StudyRecord]) -> list[JointVoices]:
    """By corpus and pair of protocols, those of most rows first and synthetic clips last; the rows that gain most first.

    A row that two studies have with the same gain stands once. Rows whose networks take every clip for one emotion have learnt nothing of
    voices, and are left out, as are those without an interval.
    """
    found: dict[tuple[object, ...], JointVoices] = {}
    for record in sorted(records, key=lambda record: record.name):
        for each in _of_study(record):
            key = (*each.pair, each.name, each.gain.difference)
            found[key] = replace(found[key], studies=(*found[key].studies, record.name)) if key in found else each
    rows = Counter(each.pair for each in found.values())
    return sorted(found.values(), key=lambda each: (each.synthetic, -rows[each.pair], each.pair, -each.gain.difference[0], each.name))


def _of_study(record: StudyRecord) -> list[JointVoices]:
    boards = {(board["corpus_fingerprint"], board["protocol"]): board for board in record.data["leaderboards"]
              if not board["knows_speakers"]}
    made = []
    for (corpus, protocol), heard in boards.items():
        twin = twin_of(protocol)
        for row, other in _pairs(heard, boards.get((corpus, twin))):
            sides = [record.tested.get(each["cell"]) for each in (row, other)]
            answers = [side.predictions for side in sides if side and not _collapsed(side)]
            gain = uar_on_same_clips(*answers) if len(answers) == 2 else None
            if gain and not np.isnan(gain.difference[1]):
                words = f"{heard['corpus_label'] or heard['corpus']}, {heard['coverage']}"
                made.append(JointVoices((record.name,), words, heard["synthetic"], (corpus, protocol, twin), name_of(row), row["class"],
                                        is_trained_once(row) or is_trained_once(other), gain))
    return made


def _pairs(heard: Data, new: Data | None) -> list[tuple[Data, Data]]:
    """Rows of two leaderboards that differ in nothing but the protocol, and what it chose."""
    of_new = {_what_is_trained(row): row for row in new["rows"]} if new else {}
    return [(row, other) for row in heard["rows"] if (other := of_new.get(_what_is_trained(row)))]


def _what_is_trained(row: Data) -> tuple[str, ...]:
    return tuple(str(row[part]) for part in SAME)


def _collapsed(tested: TestedRow) -> bool:
    return len(np.unique(tested.predicted)) == 1
