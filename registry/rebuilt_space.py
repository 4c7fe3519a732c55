"""From the written specification of a feature space back to it, as saved and exported models need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from registry.core import BESIDE_FIELDS, declared, get, registered
from registry.errors import require
from registry.feature_space import FeatureSpace


def space_from(data: dict[str, Any], folder: Path, modules: Sequence[ModuleType] = ()) -> FeatureSpace:
    """The feature space with this specification; features that are not registered are those of the model's modules.

    Models of before have a file of each such feature in `folder`.
    """
    settings = {key: value for key, value in data.items() if key not in (*BESIDE_FIELDS, "features")}
    features = [_feature(fields, folder, modules) for fields in data["features"]]
    return FeatureSpace(features=tuple(features), **settings)


def _feature(fields: dict[str, Any], folder: Path, modules: Sequence[ModuleType]) -> Any:
    """A feature from its specification. Raises: BenchError where it would read another file than the one the model was trained with."""
    feature = _feature_class(fields["component"], folder, modules)(**{k: v for k, v in fields.items() if k not in BESIDE_FIELDS})
    then, now = fields.get("files_sha256"), getattr(feature, "files_sha256", None)
    require(then == now, f"the saved model was trained on {fields['component']} with weights of the SHA-256 {then}, and those found here "
                         f"have {now}: name the folder of models that has the former with BENCH_MODELS")
    return feature


def _feature_class(name: str, folder: Path, modules: Sequence[ModuleType]) -> type[Any]:
    require(name.isidentifier(), f"a feature can't be called {name!r}: the saved model was changed by someone")
    own = next((cls for module in modules if (cls := declared(module, name))), None)
    file = folder / f"{name}.py"
    return own or (get("feature-spaces", str(file)) if file.is_file() else registered("feature-spaces", name))
