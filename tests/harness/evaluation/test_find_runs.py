"""STUDY, STUDY:CELL@SPLIT and RUN stand for the same runs in every command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from calls import bench
from made_finals import record, said

from harness.evaluation.find_runs import LEAKAGE, STUDY, chosen_runs, runs_to_compare
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.errors import BenchError, UsageError


def test_a_row_by_its_label_is_the_final_by_its_id(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    by_id = json.loads(bench("compare", ids["good"], ids["weak"], "--home", folder, "--json").out)
    by_label = json.loads(bench("compare", "small:mel × good@random_80_20", "small:weak@random_80_20", "--home", folder, "--json").out)
    assert by_id.pop("a") == f"small: final ({ids['good'][:8]})" and by_label.pop("a") == "small:mel × good@random_80_20"
    by_id.pop("b"), by_label.pop("b")
    assert by_id == by_label and by_id["seeds"] == [["0", "1"], ["0", "1"]]
    uar = by_id["scores"]["uar"]
    assert uar["worse"] and uar["low"] < uar["difference"] < uar["high"] < 0 and uar["difference"] == pytest.approx(uar["b"] - uar["a"])
    assert uar["a"] == pytest.approx(np.mean([said(0.7, seed).scores.uar for seed in (0, 1)]))


def test_the_start_of_a_seeds_id_stands_for_that_seed_alone(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    outcome = bench("compare", ids["good seed"], ids["good"], "--home", folder)
    assert outcome.code == 0 and "(seeds 0)" in outcome.out and "(seeds 0, 1)" in outcome.out and "can't be told apart" in outcome.out
    single = bench("compare", ids["good seed"][:20], ids["weak seed"][:20], "--home", folder)
    assert single.code == 0 and "B is significantly worse" in single.out and "One seed each" in single.out
    assert "make one count by --one-seed" in single.out


def test_what_is_no_row_no_test_or_has_other_clips_is_refused_with_code_2(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    for other, words in ((ids["other"], "different test clips (240 and 200, 200 in both)"),
                         ("xyz", "no study, row (STUDY:CELL@SPLIT) or run in the store is called 'xyz'"),
                         (ids["trial"], "which was never scored on test clips"), ("", "is the start of 13 runs' ids"),
                         ("small", "'small' is a study: compare two of its rows"),
                         ("small:mel × goood@random_80_20", "Did you mean 'small:mel × good@random_80_20'"),
                         ("smal:mel × good@random_80_20", "Did you mean 'small'")):
        outcome = bench("compare", ids["good"], other, "--home", folder)
        assert outcome.code == 2 and words in outcome.err and outcome.out == "", outcome.err


def test_where_nothing_was_run_nothing_is_compared_and_no_store_is_made(tmp_path: Path) -> None:
    outcome = bench("compare", "ab", "cd", "--home", tmp_path)
    assert outcome.code == 1 and "there are no runs" in outcome.err and list(tmp_path.iterdir()) == []


def test_a_study_stands_for_the_seeds_of_all_its_finals_and_a_final_for_its_own(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    store = Store(folder)
    study, final, trial = (chosen_runs(store, text) for text in ("small", ids["weak"], ids["trial"]))
    assert (study.name, study.kind, len(study.runs)) == ("small", "study", 5) and {run.kind for run in study.runs} == {"seed"}
    assert (final.kind, [run.about.cell for run in final.runs], [run.seed for run in final.runs]) == ("final", ["weak"] * 2, ["0", "1"])
    assert (trial.kind, [run.run_id for run in trial.runs]) == ("trial", [ids["trial"]])
    row = chosen_runs(store, "small:weak@random_80_20")
    assert row.kind == "row" and [run.run_id for run in row.runs] == [run.run_id for run in final.runs]
    assert [run.run_id for run in chosen_runs(store, "experiments/small.py").runs] == [run.run_id for run in study.runs]


def test_runs_of_other_kinds_of_experiments_are_found_only_where_these_are_searched(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = store.experiment("leakage-small", LEAKAGE).start("trial", "t", None, RunTags(cell="c"))
    for text in ("leakage-small", run, run[:12]):
        with pytest.raises(UsageError, match="or run in the store is called"):
            chosen_runs(store, text)
        assert chosen_runs(store, text, (STUDY, LEAKAGE)).tracker.study_name == "leakage-small"


def test_a_seed_whose_predictions_are_gone_is_named(tmp_path: Path) -> None:
    final, (_, second) = record(Store(tmp_path).experiment("small"), "good", 0.1, [said(0.7, 0), said(0.7, 1)])
    next(tmp_path.rglob(f"{second}/artifacts/test/predictions.csv")).unlink()
    with pytest.raises(BenchError, match="the store has lost the test predictions of seed 1: run it again"):
        runs_to_compare(Store(tmp_path), final)
