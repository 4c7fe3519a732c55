"""Rows under random clips are set beside the same rows under unseen speakers; what has no twin is left out."""

from __future__ import annotations

import dataclasses
import math

import made_folds
import numpy as np
import pytest
from made_records import boards_of, row

from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.rows import rows
from harness.evaluation.voices import by_layer, known_voices, voices

HEARD, NEW = {"split": "random_70_30", "shares_speakers": "True"}, {"split": "unseen_speakers_70_30"}


def test_the_gain_is_heard_less_new_on_the_clips_that_both_test() -> None:
    pair, = voices(boards_of(row("good", "net", HEARD), row("weak", "net", NEW)))  # `weak` takes 28 of 40 clips of ANG for another
    each, = pair.rows
    assert each.name == "mel image × net" and pair.chosen is each
    assert each.gain[0] == pytest.approx(each.heard[0] - each.new[0]) and each.heard[0] - each.new[0] > 0.1
    assert each.gain[1] < each.gain[0] < each.gain[2] and (each.clips, each.speakers) == (120, 6)
    finals, = pair.heard.predictions
    some = dataclasses.replace(finals, test=[seed.of_clips(np.array([f"clip{i:03d}" for i in range(0, 120, 3)])) for seed in finals.test])
    again, = voices([pair.new, dataclasses.replace(pair.heard, predictions=(some,))])
    assert again.rows[0].clips == 40 and again.rows[0].gain[0] != pytest.approx(again.rows[0].heard[0] - again.rows[0].new[0])


def test_a_network_that_takes_every_clip_for_one_emotion_says_nothing_of_voices() -> None:
    heard, new = boards_of(row("a", "net", HEARD), row("b", "net", NEW))
    finals, = heard.predictions
    one = [dataclasses.replace(each, probabilities=np.tile(np.eye(len(each.emotions))[0], (len(each.clips), 1))) for each in finals.test]
    pair, = voices([new, dataclasses.replace(heard, predictions=(dataclasses.replace(finals, test=one),))])
    assert pair.rows[0].collapsed and pair.rows[0].gain[2] < 0 and not pair.rows[0].is_told


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


def folds(cell: str, protocol: str, right: float) -> list[Leaderboard]:
    """The leaderboards of a row in five folds, right on a share of its clips, the same for all protocols."""
    made = rows([dataclasses.replace(each, tags=each.tags | {"bench.split": each.tags["bench.split"].replace("speaker_folds", protocol),
                                                             "bench.pooled_split": protocol})
                 for each in made_folds.records({cell: (1, 2, 3, 4, 5)}, seeds=1)])
    return leaderboards(made, made_folds.predictions(made, {cell: right}))


def test_folds_of_random_clips_are_set_beside_those_of_speakers_which_test_every_clip_too() -> None:
    boards = [*folds("net", "speaker_folds", 0.6), *folds("net", "random_folds[validation_share=0.25]", 0.6)]
    pair, = voices(boards)
    assert pair.new.rows[0].split == "speaker_folds (5 folds)" and pair.rows[0].gain[0] == pytest.approx(0)
    assert pair.rows[0].gain[2] - pair.rows[0].gain[1] < 1e-9, "the same answers, speaker by speaker"
    assert voices([*folds("net", "speaker_folds", 0.6), *folds("net", "random_folds", 0.7)]) == [], "which train on more clips"


def test_rows_that_differ_in_one_layer_are_a_series_in_its_order() -> None:
    spaces = [f"whisper[layers=({layers})] vector" for layers in ("10,", "9,", "0,", "2, 3")]
    made = [row(f"{kind}{place}", "net", protocol, feature_space=space) for place, space in enumerate([*spaces, "mel[layers=(0,)]"])
            for kind, protocol in (("heard", HEARD), ("new", NEW))]
    series = by_layer(voices(boards_of(*made))[0])
    assert {name: [layer for layer, _ in rows_] for name, rows_ in series.items()} == {"whisper[one layer] vector × net": [0, 9, 10]}
    assert series["whisper[one layer] vector × net"][1][1].name == "whisper[layers=(9,)] vector × net"


KNOWN = {"split": "known_speakers"}
KNOWING = KNOWN | {"feature_space": "mel image normalise=per_speaker"}


def test_rows_that_know_the_speaker_have_a_leaderboard_of_their_own() -> None:
    nothing, known = boards_of(row("good", "net", KNOWN), row("weak", "net", KNOWING), row("c", "tree", KNOWN))
    assert [each.label for each in nothing.rows] == ["mel image × net", "mel image × tree"]
    assert [each.label for each in known.rows] == ["mel image normalise=per_speaker × net"]
    assert nothing.chosen in nothing.rows and known.chosen is known.rows[0]
    assert (nothing.rows[0].protocol, known.rows[0].protocol) == ("known_speakers", "known_speakers, speaker known")


def test_known_clips_are_worth_what_the_same_row_gains_by_them_on_the_same_clips() -> None:
    boards = boards_of(row("weak", "net", KNOWN), row("good", "net", KNOWING), row("c", "tree", KNOWN))
    pair, = known_voices(boards)
    each, = pair.rows
    assert each.name == "mel image × net" and each.gain[0] == pytest.approx(each.heard[0] - each.new[0]) and each.gain[0] > 0.1
    assert each.gain[2] - each.gain[1] < 2 * max(side[2] - side[1] for side in (each.heard, each.new))
    assert voices(boards) == []


@pytest.mark.parametrize("other", [{"split": "known_speakers[enrolment=1]"}, {"corpus_fingerprint": "f" * 16}])
def test_other_known_clips_and_other_corpora_are_not_set_beside(other: dict[str, str]) -> None:
    assert known_voices(boards_of(row("a", "net", KNOWN), row("b", "net", KNOWING | other))) == []
