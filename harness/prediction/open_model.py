"""The model that a call names: a folder with one, or one that a store keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from harness.evaluation.kept_models import kept_model
from harness.prediction.exported_model import about_export, load_exported
from harness.prediction.predict import Model
from harness.tracking.store import Store
from harness.training import saved_model


class OpenedModel(NamedTuple):
    """A model, ready to predict. Args: name: in words. others: texts that name other models of the study that was given."""

    model: Model
    name: str
    others: tuple[str, ...] = ()


def open_model(text: str, store: Callable[[], Store]) -> OpenedModel:
    """The model that a text stands for: an exported folder, or what `kept_model` finds in a store.

    Args: store: opens the store, where one is needed.
    Raises: UsageError for what is not there; BenchError where its files are lost or damaged.
    """
    folder = Path(text)
    if about_export(folder):
        return OpenedModel(load_exported(folder), str(folder))
    if (folder / saved_model.SETTINGS).is_file():
        return OpenedModel(saved_model.load(folder), str(folder))
    kept = kept_model(store(), text)
    return OpenedModel(kept.load(), kept.name, kept.others)
