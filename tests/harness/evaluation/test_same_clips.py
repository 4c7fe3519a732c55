"""Two rows are compared on the clips that both test, so that easier speakers in one test part are no gain."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from harness.evaluation.same_clips import OnSameClips, uar_on_same_clips
from harness.training.predictions import Predictions

EMOTIONS, SENTENCES = ("ANG", "DIS"), 30


def answers(speakers: range, right: float, easier: float = 0.0, sentences: range = range(SENTENCES), seed: int = 0) -> Predictions:
    """A clip of each sentence and emotion a speaker, of whom the first ten are easier. The same seed takes the same clips for right."""
    rng = np.random.default_rng(seed)
    luck = rng.random((40, 2, SENTENCES))
    speaker, truth, sentence = (each.ravel() for each in np.meshgrid([*speakers], [0, 1], [*sentences], indexing="ij"))
    is_right = luck[speaker, truth, sentence] < right + easier * (speaker < 10)
    ids = np.array([f"{who:02d}-{EMOTIONS[what]}-{which:02d}" for who, what, which in zip(speaker, truth, sentence, strict=True)])
    return Predictions(EMOTIONS, ids, truth, np.eye(2)[np.where(is_right, truth, 1 - truth)],
                       {"speaker": np.char.add("S", speaker.astype("U2"))})


def of(one: list[Predictions], other: list[Predictions]) -> OnSameClips:
    same = uar_on_same_clips(one, other)
    assert same
    return same


def test_speakers_that_are_easier_in_one_test_part_are_no_gain() -> None:
    new, heard = answers(range(10), 0.6, easier=0.2), answers(range(40), 0.6, easier=0.2, sentences=range(10))
    assert heard.scores.uar - new.scores.uar < -0.08, "the first ten speakers, which alone are new, are easier"
    same = of([heard], [new])
    assert same.difference == (0, 0, 0), "the networks give the same answers to the clips that both test"
    assert (same.clips, same.speakers) == (10 * 2 * 10, 10)


def test_what_training_gained_is_found_on_the_clips_that_both_test() -> None:
    new, heard = answers(range(10), 0.6, easier=0.2), answers(range(40), 0.65, easier=0.2, sentences=range(20))
    value, low, high = of([heard], [new]).difference
    shared = new.of_clips(heard.clips).scores.uar, heard.of_clips(new.clips).scores.uar
    assert value == pytest.approx(shared[1] - shared[0]) and low < value < high and low > 0
    minus = of([new], [heard]).difference
    assert minus == pytest.approx((-value, -high, -low))


def test_how_far_seeds_differ_is_in_the_interval() -> None:
    new = [answers(range(20), 0.6)]
    alike, apart = ([answers(range(20), right) for right in rights] for rights in ((0.7, 0.7), (0.6, 0.8)))
    widths = [high - low for _, low, high in (of(side, new).difference for side in (alike, apart))]
    assert widths[1] > 2 * widths[0]


def test_few_speakers_in_both_give_no_interval_and_no_clips_in_both_no_difference() -> None:
    few = of([answers(range(3, 40), 0.9)], [answers(range(7), 0.5)])
    assert few.speakers == 4 and few.difference[0] > 0.2 and np.isnan(few.difference[1:]).all()
    assert uar_on_same_clips([answers(range(10), 0.9)], [answers(range(10, 20), 0.5)]) is None


def test_where_nobody_knows_who_speaks_there_is_no_interval() -> None:
    one, other = (dataclasses.replace(each, about={"speaker": np.full(len(each.clips), "")})
                  for each in (answers(range(10), 0.9), answers(range(10), 0.5)))
    same = of([one], [other])
    assert same.speakers == 0 and same.clips == 600 and same.difference[0] > 0.2 and np.isnan(same.difference[1:]).all()


def test_clips_may_come_in_another_order() -> None:
    one, other = answers(range(10), 0.8), answers(range(10), 0.6)
    order = np.random.default_rng(1).permutation(len(one.clips))
    mixed = dataclasses.replace(one, clips=one.clips[order], truth=one.truth[order], probabilities=one.probabilities[order],
                                about={key: texts[order] for key, texts in one.about.items()})
    assert of([mixed], [other]).difference == of([one], [other]).difference
