"""Each row's cost is measured once, after all trainings; what a run that was stopped did not measure, the next start does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow_client import client_of, runs_of
from simulated import STUDY, simulated, study_file

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution.run_study import Execution, run_study
from harness.study.trial import Trial
from harness.tracking.store import Store
from harness.training import cost
from registry.architectures.logistic_regression import LogisticRegression

FIGURES = {"cost/latency_median_ms": 5.0, "cost/cores": 2.0}


def states(home: Path) -> list[str]:
    """Of the finals' seeds."""
    return [run.info.status for run in runs_of(client_of(home), "simulated")["seed"]]


def run(home: Path, monkeypatch: pytest.MonkeyPatch, *found: tuple[dict[str, float], str], probes: list[str] | None = None,
        **changes: Any) -> list[Trial]:
    """Run a study whose costs are as given, as far as they go; returns the trials whose cost was to be measured.

    Args: probes: is filled with what becomes of the process that measures.
    """
    measured: list[Trial] = []
    said = [] if probes is None else probes

    class Probe:
        def __init__(self, trial: Trial, corpus: Any) -> None:
            said.append(f"begun after {states(home).count('FINISHED')} seeds")

        def measure(self, trials: Sequence[Trial]) -> Iterator[tuple[dict[str, float], str]]:
            assert set(states(home)) == {"FINISHED"}
            for each, trial in zip(found, trials, strict=False):
                measured.append(trial)
                yield each
            if len(found) < len(trials):
                raise KeyboardInterrupt

        def close(self) -> None:
            said.append("closed")

    monkeypatch.setattr(cost, "Probe", Probe)
    run_study(study_file(replace(STUDY, measure_cost=True, **changes)), Store(home), Workspace(home, workers=1), {}, Console(),
              execution=Execution(in_process=True, objective=simulated))
    return measured


def costs(home: Path) -> list[tuple[str, str]]:
    """(protocol, seed) of the finals that have a cost."""
    return sorted((run.data.tags["bench.split"], run.data.params["seed"]) for run in runs_of(client_of(home), "simulated")["seed"]
                  if FIGURES.items() <= run.data.metrics.items())


NETWORKS = (STUDY.architectures[0], replace(STUDY.architectures[0], filters=(3,)))


def test_rows_are_measured_once_and_what_a_stopped_run_did_not_measure_is_left_to_the_next_start(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = {"architectures": NETWORKS, "splits": STUDY.splits[:1]}
    probes: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, monkeypatch, (FIGURES, ""), probes=probes, **study)
    assert costs(tmp_path) == [("random_80_20", "0")]
    assert probes == ["begun after 3 seeds", "closed"]  # of four: it loads its libraries while the last one trains
    second = run(tmp_path, monkeypatch, (FIGURES, ""), **study)
    assert [trial.architecture.filters for trial in second] == [(3,)] and second[0].opens_test
    assert costs(tmp_path) == 2 * [("random_80_20", "0")]
    assert run(tmp_path, monkeypatch, **study, seeds=(0, 1, 2)) == []


def test_rows_of_one_network_share_a_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dropouts = tuple(replace(STUDY.architectures[0], dropouts=(rate,)) for rate in (0.1, 0.2))
    measured = run(tmp_path, monkeypatch, (FIGURES, ""), trials=0, seeds=(0,), architectures=dropouts)
    assert len(measured) == 1
    assert costs(tmp_path) == [*2 * [("random_80_20", "0")], *2 * [("unseen_speakers_80_20", "0")]]


def test_rows_of_estimators_that_were_held_back_otherwise_share_a_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    estimators = tuple(LogisticRegression(C=strength) for strength in (0.1, 1.0))
    vectors = (replace(STUDY.feature_spaces[0], join="vector"),)
    measured = run(tmp_path, monkeypatch, (FIGURES, ""), trials=0, seeds=(0,), feature_spaces=vectors, architectures=estimators, search={})
    assert len(measured) == 1
    assert costs(tmp_path) == [*2 * [("random_80_20", "0")], *2 * [("unseen_speakers_80_20", "0")]]


def test_a_row_that_cannot_be_measured_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, monkeypatch, ({}, "its layer is odd"), (FIGURES, "multiply–adds are not known"), trials=0, seeds=(0,),
        architectures=NETWORKS, splits=STUDY.splits[:1])
    told = capsys.readouterr().err
    assert "plain_1d[filters=(2,), dense=()] on random_80_20: cost not measured: its layer is odd" in told
    assert "on random_80_20: cost not wholly measured: multiply–adds are not known" in told
    assert costs(tmp_path) == [("random_80_20", "0")]
