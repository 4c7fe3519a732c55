"""Settings of a trial are read and changed by name."""

from __future__ import annotations

import dataclasses

from listed_recipes import LISTED
from tiny_study import STUDY

from harness.study.cells import plan
from harness.study.settings import setting_value, settings_of, with_settings
from registry.architectures.crops import Crops
from registry.architectures.plain_1d import Plain1D
from registry.architectures.svm import Svm
from registry.augmentations.mixup import Mixup
from registry.augmentations.noise import Noise
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mfcc import Mfcc

TRIAL = plan(STUDY, "clips")[0].base


def test_a_setting_is_reached_by_its_part_or_by_its_component_s_name() -> None:
    for setting, value in (("training.epochs", 7), ("feature_space.trim_db", 30.0), ("architecture.filters", (9,)),
                           ("plain_1d.filters", (9,)), ("split.seed", 7), ("random_80_20.seed", 7), ("energy.hop_length", 256)):
        changed = with_settings(TRIAL, {setting: value})
        assert setting_value(changed, setting) == value and setting in settings_of(TRIAL)
        assert changed.signature != TRIAL.signature
    assert with_settings(TRIAL, {"mel.n_mels": 40}) == TRIAL


def test_a_whole_number_and_its_float_are_the_same_setting() -> None:
    one, other = (with_settings(TRIAL, {"training.learning_rate": value}) for value in (1, 1.0))
    assert one is not None and other is not None and one.signature == other.signature


def test_a_setting_reaches_the_architecture_inside_another() -> None:
    trial = dataclasses.replace(TRIAL, architecture=Crops(architecture=Plain1D(filters=(4,)), frames=20))
    changed = with_settings(trial, {"plain_1d.filters": (9,), "crops.windows": 3})
    assert changed.architecture == Crops(architecture=Plain1D(filters=(9,)), frames=20, windows=3)
    assert setting_value(changed, "plain_1d.filters") == (9,) and {"crops.frames", "plain_1d.dense"} < {*settings_of(trial)}


def test_settings_of_one_component_are_changed_together_in_any_order() -> None:
    both = {"mfcc.n_mfcc": 30, "mfcc.n_mels": 40}
    trial = dataclasses.replace(TRIAL, feature_space=FeatureSpace(features=(Mfcc(n_mfcc=13, n_mels=20),), join="channels"))
    for settings in (both, dict(reversed(both.items()))):
        changed = with_settings(trial, settings).feature_space.features[0]
        assert changed == Mfcc(n_mfcc=30, n_mels=40)


def test_a_setting_reaches_the_fields_of_an_augmentation() -> None:
    changed = with_settings(plan(LISTED, "clips")[1].base, {"noise.highest_snr_db": 20.0, "mixup.alpha": 0.4})
    assert changed.augmentation.copies[0] == Noise(highest_snr_db=20.0) and changed.augmentation.on_the_fly[1] == Mixup(alpha=0.4)


def test_an_estimator_has_the_few_settings_of_a_training_that_change_its_figures() -> None:
    trial = dataclasses.replace(TRIAL, architecture=Svm())
    assert [name for name in settings_of(trial) if name.startswith("training.")] == [
        "training.class_weights", "training.target", "training.threads"]
    assert setting_value(trial, "training.learning_rate") is None and setting_value(trial, "svm.C") == 1.0
    assert with_settings(trial, {"training.learning_rate": 0.5, "training.epochs": 3}) == trial
    assert with_settings(trial, {"training.class_weights": True}).signature != trial.signature
