"""The check that augmentations share which draw a value between two of their fields."""

from __future__ import annotations

from typing import Any

from registry.core import label_of
from registry.errors import require


def check_range(component: Any, lowest: str, highest: str, least: float, most: float, unit: str) -> None:
    """Raise UsageError unless least <= the field `lowest` <= the field `highest` <= most."""
    low, high = getattr(component, lowest), getattr(component, highest)
    require(least <= low <= high <= most, f"{label_of(type(component))} needs {least:g} <= {lowest} <= {highest} <= {most:g} {unit}, "
            f"not {lowest}={low:g} and {highest}={high:g}")
