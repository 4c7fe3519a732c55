"""The cost of a row is measured in processes of its own; a final whose model can not be measured stands, with a note."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from calls import bench, study_file
from encoder_files import random_encoder, write_safetensors
from mlflow_client import client_of, runs_of
from tiny_trial import CORPUS, TRIAL

from harness.training.cost import can_be_measured, measure
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.svm import Svm
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper

UNLOADABLE = """
import keras
from typing import ClassVar
from registry.core import register
@register("unregistered")
class Unregistered:
    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    minimum_steps: ClassVar[int] = 1
    def __call__(self, input_shape, n_classes):
        class Mine(keras.layers.Layer):  # which no other process can find by its name
            def call(self, x):
                return x * 2.0
        x = inputs = keras.Input(input_shape)
        for layer in (Mine(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(n_classes, activation="softmax")):
            x = layer(x)
        return keras.Model(inputs, x)
"""


@pytest.mark.slow
def test_the_first_final_of_a_cell_is_measured_and_one_that_cannot_be_stands_with_a_note(tmp_path: Path) -> None:
    # A process that loads TensorFlow: measuring in this one would give another peak of memory
    file = study_file(tmp_path, "architectures=(STUDY.architectures[0], Unregistered()), splits=STUDY.splits[1:], trials=0, "
                                "best_models=0, measure_cost=True", preamble=UNLOADABLE)
    outcome = bench("run", "--study", file, "--home", tmp_path)
    assert outcome.code == 0 and outcome.err.count("cost not measured: 'Mine' can't be found again by its name") == 1, outcome.err
    costs = [{key.removeprefix("cost/"): value for key, value in run.data.metrics.items() if key.startswith("cost/")}
             for run in runs_of(client_of(tmp_path), "own")["seed"]]
    assert [bool(cost) for cost in costs] == [True, False, False, False]
    frames = 32  # of 1 s at 16 kHz
    assert costs[0]["multiply_adds"] < frames * 90 and costs[0]["multiply_adds"] % 1 == 0
    assert 0.1 < costs[0]["latency_median_ms"] <= costs[0]["latency_p95_ms"] and 100 < costs[0]["peak_memory_mb"] < 5_000
    assert 0.005 < costs[0]["model_mb"] < 0.2 and costs[0]["cores"] >= 1 and 0.5 < costs[0]["clip_s"] < 10
    told = json.loads(bench("report", "--json", "--home", tmp_path).out)["studies"]["own"]["leaderboards"]
    assert sorted((row["cost"] for board in told for row in board["rows"]), key=len) == [{}, costs[0]]


def test_what_grows_with_its_training_part_or_needs_clips_of_a_speaker_has_no_cost_of_one_clip() -> None:
    vector = dataclasses.replace(TRIAL, feature_space=dataclasses.replace(TRIAL.feature_space, join="vector"))
    by_speaker = dataclasses.replace(vector.feature_space, normalise="per_speaker")
    assert can_be_measured(TRIAL) and can_be_measured(dataclasses.replace(vector, architecture=LogisticRegression()))
    assert not can_be_measured(dataclasses.replace(vector, architecture=Svm()))
    assert not can_be_measured(dataclasses.replace(vector, feature_space=by_speaker))


@pytest.mark.slow
def test_a_row_whose_features_compute_with_the_backend_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_safetensors(tmp_path / "whisper-small-test" / "model.safetensors", random_encoder())
    monkeypatch.setenv("BENCH_MODELS", str(tmp_path))
    space = FeatureSpace(features=(Whisper(model="small-test", layers=(1,)),), join="vector")
    (figures, reason), = measure([dataclasses.replace(TRIAL, feature_space=space, architecture=LogisticRegression())], CORPUS)
    assert reason == "" and figures["cost/latency_median_ms"] > 0 and figures["cost/multiply_adds"] == 64 * 2 * 6
