"""Runs are listed with ids that commands take, in the order of the leaderboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Ran

from harness.evaluation.find_runs import chosen_runs
from harness.evaluation.run_list import listed_runs
from harness.tracking.store import Store
from registry.errors import BenchError, UsageError


def test_each_final_is_followed_by_its_seeds_and_every_id_is_taken_by_commands(compared: tuple[Path, dict[str, str]]) -> None:
    store, ids = Store(compared[0]), compared[1]
    runs = listed_runs(store, "small")
    assert [run.record.kind for run in runs] == ["final", "seed", "final", "seed", "seed", "final", "seed", "seed"]
    assert [run.record.run_id for run in runs if run.record.kind == "final"] == [ids["other"], ids["good"], ids["weak"]]
    assert all(chosen_runs(store, run.short_id).runs[0].kind == "seed" for run in runs)
    assert [run.cell for run in runs[3:5]] == ["mel × good"] * 2 and runs[3].record.seed == "0"


def test_trials_are_listed_on_request_and_all_studies_without_a_name(compared: tuple[Path, dict[str, str]]) -> None:
    store = Store(compared[0])
    assert [run.record.run_id for run in listed_runs(store, "small", trials=True) if run.record.kind == "trial"] == [compared[1]["trial"]]
    assert {run.study for run in listed_runs(store)} == {"orders", "small"}


def test_a_study_without_runs_gives_the_near_names_and_a_home_without_any_says_so(ran: Ran, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no study with runs is called 'tiny_stud'\. Did you mean 'tiny_study'"):
        listed_runs(Store(ran.home), "tiny_stud")
    with pytest.raises(BenchError, match="there are no runs in"):
        listed_runs(Store(tmp_path))
