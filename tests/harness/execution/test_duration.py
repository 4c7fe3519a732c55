"""An estimate of the time is a range, says what it goes by, and grows with the work."""

from __future__ import annotations

import dataclasses

import pytest
from calls import TINY
from made_records import record
from tiny_trial import CORPUS, TRIAL

from harness.execution.duration import WIDTH, duration
from harness.study.cells import plan
from harness.study.files import load_study

STUDY = dataclasses.replace(load_study(TINY), architectures=load_study(TINY).architectures[:1], splits=load_study(TINY).splits[:1])
CELLS = plan(STUDY, CORPUS.fingerprint)
TRAIN = len(TRIAL.split(CORPUS).train)


def before(seconds: float, epochs: int) -> list[object]:
    """Earlier trainings of the tiny cell, one of which took much longer."""
    names = {"feature_space": TRIAL.feature_space.label, "architecture": CELLS[0].label.split(" × ")[1], "clips": f"train {TRAIN}"}
    return [record("trial", "c", i, metrics={"seconds/fit": took, "epochs": epochs}, **names)
            for i, took in enumerate((seconds, seconds, 10 * seconds))]


def test_earlier_trainings_of_the_home_give_the_range_without_any_training() -> None:
    """Two trials and two finals of two epochs each; an earlier training took 10 s an epoch."""
    took = duration(STUDY, CELLS, CORPUS, before(30.0, 3))  # type: ignore[arg-type]
    assert took is not None and took.high_s == pytest.approx(4 * 2 * 10.0 * WIDTH) and took.low_s == pytest.approx(4 * 2 * 10.0 / WIDTH)
    assert str(took) == "54 s to 2 min on one worker (by earlier trainings of 1 cell in this home; features not counted)"


def test_early_stopping_may_end_a_training_long_before_its_last_epoch() -> None:
    training = dataclasses.replace(STUDY.training, epochs=100, early_stopping=9)
    study = dataclasses.replace(STUDY, training=training)
    took = duration(study, plan(study, CORPUS.fingerprint), CORPUS, before(30.0, 3))  # type: ignore[arg-type]
    assert took is not None and took.high_s / took.low_s == pytest.approx(WIDTH**2 * 10)


def test_without_earlier_trainings_a_few_batches_of_each_network_are_timed() -> None:
    told: list[str] = []
    took = duration(STUDY, CELLS, CORPUS, say=told.append)
    assert took is not None and 0 < took.low_s < took.high_s < 600 and "by a few batches of 1 cell on this machine" in str(took)
    assert told == ["timing a few batches of each network …"]


def test_a_network_that_can_not_be_trained_gives_no_estimate() -> None:
    cells = [dataclasses.replace(CELLS[0], base=dataclasses.replace(TRIAL, architecture=load_study(TINY).architectures[1]))]
    assert duration(STUDY, cells, CORPUS) is None
