"""What Optuna is told of a trial: a figure for each objective, or nothing where one is missing."""

from __future__ import annotations

from harness.study.objectives import value_of

METRICS = {"validation/uar": 0.5, "parameters": 90.0, "objective/latency_ms": 1.5}


def test_one_objective_is_a_figure_and_two_are_a_list() -> None:
    assert value_of(("validation_uar",), METRICS) == 0.5
    assert value_of(("validation_uar", "parameters"), METRICS) == [0.5, 90.0]
    assert value_of(("validation_uar", "latency_ms"), METRICS) == [0.5, 1.5]


def test_a_trial_without_one_of_the_figures_has_none() -> None:
    assert value_of(("validation_uar", "multiply_adds"), METRICS) is None and value_of(("validation_uar",), {}) is None
