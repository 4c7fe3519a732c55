"""Shared options refuse what they can't be, and stand for settings, folders and workers."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
from calls import bench

from harness.cli.entry import parser
from harness.cli.options import execution, settings, store, workspace
from registry.errors import BenchError, UsageError

RUN = ("run", "--study", "quickstart")


@pytest.mark.parametrize(("option", "value", "message"), [
    ("--workers", "0", "'0' is not a number of workers: give 1 or more"),
    ("--trials-per-gpu", "none", "'none' is not a number of workers: give 1 or more"),
    ("--feature-workers", "-7", "'-7' is not a number of processes: give 0 or more"),
    ("--trial-timeout", "inf", "'inf' is not a time in seconds: give a positive number"),
    ("--scheduler", "tcp://nowhere", "'tcp://nowhere' is not a scheduler's address: give the one that it prints")])
def test_a_value_that_an_option_cannot_have_is_named_with_what_it_can(option: str, value: str, message: str) -> None:
    outcome = bench(*RUN, option, value)
    assert outcome.code == 2 and f"argument {option}: {message}" in outcome.err and outcome.out == ""


def test_settings_are_python_values_and_the_last_of_a_name_counts() -> None:
    given = ["training.epochs=5", "mel.window=hann", "training.epochs=6", "plain_1d.filters=(4, 8)", "a.b=x=y"]
    assert settings(Namespace(set=given)) == {"training.epochs": 6, "mel.window": "hann", "plain_1d.filters": (4, 8), "a.b": "x=y"}
    for wrong in ("epochs=5", "training.epochs", ""):
        with pytest.raises(UsageError, match="--set needs SETTING=VALUE"):
            settings(Namespace(set=[wrong]))


def test_threads_of_a_trial_are_a_setting_of_every_cell() -> None:
    args = parser().parse_args([*RUN, "--threads-per-trial", "2", "--set", "training.epochs=5"])
    assert settings(args) == {"training.epochs": 5, "training.threads": 2} and "training.threads" not in settings(parser().parse_args(RUN))


def test_home_and_data_come_from_the_options_or_else_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    place = workspace(parser().parse_args(RUN))
    assert (place.home, place.data, place.workers) == (tmp_path / "home", tmp_path / "data", 0)
    place = workspace(parser().parse_args([*RUN, "--home", "here", "--data", "there", "--feature-workers", "3"]))
    assert (place.home, place.data, place.workers) == (Path("here").resolve(), Path("there").resolve(), 3)


def test_workers_are_as_many_as_fit_unless_the_options_say_otherwise() -> None:
    assert execution(parser().parse_args(RUN)).workers == execution(parser().parse_args([*RUN, "--workers", "auto"])).workers == "auto"
    assert execution(parser().parse_args([*RUN, "--workers", "3"])).workers == 3
    chosen = execution(parser().parse_args([*RUN, "--scheduler", "tls://10.0.0.1:8786", "--trial-timeout", "90"]))
    assert (chosen.scheduler, chosen.trial_timeout_s, chosen.in_process) == ("tls://10.0.0.1:8786", 90.0, False)


@pytest.mark.parametrize("together", [("--in-process", "--trial-timeout", "9"), ("--in-process", "--trials-per-gpu", "2"),
                                      ("--scheduler", "tcp://10.0.0.1:8786", "--trials-per-gpu", "2")])
def test_options_that_exclude_each_other_are_refused(together: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="leave out"):
        execution(parser().parse_args([*RUN, *together]))


def test_a_store_that_is_not_there_is_an_error_unless_a_new_one_may_be_made(tmp_path: Path) -> None:
    args = parser().parse_args(["report", "--home", str(tmp_path)])
    with pytest.raises(BenchError, match="run a study first"):
        store(args)
    assert store(args, new=True).home == tmp_path and list(tmp_path.iterdir()) == []
