"""Precision `auto` is measured once a network and machine, before signatures, and a start that continues takes what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow_client import client_of, runs_of
from simulated import STUDY, simulated, study_file

from harness.console import Console
from harness.data.corpora import Workspace, open_corpus
from harness.execution.auto_precision import foreseen, resolved
from harness.execution.run_study import Execution, run_study
from harness.study.cells import plan
from harness.study.trial import Trial
from harness.tracking.store import Store
from harness.training import precision
from registry.architectures.plain_1d import Plain1D

CORPUS = open_corpus(STUDY.corpus, None)
TWO = replace(STUDY, architectures=(Plain1D(filters=(2,), dense=()), Plain1D(filters=(4,), dense=())),
              training=replace(STUDY.training, precision="auto"))
NAMES = ("plain_1d[filters=(2,), dense=()]", "plain_1d[filters=(4,), dense=()]")


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The filters of networks that are timed: those of 2 are 8 % faster in bfloat16, those of 4 are 12 %."""
    networks: list[int] = []

    def seconds(trial: Trial, shape: tuple[int, ...], n_classes: int) -> dict[str, float]:
        networks.append(trial.architecture.filters[0])
        return {"float32": 0.00108 if networks[-1] == 2 else 0.00112, "mixed_bfloat16": 0.001}

    monkeypatch.setattr(precision, "seconds_of_a_clip", seconds)
    monkeypatch.setattr(precision, "processor", lambda: ("a processor", True))
    return networks


def test_bfloat16_is_chosen_where_it_is_a_tenth_faster_and_measured_once_a_home(tmp_path: Path, timed: list[int]) -> None:
    cells, said = plan(TWO, CORPUS.fingerprint), []
    _, lines = foreseen(cells, CORPUS, tmp_path)
    assert timed == [] and [line.partition(": ")[2] for line in lines] == [
        "float32 or mixed_bfloat16, measured on this machine when the run starts"] * 2
    chosen = resolved(cells, CORPUS, tmp_path, said.append)
    assert [cell.base.training.precision for cell in chosen] == ["float32", "mixed_bfloat16"] * 2 and timed == [2, 4]
    assert said[-1].endswith(f"× {NAMES[1]} (1.12 ms a clip in float32, 1.00 in bfloat16, measured on this machine)")
    assert said[-1].startswith("training.precision=auto: mixed_bfloat16 for ")
    assert resolved(cells, CORPUS, tmp_path, said.append) == chosen and timed == [2, 4]
    later, lines = foreseen(cells, CORPUS, tmp_path)
    assert later == chosen and lines[0].startswith("float32 for ")
    written = plan(replace(TWO, training=STUDY.training), CORPUS.fingerprint)
    assert [cell.base.signature == other.base.signature for cell, other in zip(chosen, written, strict=True)] == [True, False] * 2


def test_a_processor_without_bfloat16_takes_float32_at_once(tmp_path: Path, timed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "processor", lambda: ("an old processor", False))
    said: list[str] = []
    chosen = resolved(plan(TWO, CORPUS.fingerprint), CORPUS, tmp_path, said.append)
    assert {cell.base.training.precision for cell in chosen} == {"float32"} and timed == []
    assert said == ["training.precision=auto: float32, since an old processor does not compute in bfloat16"]


def test_a_run_notes_the_precision_and_continues_with_it(tmp_path: Path, timed: list[int]) -> None:
    def run(**changes: Any) -> dict[str, list[Any]]:
        run_study(study_file(replace(TWO, architectures=TWO.architectures[1:], splits=TWO.splits[:1], trials=1, seeds=(0,), **changes)),
                  Store(tmp_path), Workspace(tmp_path, workers=1), {}, Console(), execution=Execution(in_process=True, objective=simulated))
        return runs_of(client_of(tmp_path), "simulated")

    first = run()
    assert {run.data.params["training.precision"] for run in (*first["trial"], *first["seed"])} == {"mixed_bfloat16"}
    again = run()
    assert len(again["trial"]) == len(again["seed"]) == 1 and timed == [4]
