"""Rows under random clips are set beside the same rows under unseen speakers; what has no twin is left out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from made_records import final, known

from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.rows import rows
from harness.evaluation.voices import voices
from harness.tracking.run_record import RunRecord

HEARD, NEW = {"split": "random_70_30", "shares_speakers": "True"}, {"split": "unseen_speakers_70_30"}


def boards_of(*finals: list[RunRecord]) -> list[Leaderboard]:
    made = rows([record for each in finals for record in each])
    return leaderboards(made, known(made))


def row(cell: str, architecture: str, protocol: dict[str, str], **tags: Any) -> list[RunRecord]:
    return final(cell, (0.6, 0.61), 0.1, architecture=architecture, **protocol, **tags)


def test_the_gain_is_heard_less_new_with_an_interval_of_independent_speakers() -> None:
    pair, = voices(boards_of(row("good", "net", HEARD), row("weak", "net", NEW)))  # `weak` takes 28 of 40 clips of ANG for another
    each, = pair.rows
    assert each.name == "mel image × net" and pair.chosen is each
    assert each.gain[0] == pytest.approx(each.heard[0] - each.new[0]) and each.heard[0] - each.new[0] > 0.1
    assert each.gain[1] < each.gain[0] < each.gain[2]
    assert each.gain[2] - each.gain[1] > max(side[2] - side[1] for side in (each.heard, each.new))


def test_rows_come_best_on_new_speakers_first_and_only_those_of_both_protocols() -> None:
    pair, = voices(boards_of(row("a", "net", HEARD), row("weak", "net", NEW), row("c", "tree", HEARD), row("d", "tree", NEW),
                             row("e", "alone", NEW)))
    assert [each.name for each in pair.rows] == ["mel image × tree", "mel image × net"]


@pytest.mark.parametrize("other", [
    {"split": "unseen_speakers_80_20"}, {"split": "unseen_speakers_70_30[seed=1]"}, {"split": "speaker_folds"},
    {"split": "unseen_speakers_70_30", "corpus_fingerprint": "f" * 16}])
def test_protocols_of_other_proportions_seeds_or_clips_are_no_twins(other: dict[str, str]) -> None:
    assert voices(boards_of(row("a", "net", HEARD), row("b", "net", other))) == []


def test_twins_have_the_same_fields() -> None:
    pair, = voices(boards_of(row("a", "net", HEARD | {"split": "random_80_20[seed=1]"}),
                             row("b", "net", {"split": "unseen_speakers_80_20[seed=1]"})))
    assert not pair.rows[0].is_told and math.isclose(pair.rows[0].gain[0], 0)
