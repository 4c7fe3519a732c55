"""What rows gain from voices that they have heard.

In training: the same rows under random clips and under unseen speakers. By clips without labels: the same rows with and without
`normalise="per_speaker"`, on the same test clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.evaluation.intervals import Figure, is_told
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import KNOWING
from harness.evaluation.same_clips import uar_on_same_clips

TWINS = {"random_70_30": "unseen_speakers_70_30", "random_80_20": "unseen_speakers_80_20"}
"""Protocols whose test voices are in training -> those of the same proportions whose test voices are not."""
FOLD_TWINS = {"random_folds[validation_share=0.25] (5 folds)": "speaker_folds (5 folds)"}
"""The same of pooled folds: both test all clips."""
ONE_LAYER = re.compile(r"layers=\((\d+),\)")
LEAST_LAYERS = 3  # of a series


@dataclass(frozen=True)
class VoicesOfRow:
    """The test UAR of one row, each as (value, low, high), bounds NaN for too few speakers.

    Those of the figures are the bounds of their leaderboards, in which all rows share one variance of training; those of the gain are of
    its own two rows.

    Args:
        new, heard: on speakers of whom nothing was heard before, and on those of whom something was.
        gain: heard less new, on the clips that both test; it is not the difference of the figures, which are of all clips of each part.
        clips, speakers: how many both test. collapsed: the networks of one side take every clip for one emotion.
    """

    name: str
    new: Figure
    heard: Figure
    gain: Figure
    clips: int
    speakers: int
    collapsed: bool = False

    @property
    def is_told(self) -> bool:
        """Whether the gain is more than chance explains, of networks that have learnt something."""
        return is_told(self.gain) and not self.collapsed


@dataclass(frozen=True, eq=False)
class Voices:
    """The rows of two leaderboards that differ in nothing but what was heard of the test voices, best on new speakers first."""

    new: Leaderboard
    heard: Leaderboard
    rows: tuple[VoicesOfRow, ...]

    @property
    def chosen(self) -> VoicesOfRow:
        """The row that validation chooses for new speakers or, where that has no twin, the first."""
        name = self.new.chosen.name if self.new.chosen else ""
        return next((row for row in self.rows if row.name == name), self.rows[0])


def voices(boards: Iterable[Leaderboard]) -> list[Voices]:
    """Each pair of leaderboards that a study has of both kinds, on the same corpus, with the rows that both have."""
    placed = {(board.rows[0].corpus_fingerprint, board.rows[0].split): board for board in boards if not board.rows[0].knows_speakers}
    pairs = []
    for (corpus, split), heard in placed.items():
        new = placed.get((corpus, twin_of(split)))
        if new and (rows := _rows(new, heard)):
            pairs.append(Voices(new, heard, rows))
    return pairs


def twin_of(protocol: str) -> str:
    """The protocol whose test voices are not in training and that is else as this one; without a twin, a name that no protocol has."""
    name, bracket, fields = protocol.partition("[")
    return FOLD_TWINS.get(protocol) or TWINS.get(name, "") + bracket + fields


def by_layer(pair: Voices) -> dict[str, list[tuple[int, VoicesOfRow]]]:
    """The rows that differ in nothing but which one layer of an encoder they have: name without the layer -> layers in order, and rows."""
    series: dict[str, list[tuple[int, VoicesOfRow]]] = {}
    for row in pair.rows:
        if match := ONE_LAYER.search(row.name):
            series.setdefault(ONE_LAYER.sub("one layer", row.name), []).append((int(match[1]), row))
    return {name: sorted(rows, key=lambda each: each[0]) for name, rows in series.items() if len(rows) >= LEAST_LAYERS}


def known_voices(boards: Iterable[Leaderboard]) -> list[Voices]:
    """Each leaderboard whose rows know the test speakers by clips without labels, beside that of the rows that know nothing of them."""
    placed = {board.rows[0].board: board for board in boards}
    pairs = []
    for key, known in placed.items():
        unknown = placed.get((*key[:-1], False))
        if key[-1] and unknown and (rows := _rows(unknown, known)):
            pairs.append(Voices(unknown, known, rows))
    return pairs


def _rows(new: Leaderboard, heard: Leaderboard) -> tuple[VoicesOfRow, ...]:
    twins = {finals.row.name.replace(KNOWING, ""): finals for finals in heard.predictions}
    both = []
    for finals in new.predictions:
        twin = twins.get(finals.row.name)
        if twin and (same := uar_on_same_clips(twin.test, finals.test)):
            both.append(VoicesOfRow(finals.row.name, new.test_uar(finals), heard.test_uar(twin), same.difference, same.clips,
                                    same.speakers, finals.collapsed or twin.collapsed))
    return tuple(sorted(both, key=lambda row: (-row.new[0], row.name)))
