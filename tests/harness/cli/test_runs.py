"""`bench runs` and `bench status` on homes with runs, without any, and while a study runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from begun_study import CELL, begun
from calls import TINY, Ran, bench
from copied_home import copied_home

from harness.cli.runs import _age
from harness.tracking.store import Store


def test_runs_lists_finals_and_seeds_with_what_they_reached(ran: Ran) -> None:
    outcome = bench("runs", TINY, "--home", ran.home)
    lines = [line for line in outcome.out.splitlines() if " finished " in line]
    assert outcome.code == 0 and len(lines) == 6
    assert re.findall(r"^tiny_study: (\w+)", outcome.out, flags=re.MULTILINE) == ["random_80_20", "unseen_speakers_80_20"]
    assert "6 runs of tiny_study" in outcome.out and "`bench compare RUN RUN`" in outcome.out
    assert len([line for line in bench("runs", "--trials", "--home", ran.home).out.splitlines() if " trial " in line]) == 4


def test_status_of_a_study_that_is_done_says_so_and_gives_the_command_with_this_home(ran: Ran) -> None:
    outcome = bench("status", "--home", ran.home)
    assert outcome.code == 0 and "left: nothing" in outcome.out and "running" not in outcome.out
    assert f"to add to it: bench run --study {TINY} --in-process --home {ran.home}" in outcome.out


def test_status_of_a_study_that_runs_names_its_process_its_failures_and_what_is_left(tmp_path: Path) -> None:
    begun(tmp_path)
    outcome = bench("status", "mine", "--home", tmp_path)
    assert outcome.code == 0 and "running: 1 job of process " in outcome.out and "which is alive" in outcome.out
    assert "failed: trial failed (mel × plain_2d on random_80_20): it diverged" in outcome.out and "not begun: 1 cell" in outcome.out
    assert "left: 2 trials and 2 seeds of finals, and the cells that are not begun" in outcome.out
    assert f"to continue: bench run --study mine.py --home {tmp_path}" in outcome.out
    wrong = bench("status", "min", "--home", tmp_path)
    assert wrong.code == 2 and "Did you mean 'mine'" in wrong.err


def test_seeds_that_were_trained_before_the_process_ended_are_done_and_their_figures_are_left(tmp_path: Path) -> None:
    tracker = begun(tmp_path, planned={"cells": [CELL.cell], "trials": 2, "seeds": [0]})
    tracker.end(tracker.start("seed", "seed 0", tracker.records()[0].run_id, CELL, {"seed": "0"}), "finished")
    outcome = bench("status", "mine", "--home", tmp_path)
    assert "1 of 1 seed" in outcome.out and "its figures" in outcome.out
    assert "left: the figures of 1 cell, trained already" in outcome.out and "to continue: bench run" in outcome.out


def test_status_of_a_home_without_runs_says_so_and_makes_none(tmp_path: Path) -> None:
    outcome = bench("status", "--home", tmp_path / "home")
    assert outcome.code == 0 and "there are no runs in" in outcome.out and not (tmp_path / "home").exists()
    assert bench("runs", "--home", tmp_path / "home").code == 1


def test_what_was_deleted_in_mlflow_is_no_news_to_either_command(ran: Ran, tmp_path: Path) -> None:
    home = copied_home(ran.home, tmp_path / "home")
    tracker = Store(home).experiment("tiny_study")
    tracker.client.delete_run(tracker.records("seed")[0].run_id)
    assert "deleted in MLflow: 1 run; `bench restore tiny_study` brings back what MLflow has" in bench("status", "--home", home).out
    tracker.client.delete_experiment(tracker.experiment_id)
    for command in (("runs",), ("status",)):
        outcome = bench(*command, "--home", home)
        assert "tiny_study was deleted in MLflow (`bench restore` brings it back)" in outcome.out + outcome.err
    assert "`bench restore tiny_study` brings it back with its runs" in bench("runs", "tiny_study", "--home", home).err


def test_neither_command_loads_the_backend(tmp_path: Path) -> None:
    begun(tmp_path)
    code = ("import sys; from harness.cli import main; "
            f"codes = [main([command, '--home', {str(tmp_path)!r}]) for command in ('runs', 'status')]; "
            "sys.exit(sum(codes) + sum(name in sys.modules for name in ('tensorflow', 'keras', 'librosa')))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_ages_are_told_in_the_unit_that_fits() -> None:
    assert [_age(seconds) for seconds in (5, 90, 7_200, 90_000, 400_000)] == ["5 s", "2 min", "2 h", "25 h", "5 days"]
