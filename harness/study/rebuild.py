"""From the recorded configuration of a run back to its trial, for audits and repetitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from harness.study.trial import NUMBERS_VERSION, Training, Trial
from registry.augmentation import Augmentation
from registry.core import BESIDE_FIELDS, registered
from registry.errors import BenchError
from registry.feature_space import FeatureSpace

KINDS = {"corpus": "corpora", "feature_space": "feature-spaces", "architecture": "architectures", "split": "splits",
         "augmentation": "augmentations"}
PARTS = {"FeatureSpace": (FeatureSpace, "feature-spaces"), "Augmentation": (Augmentation, "augmentations"),
         "Training": (Training, "")}  # no registered components; the kind of those inside
NOT_FIELDS = (*BESIDE_FIELDS, "numbers_version")  # in a configuration beside the fields
NO_CLASSES: Mapping[str, type[Any]] = MappingProxyType({})


def trial_from(configuration: Mapping[str, Any], classes: Mapping[str, type[Any]] = NO_CLASSES,
               needed: Collection[str] | None = None) -> Trial:
    """The trial with this `configuration`, as read from a run's `configuration.json`.

    Args:
        classes: of components that are not registered, by name.
        needed: the fields that must be components, all for None; others of a user's own stay plain data, which has the same signature.
    Raises: BenchError for a component that is not registered here, or that no longer has these fields.
    """
    fields = {}
    for key, value in configuration.items():
        if key not in NOT_FIELDS:
            try:
                fields[key] = component_from(KINDS.get(key, ""), value, classes)
            except BenchError:
                if needed is None or key in needed:
                    raise
                fields[key] = value
    return Trial(**fields)


def component_from(kind: str, data: Any, classes: Mapping[str, type[Any]] = NO_CLASSES) -> Any:
    """The component of a kind with this specification, with those inside it; plain data is returned as it is."""
    if isinstance(data, list):
        return tuple(component_from(kind, item, classes) for item in data)
    if not isinstance(data, Mapping) or "component" not in data:
        return data
    name = data["component"]
    cls, inside = PARTS[name] if name in PARTS else (classes[name] if name in classes else registered(kind, name), kind)
    return cls(**{key: component_from(KINDS.get(key, inside), value, classes) for key, value in data.items() if key not in NOT_FIELDS})


def differences(trial: Trial, configuration: Mapping[str, Any]) -> list[str]:
    """Where a trial's configuration differs from a recorded one: `feature_space.features.0.version: 1, now 2`."""
    now = trial.configuration
    if isinstance(trial.architecture, Mapping) and "epochs" not in configuration["training"]:  # a user's own estimator
        now["training"] = {key: value for key, value in now["training"].items() if key in configuration["training"]}
    return _differing({**configuration, "numbers_version": configuration.get("numbers_version", NUMBERS_VERSION)}, now)


def _differing(old: Any, new: Any, where: str = "") -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [line for key in sorted({*old, *new}) for line in _differing(old.get(key), new.get(key), f"{where}.{key}".lstrip("."))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [line for i, pair in enumerate(zip(old, new, strict=True)) for line in _differing(*pair, f"{where}.{i}")]
    return [] if old == new else [f"{where}: {old}, now {new}"]
