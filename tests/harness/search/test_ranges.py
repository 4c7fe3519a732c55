"""Where in its range a value lies, and whether values beyond its end would be allowed."""

from __future__ import annotations

import json
import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from searched_cells import BASE

from harness.search.ranges import Range, noted, observed, read

SEARCH = {"training.learning_rate": FloatDistribution(3e-4, 1e-2, log=True), "training.label_smoothing": FloatDistribution(0.0, 0.5),
          "training.weight_decay": FloatDistribution(0.1, 0.2), "training.epochs": IntDistribution(1, 4),
          "training.drop_epochs": IntDistribution(2, 64, log=True), "training.batch_size": CategoricalDistribution([64, 16, 32]),
          "training.optimizer": CategoricalDistribution(["adam", "sgd", "adamw"]), "training.early_stopping": IntDistribution(5, 6)}
RANGES = read(json.loads(json.dumps(noted(SEARCH, BASE))))


@pytest.mark.parametrize(("setting", "value", "end"), [
    ("learning_rate", 0.0098, "upper"), ("learning_rate", 0.008, ""), ("learning_rate", 0.0003, "lower"), ("learning_rate", 0.00036, ""),
    ("label_smoothing", 0.0, ""),  # less is not allowed
    ("label_smoothing", 0.48, "upper"), ("weight_decay", 0.104, "lower"),
    ("epochs", 4, "upper"), ("epochs", 3, ""), ("epochs", 1, ""),  # no epoch is not allowed
    ("drop_epochs", 63, ""), ("drop_epochs", 64, "upper"), ("batch_size", 64, "upper"), ("batch_size", 16, "lower"), ("batch_size", 32, ""),
    ("optimizer", "adamw", ""),  # no order
    ("early_stopping", 6, "")])  # each of two values is an end
def test_the_end_at_which_a_value_lies_is_named_where_the_range_could_be_wider(setting: str, value: object, end: str) -> None:
    assert RANGES[f"training.{setting}"].edge(value) == end


def test_places_go_from_0_to_1_by_the_logarithm_where_it_is_searched_so_and_choices_are_in_order() -> None:
    assert RANGES["training.learning_rate"].place(math.sqrt(3e-4 * 1e-2)) == pytest.approx(0.5)
    assert RANGES["training.label_smoothing"].place(0.25) == 0.5
    assert RANGES["training.batch_size"].choices == [16, 32, 64] and RANGES["training.batch_size"].place(32) == 0.5
    assert not RANGES["training.learning_rate"].holds(0.1) and not RANGES["training.learning_rate"].holds(None)


def test_a_range_that_nobody_noted_holds_the_values_there_are() -> None:
    assert observed([1e-4, 1e-2]).attributes == {"low": 1e-4, "high": 1e-2, "log": True, "step": None}
    assert observed(["adam", None, "adam"]).choices == ["adam", None]
    assert observed([1e-4, 1e-2]).edge(1e-2) == ""


def test_one_value_alone_lies_in_the_middle() -> None:
    assert Range("FloatDistribution", {"low": 1.0, "high": 1.0, "log": False, "step": None}).place(1.0) == 0.5
