"""Settings of a trial by name, such as `training.learning_rate` or `mel.n_mels`: which it has, their values, and how to change them."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.study.trial import OF_ESTIMATORS, Trial
from registry.core import field_types, label_of
from registry.estimator import is_estimator


def has_setting(trial: Trial, setting: str) -> bool:
    """Whether a trial has a component with this setting."""
    owner, _, field = setting.rpartition(".")
    return owner in _owners(trial) and field in _fields(trial, owner)


def with_settings(trial: Trial, settings: dict[str, Any]) -> Trial:
    """The trial with other values for those of the settings that it has. Raises BenchError for a value that is not allowed."""
    changes = [(*setting.rpartition(".")[::2], value) for setting, value in settings.items()]

    def changed(component: Any, *owners: str) -> Any:
        names = (*owners, label_of(type(component)))
        fields = {field: value for owner, field, value in changes if owner in names and field in field_types(type(component))}
        return dataclasses.replace(component, **fields) if fields else component

    space, augmentation = changed(trial.feature_space, "feature_space"), trial.augmentation
    architecture = changed(trial.architecture, "architecture")
    if inside := getattr(architecture, "architecture", None):
        architecture = dataclasses.replace(architecture, architecture=changed(inside))
    return dataclasses.replace(trial, training=changed(trial.training, "training"), split=changed(trial.split, "split"),
                               architecture=architecture,
                               augmentation=dataclasses.replace(augmentation, copies=tuple(map(changed, augmentation.copies)),
                                                                on_the_fly=tuple(map(changed, augmentation.on_the_fly))),
                               feature_space=dataclasses.replace(space, features=tuple(changed(f) for f in space.features)))


def setting_value(trial: Trial, setting: str) -> Any:
    """The value of a setting of a trial; None where the trial does not have it."""
    owner, _, field = setting.rpartition(".")
    return getattr(_owners(trial)[owner], field) if has_setting(trial, setting) else None


def settings_of(trial: Trial) -> list[str]:
    """Every setting that a trial has, for near names in errors and for `bench show`."""
    return sorted({f"{owner}.{field}" for owner in _owners(trial) for field in _fields(trial, owner)})


def _fields(trial: Trial, owner: str) -> tuple[str, ...]:
    """The settings of a component; of the training of an estimator, the few that it has."""
    few = OF_ESTIMATORS if owner == "training" and is_estimator(trial.architecture) else ()
    return few or tuple(field_types(type(_owners(trial)[owner])))


def _owners(trial: Trial) -> dict[str, Any]:
    """Name before the dot of a setting -> the component that it names."""
    parts = {"training": trial.training, "feature_space": trial.feature_space, "architecture": trial.architecture, "split": trial.split}
    augmentation = trial.augmentation
    inside = getattr(trial.architecture, "architecture", None)  # of an architecture that holds another
    components = (*([inside] if inside else []), trial.architecture, trial.split, *trial.feature_space.features, *augmentation.copies,
                  *augmentation.on_the_fly)
    return {**{label_of(type(c)): c for c in components}, **parts}
