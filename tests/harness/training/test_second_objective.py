"""A trained network's multiply–adds are counted, and its latency is measured once on a machine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tiny_trial import TRIAL

from harness.training.result import Result
from harness.training.second_objective import second_objective
from registry.errors import BenchError


def trained(filters: int) -> Result:
    """A result whose network maps 8 values to 3 classes through so many filters."""
    import keras

    layers = [keras.Input((8,)), keras.layers.Dense(filters), keras.layers.Dense(3, activation="softmax")]
    trial = dataclasses.replace(TRIAL, architecture=dataclasses.replace(TRIAL.architecture, filters=(filters,)))
    return Result(trial, model=keras.Sequential(layers))


def test_multiply_adds_are_those_of_the_network(tmp_path: Path) -> None:
    assert second_objective("multiply_adds", trained(5), tmp_path) == {"objective/multiply_adds": 8 * 5 + 5 * 3}
    assert second_objective("parameters", trained(5), tmp_path) == second_objective("", trained(5), tmp_path) == {}


def test_latency_is_measured_once_for_each_network_and_kept_in_the_home(tmp_path: Path) -> None:
    first, again = (second_objective("latency_ms", trained(5), tmp_path) for _ in range(2))
    assert first == again and 0 < first["objective/latency_ms"] < 1000
    other = second_objective("latency_ms", trained(6), tmp_path)
    kept = json.loads((tmp_path / ".bench" / "latencies.json").read_text(encoding="utf-8"))
    assert sorted(kept.values()) == sorted([first["objective/latency_ms"], other["objective/latency_ms"]])
    (tmp_path / ".bench" / "latencies.json").write_text("[", encoding="utf-8")
    assert second_objective("latency_ms", trained(5), tmp_path)["objective/latency_ms"] > 0


def test_what_was_not_kept_can_t_be_measured(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="latency in ms of a network that was not kept can't be measured"):
        second_objective("latency_ms", Result(TRIAL), tmp_path)
