"""What every component obeys, whatever its kind."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

from registry.errors import require


def is_component(component: Any, *_: Any) -> None:
    """It is an instance of a class declared with @register, and survives pickling."""
    require(dataclasses.is_dataclass(component) and not isinstance(component, type) and hasattr(component, "name"),
            f"Found {component!r}: decorate its class with @register(\"the file's name\") and make an instance.")
    require(pickle.loads(pickle.dumps(component)) == component, "What comes back from pickle differs: keep state in fields only.")


RULES = (is_component,)
