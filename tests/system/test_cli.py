"""All commands alike: each explains itself with an example, and a wrong call ends with its code, says why and writes nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from calls import TINY, bench

from harness.cli.entry import parser

COMMANDS = tuple(next(action.choices for action in parser()._actions if isinstance(action, argparse._SubParsersAction)))
NO_RUNS = "there are no runs in"


def test_there_are_twenty_three_commands() -> None:
    assert sorted(COMMANDS) == ["audit", "bundle", "cache", "check", "compare", "data", "export", "leakage", "list", "models", "noise",
                                "predict", "replicate", "report", "restore", "run", "runs", "show", "status", "sync", "transfer", "ui",
                                "verify"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example_that_begins_with_it(command: str) -> None:
    outcome = bench(command, "--help")
    assert outcome.code == 0 and f"examples:\n  bench {command}" in outcome.out


def test_the_help_lists_every_command() -> None:
    outcome = bench("--help")
    assert outcome.code == 0 and all(f"\n  {command} " in outcome.out for command in COMMANDS)


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (("ui",), 1, NO_RUNS),
    (("audit", "quickstart"), 1, NO_RUNS),
    (("compare", "3f2a91", "77c0de"), 1, NO_RUNS),
    (("noise", "quickstart"), 1, NO_RUNS),
    (("report",), 1, NO_RUNS),
    (("runs", "quickstart"), 1, NO_RUNS),
    (("noise", "quickstart", "--kinds", "pink"), 2, "no kind of noise is called 'pink'"),
    (("noise", "quickstart", "--levels", "nan"), 2, "--levels must be -60 to 120 dB"),
    (("leakage", "--study", "nope"), 2, "no study is called 'nope'"),
    (("leakage", "--study", TINY, "--cell", "nope"), 2, "no cell 'nope'"),
    (("leakage", "--study", TINY, "--copies", "nope"), 2, "no augmentation is called 'nope'"),
    (("leakage", "--study", TINY, "--set", "nonsense"), 2, "--set needs SETTING=VALUE, such as training.epochs=5, not 'nonsense'"),
    (("transfer", "--study", TINY, "--corpora", "synthetic"), 2, "needs two corpora or more"),
    (("replicate", "nope"), 2, "no published system or recipe is called 'nope'"),
    (("check", "nope"), 2, "no corpus is called 'nope'"),
    (("check", "my_net.py"), 2, "--kind architectures"),
    (("data", "pull"), 2, "needs the corpora and a folder for them"),
    (("data", "status", "--data", "nowhere"), 2, "there is no folder nowhere"),
    (("models", "pull"), 2, "needs the models: bench models pull whisper-tiny.en"),
    (("models", "pull", "whisper-tiny"), 2, "Did you mean 'whisper-tiny.en'")])
def test_a_wrong_call_ends_with_its_code_says_why_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], code: int,
                                                                     message: str) -> None:
    outcome = bench(*arguments, "--home", tmp_path / "home")
    assert outcome.code == code and message in outcome.err and outcome.out == "", outcome.err
    assert "Traceback" not in outcome.err and list(tmp_path.iterdir()) == []
