"""Trials come back from what a run recorded of them, and what differs is named."""

from __future__ import annotations

import dataclasses
import json

import pytest
from small_trials import CLEAN, LOADER, NOISY
from tiny_study import STUDY

from harness.data.copies_before_split import OWN, AugmentedBeforeSplit, AugmentedFirst
from harness.study.cells import plan
from harness.study.rebuild import differences, trial_from
from harness.study.trial import Trial
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.plain_1d import Plain1D
from registry.corpora.combined import Combined
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper
from registry.splits.random_80_20 import Random8020

TRIALS = [CLEAN, NOISY, *(cell.base for cell in plan(STUDY, "clips")),
          dataclasses.replace(NOISY, corpus=Combined(corpora=("tess", "savee")), seed=3, architecture=Plain1D(filters=(4, 8), dense=())),
          dataclasses.replace(CLEAN, feature_space=FeatureSpace(features=(Whisper(layers=(1, 5)),), join="channels")),
          dataclasses.replace(CLEAN, split=AugmentedBeforeSplit(split=Random8020(seed=7)), corpus=AugmentedFirst(
              corpus=LOADER, augmentation=NOISY.augmentation, sample_rate=16_000, samples=16_000, trim_db=30.0))]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: str(trial.signature))
def test_a_trial_comes_back_from_its_configuration(trial: Trial) -> None:
    written = json.loads(json.dumps(trial.configuration))
    again = trial_from(written, OWN)
    assert again == trial and again.signature == trial.signature and differences(again, written) == []


def test_what_a_configuration_says_otherwise_is_named_and_an_unknown_component_is_an_error() -> None:
    older = json.loads(json.dumps(CLEAN.configuration))
    older["feature_space"]["features"][0]["version"] = 0
    del older["training"]["keep"]
    assert differences(trial_from(older), older) == ["feature_space.features.0.version: 0, now 1", "training.keep: None, now best"]
    older["architecture"]["component"] = "plain_3d"
    with pytest.raises(BenchError, match="no architecture is called 'plain_3d'"):
        trial_from(older)
    with pytest.raises(BenchError, match="no corpus is called 'augmented_first'"):
        trial_from(TRIALS[-1].configuration)


def test_an_estimator_of_a_user_s_own_that_stays_data_differs_in_nothing_either() -> None:
    space = dataclasses.replace(CLEAN.feature_space, join="vector")
    written = json.loads(json.dumps(dataclasses.replace(CLEAN, feature_space=space, architecture=LogisticRegression()).configuration))
    written["architecture"]["component"] = "of_a_user_s_own"
    again = trial_from(written, needed=("corpus", "split"))
    assert differences(again, written) == []
    assert differences(again, {**written, "seed": 7}) == ["seed: 7, now 0"]


def test_a_component_of_a_user_s_own_that_is_not_needed_stays_data_with_the_same_signature() -> None:
    written = json.loads(json.dumps(CLEAN.configuration))
    written["architecture"]["component"] = "of_a_user_s_own"
    again = trial_from(written, needed=("corpus", "split"))
    assert again.split == CLEAN.split and differences(again, written) == []
    with pytest.raises(BenchError, match="no architecture is called 'of_a_user_s_own'"):
        trial_from(written, needed=("architecture",))
