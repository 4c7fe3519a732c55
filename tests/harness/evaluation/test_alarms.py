"""Each alarm rings for the fault it is for, in words with the figures, and for nothing less."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from made_records import record

from harness.evaluation.alarms import (
    ALARMS,
    CREDIBLE,
    above_validation,
    alarms,
    beyond_credible,
    loss_of_chance,
    never_predicted,
    noisy_selection,
    table_alarms,
    too_few,
    training_gap,
)
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.rows import rows
from harness.training.predictions import Predictions
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mfcc import Mfcc

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")


def said(recall: float, speakers: int = 20, clips: int = 60, sure: float = 0.6, seed: int = 0) -> Predictions:
    """A balanced part in which this share of all clips is right, every answer being given with probability `sure`."""
    numbers = np.arange(speakers * clips)
    truth = numbers % 6
    random = np.random.default_rng(seed)
    answers = np.where(random.permutation(len(truth)) < recall * len(truth), truth, (truth + random.integers(1, 6, len(truth))) % 6)
    return answered(truth, answers, numbers // clips, sure)


def answered(truth: np.ndarray, answers: np.ndarray, speakers: np.ndarray, sure: float = 0.6) -> Predictions:
    probabilities = np.where(np.eye(6, dtype=bool)[answers], sure, (1 - sure) / 5)
    return Predictions(EMOTIONS, np.arange(len(truth)).astype(str), truth, probabilities, {"speaker": speakers.astype(str)})


GOOD = FinalPredictions(dataclasses.replace(rows([record("trial", "good")])[0], best_epoch=2), [said(0.55), said(0.55, seed=1)],
                        [said(0.56, speakers=15, seed=2)] * 2,
                        {"train_wa": [0.4, 0.6], "validation_wa": [0.45, 0.56], "validation_uar": [0.45, 0.56]})


def but(**changes: object) -> FinalPredictions:
    """The good row with other predictions or history, or with other fields of its row."""
    own = {field.name for field in dataclasses.fields(FinalPredictions)}
    row = dataclasses.replace(GOOD.row, **{key: value for key, value in changes.items() if key not in own})  # type: ignore[arg-type]
    return dataclasses.replace(GOOD, row=row, **{key: value for key, value in changes.items() if key in own})  # type: ignore[arg-type]


def of_emotions(count: int, speakers: int = 20) -> Predictions:
    """A part that has clips of the first emotions alone, all of which are right."""
    truth = np.arange(speakers * 60) % count
    return answered(truth, truth, np.arange(len(truth)) // 60)


def test_a_part_without_an_emotion_says_over_how_many_its_figures_are() -> None:
    ringing = table_alarms([but(test=[of_emotions(4)], validation=[of_emotions(1)])])
    assert ringing["emotion missing in test"] == (
        "The test part has no clips of NEU or SAD: its UAR and macro-F1 are over 4 of 6 emotions.")
    assert ringing["emotion missing in validation"].endswith(
        "its UAR, by which epochs, trials and rows are chosen, is over 1 of 6 emotions, and a constant answer reaches 1.000.")
    assert not {name for name in table_alarms([GOOD]) if name.startswith("emotion missing")}


def test_an_emotion_that_training_had_no_clip_of_is_not_the_networks_fault() -> None:
    never_sad = answered(np.arange(1200) % 6, np.arange(1200) % 5, np.arange(1200) // 60)
    untrained = but(test=[never_sad], training_classes={"ANG": 5, "SAD": 0})
    assert never_predicted(untrained) == "SAD is never predicted, since training had no clip of it."
    assert never_predicted(but(test=[never_sad], training_classes={"SAD": 3})) == "SAD is never predicted."


def test_a_credible_row_rings_no_alarm() -> None:
    assert alarms(GOOD) == {}


def test_a_class_that_some_seed_never_predicts_is_named_with_the_number_of_seeds() -> None:
    one = GOOD.test[0]
    lacking = answered(one.truth, np.where(one.predicted == 4, 5, one.predicted), one.speakers)
    assert never_predicted(but(test=[one, lacking])) == "NEU is never predicted in 1 of 2 seeds."
    assert never_predicted(but(test=[lacking])) == "NEU is never predicted."


def test_a_class_that_no_test_clip_has_need_not_be_predicted() -> None:
    truth = np.arange(600) % 5
    assert never_predicted(but(test=[answered(truth, truth, np.arange(600) // 30)])) == ""


def test_test_far_above_validation_rings_with_the_difference_and_what_sampling_explains() -> None:
    row = but(test=[said(0.6, seed=3)], validation=[said(0.5, speakers=15, seed=4)], history={})
    (test, low, _), (validation, _, high) = row.test_uar, row.validation_uar
    words = above_validation(row)
    assert f"{test - validation:.3f} above" in words and f"±{math.hypot(test - low, high - validation):.3f}" in words


def test_the_same_difference_does_not_ring_when_few_clips_explain_it_or_an_epoch_was_as_good() -> None:
    small = [said(0.5, speakers=6, clips=12, seed=4)]
    high = [said(0.6, seed=3)]
    assert above_validation(but(test=high, validation=small, history={})) == ""
    assert above_validation(but(test=high, validation=[said(0.5, speakers=15, seed=4)], history={"validation_uar": [0.62, 0.5]})) == ""


def test_test_above_validation_needs_five_speakers_on_both_sides() -> None:
    assert above_validation(but(test=[said(0.9)], validation=[said(0.3, speakers=4)], history={})) == ""


def test_equal_probabilities_have_learnt_nothing() -> None:
    guessing = said(1 / 6, sure=0.17)
    assert guessing.scores.loss == pytest.approx(math.log(6), abs=0.02)
    assert "ln 6 = 1.792): it has learnt nothing" in loss_of_chance(but(test=[guessing]))


def test_a_network_too_sure_of_its_errors_is_told_apart_from_one_that_learnt_nothing() -> None:
    words = loss_of_chance(but(test=[said(0.5, sure=0.9999)]))
    assert "far too sure" in words and ", though UAR is 0.5" in words
    assert loss_of_chance(but(test=[said(0.5, sure=0.5)])) == ""


@pytest.mark.parametrize(("shared", "most"), [(False, 0.63), (True, 0.71)])
def test_what_no_network_from_scratch_has_reached_is_doubted(shared: bool, most: float) -> None:
    assert CREDIBLE["crema_d", shared] == most
    assert f"({most:.2f})" in beyond_credible(but(test=[said(most + 0.05)], shares_speakers=shared))
    assert beyond_credible(but(test=[said(most - 0.05)], shares_speakers=shared)) == ""


def test_a_frozen_encoder_may_reach_what_no_network_from_scratch_has() -> None:
    encoder = {"pretrained": {"whisper-tiny.en": {"licence": "MIT"}}, "shares_speakers": True}
    assert beyond_credible(but(test=[said(0.74)], **encoder)) == ""
    assert "credible of a frozen encoder on shared speakers of crema_d (0.77)" in beyond_credible(but(test=[said(0.85)], **encoder))


def test_rows_that_know_how_test_speakers_sound_are_not_held_against_figures_of_systems_that_do_not() -> None:
    knows = FeatureSpace(features=(Mfcc(),), join="vector", normalise="per_speaker").label
    assert beyond_credible(but(test=[said(0.99)], feature_space=knows)) == ""
    assert beyond_credible(but(test=[said(0.99)], feature_space=knows.replace(" normalise=per_speaker", ""))) != ""


def test_nothing_is_beyond_credible_on_corpora_of_which_nothing_is_published() -> None:
    assert beyond_credible(but(test=[said(0.99)], corpus="tess")) == ""


def test_the_gap_between_training_and_validation_is_that_of_the_kept_epoch() -> None:
    history = {"train_wa": [0.5, 0.906, 0.99], "validation_wa": [0.45, 0.487, 0.4]}
    words = training_gap(but(history=history, best_epoch=2))
    assert words.startswith("Training WA 0.906 is 0.419 above validation WA 0.487 at the kept epoch 2")
    assert training_gap(but(history=history, best_epoch=1)) == "" == training_gap(but(history=history, best_epoch=2, target="votes"))
    assert training_gap(but(history={}, best_epoch=2)) == training_gap(but(history=history, best_epoch=0)) == ""


def test_too_few_clips_of_an_emotion_of_most_speakers_and_too_few_speakers_are_all_told() -> None:
    assert too_few(said(0.5, speakers=4, clips=24)) == (
        "Too few to rank: test clips of an emotion (16 of ANG, 16 of DIS, 16 of FEA, 16 of HAP, 16 of NEU, 16 of SAD; 30 needed) "
        "and speakers (4; 5 needed).")
    many = tuple(f"E{i:02d}" for i in range(40))
    few_each = Predictions(many, np.arange(400).astype(str), np.arange(400) % 40, np.eye(40)[np.zeros(400, int)],
                           {"speaker": (np.arange(400) // 40).astype(str)})
    assert "10 of E08, 10 of E09 and 30 more; 30 needed" in too_few(few_each)
    assert never_predicted(but(test=[few_each])).endswith("E10 is never predicted; nor are 29 more emotions.")
    assert too_few(said(0.5, speakers=90, clips=4)) == "Too few to rank: test clips a speaker (median 4; 5 needed)."
    assert too_few(said(0.5, speakers=5, clips=36)) == ""


def nobody_known(predictions: Predictions) -> Predictions:
    return dataclasses.replace(predictions, about={"speaker": np.full(len(predictions.truth), "")})


def test_speakers_that_are_not_known_are_not_said_to_be_too_few() -> None:
    assert too_few(nobody_known(said(0.5, speakers=4, clips=90))) == ""
    assert noisy_selection([nobody_known(said(0.5, speakers=87, clips=3, seed=6))]).startswith(
        "The validation part is small (261 clips): one network's UAR on it is known to no better than ±0.0")


def test_a_validation_part_as_small_as_the_published_ones_makes_selection_noise() -> None:
    """261 clips are known to about ±.06, as the published systems' are; 2,000 clips to a third of it."""
    words = noisy_selection([said(0.5, speakers=87, clips=3, seed=6)])
    half = float(words.partition("±")[2][:5])
    assert 0.05 < half < 0.07 and "261 clips of 87 speakers" in words
    assert "(60 clips of 1 speaker)" in noisy_selection([said(0.5, speakers=1, seed=6)])
    assert noisy_selection([said(0.5, speakers=50, clips=42, seed=6)]) == ""


def test_what_trainings_differ_by_is_no_part_of_how_well_a_validation_part_measures() -> None:
    """Three networks that are .3, .5 and .7 right on 2,100 clips differ for other reasons than these clips."""
    networks = [said(recall, speakers=50, clips=42, seed=6) for recall in (0.3, 0.5, 0.7)]
    assert noisy_selection(networks) == ""


def test_what_concerns_the_parts_of_a_table_is_told_once_for_the_table() -> None:
    small = [said(0.5, speakers=87, clips=3, seed=6)]
    assert table_alarms([GOOD, GOOD]) == table_alarms([]) == {}
    assert list(table_alarms([but(test=[said(0.5, speakers=90, clips=4)], validation=small)] * 3)) == ["too few to rank", "noisy selection"]
    assert alarms(but(validation=small)) == {}


def test_of_few_validation_speakers_the_clips_alone_tell_how_noisy_selection_is_at_least() -> None:
    words = noisy_selection([said(0.5, speakers=2, clips=60, seed=6)])
    assert "to no better than ±0.0" in words
    assert float(words.partition("±")[2][:5]) == pytest.approx(1.96 * math.sqrt(0.25 / 120), abs=0.006)
    assert noisy_selection([said(0.5, speakers=2, clips=600, seed=6)]) == ""


def test_validation_parts_of_folds_may_have_enough_speakers_or_too_few() -> None:
    """24 speakers in five folds: four parts of five speakers, one of four."""
    parts = [said(0.5, speakers=speakers, clips=12, seed=6) for speakers in (5, 5, 5, 5, 4)]
    words = noisy_selection(parts)
    assert 0.05 < float(words.partition("no better than ±")[2][:5]) < 0.5


def test_a_bad_row_rings_many_alarms_each_a_sentence_under_its_short_name() -> None:
    said_bad = answered(np.arange(60) % 6, np.zeros(60, int), np.arange(60) // 30, sure=0.17)
    found = alarms(but(test=[said_bad], validation=[said_bad]))
    assert set(found) == {"class never predicted", "loss of chance"} < set(ALARMS)
    assert all(words[0].isupper() and words.endswith(".") for words in found.values())
