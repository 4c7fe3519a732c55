"""An estimate of the time is a range, says what it goes by, and grows with the work."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from calls import TINY
from made_records import record
from tiny_trial import CORPUS, TRIAL

from harness.data.features import features
from harness.execution.duration import BEGIN_S, COST_S, WIDTH, duration
from harness.study.cells import plan
from harness.study.files import load_study
from registry.architectures.logistic_regression import LogisticRegression

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
    assert took is not None and took.high_s == pytest.approx(4 * 2 * 10.0 * WIDTH + BEGIN_S)
    assert took.low_s == pytest.approx(4 * 2 * 10.0 / WIDTH + BEGIN_S)
    assert str(took) == "64 s to 2 min with 1 worker (by earlier trainings of 1 cell in this home)"


def test_early_stopping_may_end_a_training_long_before_its_last_epoch() -> None:
    training = dataclasses.replace(STUDY.training, epochs=100, early_stopping=9)
    study = dataclasses.replace(STUDY, training=training, prune="none")
    took = duration(study, plan(study, CORPUS.fingerprint), CORPUS, before(30.0, 3))  # type: ignore[arg-type]
    assert took is not None and (took.high_s - BEGIN_S) / (took.low_s - BEGIN_S) == pytest.approx(WIDTH**2 * 10)


def test_pruning_shortens_the_search_and_no_final_and_the_estimate_says_what_it_takes_for_granted() -> None:
    """Of 16 trials of 15 epochs, rungs leave about a third of the epochs; each epoch took 10 s."""
    study = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, epochs=15, early_stopping=None), trials=16)
    took, whole = (duration(s, plan(s, CORPUS.fingerprint), CORPUS, before(30.0, 3))  # type: ignore[arg-type]
                   for s in (dataclasses.replace(study, prune="halving"), dataclasses.replace(study, prune="none")))
    assert took is not None and whole is not None
    share = study.pruning.expected_share(16, 15)
    assert took.high_s == pytest.approx((16 * share + 2) * 15 * 10.0 * WIDTH + BEGIN_S)
    assert whole.high_s == pytest.approx((16 + 2) * 15 * 10.0 * WIDTH + BEGIN_S)
    assert share < 0.5 and f"; pruning is taken to leave {share:.0%} of the search's epochs)" in str(took) and "pruning" not in str(whole)


def test_workers_share_the_trainings_as_far_as_there_are_cores_and_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    figures = {workers: duration(STUDY, CELLS, CORPUS, before(300.0, 3), workers=workers)  # type: ignore[arg-type]
               for workers in (1, 2, 8, "auto")}
    high = {workers: took.high_s - BEGIN_S for workers, took in figures.items() if took}
    assert high == {1: pytest.approx(8 * 100 * WIDTH), **dict.fromkeys((2, 8, "auto"), pytest.approx(4 * 100 * WIDTH))}
    assert " with 2 workers (" in str(figures["auto"])


def test_features_that_are_not_cached_and_the_cost_of_rows_are_in_the_estimate(tmp_path: Path) -> None:
    study, records = dataclasses.replace(STUDY, measure_cost=True), before(30.0, 3)
    lacking = duration(study, CELLS, CORPUS, records, cache=tmp_path)  # type: ignore[arg-type]
    features(CORPUS, TRIAL.feature_space, tmp_path, workers=1)
    there = duration(study, CELLS, CORPUS, records, cache=tmp_path)  # type: ignore[arg-type]
    assert lacking is not None and there is not None
    assert there.high_s == pytest.approx(4 * 2 * 10.0 * WIDTH + BEGIN_S + COST_S) and "features" not in str(there)
    assert 0 < lacking.high_s - there.high_s < 60 and str(lacking).endswith(" s for features)")


def test_without_earlier_trainings_a_few_batches_of_each_network_are_timed() -> None:
    told: list[str] = []
    took = duration(STUDY, CELLS, CORPUS, say=told.append)
    assert took is not None and 0 < took.low_s < took.high_s < 600 and "by a few batches of 1 cell on this machine" in str(took)
    assert told == ["timing a few batches of each network …"]


def test_an_estimator_which_has_one_epoch_is_timed_too() -> None:
    study = dataclasses.replace(STUDY, feature_spaces=(dataclasses.replace(STUDY.feature_spaces[0], join="vector"),),
                                architectures=(LogisticRegression(),), search={})
    took = duration(study, plan(study, CORPUS.fingerprint), CORPUS)
    assert took is not None and took.high_s > took.low_s > BEGIN_S and str(took).endswith("(by a few batches of 1 cell on this machine)")


def test_a_network_that_can_not_be_trained_gives_no_estimate() -> None:
    cells = [dataclasses.replace(CELLS[0], base=dataclasses.replace(TRIAL, architecture=load_study(TINY).architectures[1]))]
    assert duration(STUDY, cells, CORPUS) is None
