"""The ranges of a search as plain data: what a run notes of them, and where in its range a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.study.settings import with_settings
from harness.study.trial import Trial

EDGE = 0.05  # of a range, at either end: a best value there may lie outside it
LEAST_PLACES = 3  # of a range of whole numbers or choices: of two values, each is an end


@dataclass(frozen=True)
class Range:
    """The values of one setting that a search may take.

    Args:
        name: Optuna's of the distribution. attributes: its, as `low`, `high`, `log` and `step`, or `choices`.
        wider: whether smaller and larger values would be allowed.
    """

    name: str
    attributes: Mapping[str, Any]
    wider: tuple[bool, bool] = (True, True)

    @property
    def choices(self) -> Sequence[Any]:
        """Those of a categorical setting, numbers in order; empty for a range of numbers."""
        choices = list(self.attributes.get("choices", ()))
        return sorted(choices) if _numbers(choices) else choices

    @property
    def log(self) -> bool:
        """Whether values are drawn evenly by their logarithm."""
        return bool(self.attributes.get("log"))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest number; NaN for choices that are not numbers."""
        if not self.choices:
            return self.attributes["low"], self.attributes["high"]
        return (self.choices[0], self.choices[-1]) if _numbers(self.choices) else (math.nan, math.nan)

    def holds(self, value: Any) -> bool:
        """Whether a value lies within."""
        if self.choices:
            return value in self.choices
        return _numbers([value]) and self.ends[0] <= value <= self.ends[1]

    def place(self, value: Any) -> float:
        """Where a value lies, from 0, the lower end, to 1."""
        if self.choices:
            return self.choices.index(value) / max(len(self.choices) - 1, 1)
        low, high, value = (math.log(each) if self.log else each for each in (*self.ends, value))
        return (value - low) / (high - low) if high > low else 0.5

    def edge(self, value: Any) -> str:
        """The end, `lower` or `upper`, at which a value lies and beyond which others would be allowed; else empty.

        At the end is the last of whole numbers, steps and choices, of any other range its last twentieth, by the logarithm where it is
        searched so.
        """
        low, high = self.ends
        if math.isnan(low) or not self.holds(value):
            return ""
        step = 1 if self.name == "IntDistribution" and self.log else self.attributes.get("step") or 0
        if self.choices or step:
            places = len(self.choices) or 1 + round((high - low) / step)
            sides = (value == low, value == high) if places >= LEAST_PLACES else (False, False)
        else:
            sides = self.place(value) <= EDGE, self.place(value) >= 1 - EDGE
        return next((end for end, there, allowed in zip(("lower", "upper"), sides, self.wider, strict=True) if there and allowed), "")


def noted(search: Mapping[str, Any], base: Trial) -> dict[str, Any]:
    """The ranges of a search as a run's tag holds them. Args: search: setting -> Optuna's distribution. base: a trial of the cell."""
    return {setting: {"name": type(distribution).__name__, "attributes": distribution._asdict() | (
                {"choices": list(distribution.choices)} if hasattr(distribution, "choices") else {}),
                      "wider": [_allowed(base, setting, value) for value in _beyond(distribution)]}
            for setting, distribution in search.items()}


def read(data: Mapping[str, Any]) -> dict[str, Range]:
    """Setting -> range, from what `noted` gave. Raises: KeyError, TypeError or ValueError for anything else."""
    return {str(setting): Range(str(about["name"]), dict(about["attributes"]), (bool(about["wider"][0]), bool(about["wider"][1])))
            for setting, about in data.items()}


def observed(values: Iterable[Any]) -> Range:
    """A range that holds these values, where nobody noted the one that they were drawn from."""
    distinct = list(dict.fromkeys(values))
    if not _numbers(distinct):
        return Range("CategoricalDistribution", {"choices": distinct}, (False, False))
    low, high = min(distinct), max(distinct)
    return Range("FloatDistribution", {"low": low, "high": high, "log": low > 0 and high >= 10 * low, "step": None}, (False, False))


def _numbers(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _beyond(distribution: Any) -> tuple[Any, Any]:
    """A value below a distribution and one above it; None where there is no order."""
    if hasattr(distribution, "choices"):
        if not _numbers(distribution.choices):
            return None, None
        low, high = min(distribution.choices), max(distribution.choices)
        step = high - low or 1
    else:
        low, high = distribution.low, distribution.high
        step = getattr(distribution, "step", None) or (high - low) / 10
    if low > 0 and (getattr(distribution, "log", False) or hasattr(distribution, "choices")):
        return (low // 2, high * 2) if isinstance(low, int) else (low / 2, high * 2)
    return (low - step if low else None), high + step  # 0 is where rates, shares and sizes begin


def _allowed(base: Trial, setting: str, value: Any) -> bool:
    if value is None:
        return False
    with suppress(Exception):  # of a user's component, which refuses a value in its own way
        with_settings(base, {setting: value})
        return True
    return False
