"""A trial's signature covers all that changes its numbers and no more; its training is checked."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from typing import Any

import pytest
from calls import TINY
from tiny_study import STUDY

from harness.data.corpora import Workspace
from harness.study.cells import plan
from harness.study.trial import Training, Trial
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.residual_2d import Residual2D
from registry.errors import BenchError

TRIAL = plan(STUDY, "clips")[0].base


@pytest.mark.parametrize(("field", "value"), [
    ("learning_rate", 0.0), ("batch_size", 0), ("epochs", -1), ("early_stopping", 0), ("label_smoothing", 1.0), ("weight_decay", -0.1),
    ("threads", 0)])
def test_training_refuses_values_that_mean_nothing_and_names_the_setting(field: str, value: float) -> None:
    with pytest.raises(BenchError, match=f"training.{field}.*{value}"):
        Training(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [
    {"corpus_fingerprint": "other clips"}, {"seed": 1}, {"opens_test": True}, {"backend": "jax"}, {"architecture": Residual2D()},
    {"corpus": dataclasses.replace(STUDY.corpus, seed=1)}, {"split": STUDY.splits[1]},
    {"training": dataclasses.replace(STUDY.training, epochs=3)}, {"training": dataclasses.replace(STUDY.training, class_weights=True)},
    {"training": dataclasses.replace(STUDY.training, target="votes")}, {"votes_fingerprint": "votes"},
    {"training": dataclasses.replace(STUDY.training, optimizer="sgd")}, {"training": dataclasses.replace(STUDY.training, threads=2)},
    {"feature_space": dataclasses.replace(TRIAL.feature_space, normalise="none")}])
def test_whatever_changes_a_trial_s_numbers_changes_its_signature(change: dict[str, Any]) -> None:
    assert dataclasses.replace(TRIAL, **change).signature != TRIAL.signature


def test_an_equal_trial_has_the_same_signature_also_in_another_process_and_after_pickling() -> None:
    program = f"import sys; sys.path.insert(0, {str(TINY.parent)!r})\nfrom tiny_study import STUDY\nfrom harness.study import plan\n" \
              "print(plan(STUDY, 'clips')[0].base.signature)"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120).stdout.strip()
    assert other == TRIAL.signature == plan(STUDY, "clips")[0].base.signature
    again = pickle.loads(pickle.dumps(TRIAL))
    assert again == TRIAL and again.signature == TRIAL.signature and len(TRIAL.signature) == 16


def test_where_and_how_the_work_is_done_is_no_part_of_a_trial() -> None:
    fields = {field.name for field in dataclasses.fields(Workspace)}
    assert fields == {"home", "data", "workers", "left_out"}
    assert not fields & set(TRIAL.configuration)
    assert fields.isdisjoint(field.name for field in dataclasses.fields(Trial))


def test_a_trial_on_intended_emotions_has_the_signature_that_it_had_before_there_were_votes() -> None:
    assert "target" not in TRIAL.configuration["training"] and "votes_fingerprint" not in TRIAL.configuration


def test_an_estimator_takes_one_step_and_has_no_setting_of_training_by_epochs_in_its_configuration() -> None:
    training = Training(epochs=50, learning_rate=0.1, class_weights=True)
    trial = dataclasses.replace(TRIAL, architecture=LogisticRegression(), training=training)
    assert trial.steps == 1 and trial.training.class_weights
    assert trial.configuration["training"].keys() <= {"component", "version", "class_weights", "threads"}
    assert dataclasses.replace(trial, training=Training(target="votes")).configuration["training"]["target"] == "votes"
    assert dataclasses.replace(trial, training=Training(epochs=3, class_weights=True)).signature == trial.signature
