"""What a search looks for: the best validation UAR, and, where a study says so, little of something else besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry.errors import require

UAR = "validation_uar"
SECOND = {"latency_ms": "latency in ms", "multiply_adds": "multiply–adds", "parameters": "parameters"}
"""What can be sought beside it, the less the better -> its words."""
NO_FIGURE = "its second objective could not be measured"


def check(objectives: Sequence[str], prune: str) -> None:
    """Raises: UsageError for what can't be sought, and for trials that are to be given up where Optuna compares two objectives."""
    require(objectives[:1] == (UAR,) and (len(objectives) == 1 or (len(objectives) == 2 and objectives[1] in SECOND)),
            f"objectives must be ({UAR!r},), or {UAR!r} and one of {', '.join(map(repr, SECOND))}, not {tuple(objectives)!r}")
    require(len(objectives) == 1 or prune in ("auto", "none"),
            f"prune={prune!r} can't be had with two objectives: Optuna compares running trials by one figure alone. Leave prune out, or "
            "search for validation UAR alone")


def metric_of(objective: str) -> str:
    """The metric of a trial's MLflow run that holds an objective."""
    return {UAR: "validation/uar", "parameters": "parameters"}.get(objective, f"objective/{objective}")


def value_of(objectives: Sequence[str], metrics: Mapping[str, float]) -> float | list[float] | None:
    """What Optuna is told of a trial: a figure, or two; None where one of them is missing.

    >>> value_of(("validation_uar", "parameters"), {"validation/uar": 0.5, "parameters": 90.0})
    [0.5, 90.0]
    """
    values = [metrics.get(metric_of(objective)) for objective in objectives]
    known = [value for value in values if value is not None]
    if len(known) < len(objectives):
        return None
    return known[0] if len(known) == 1 else known
