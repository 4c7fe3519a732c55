"""The grouped help: each command once, examples first, nothing wider than the terminal."""

from __future__ import annotations

import re

import pytest

from harness.cli.entry import parser
from harness.cli.groups import GROUPS, in_groups


def listed(text: str) -> list[str]:
    """The commands that a help lists, in its order."""
    return re.findall(r"^  ([a-z]+)  ", text.partition("everyday:")[2].partition("options:")[0], flags=re.MULTILINE)


def test_every_command_stands_in_one_group_and_in_the_help() -> None:
    commands = {name for action in parser()._actions if isinstance(action.choices, dict) for name in action.choices}
    grouped = " ".join(GROUPS.values()).split()
    assert commands - set(grouped) == set(), "give a new command a group: harness/cli/groups.py"
    assert len(grouped) == len(set(grouped))
    assert listed(parser().format_help()) == [name for name in grouped if name in commands]


def test_the_help_begins_with_examples() -> None:
    text = parser().format_help()
    assert text.index("examples:") < text.index("everyday:") < text.index("upkeep:") < text.index("options:")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_of_the_help_is_wider_than_the_terminal_and_words_stay_whole(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = parser().format_help()
    lines = text.partition("everyday:")[2].splitlines() if columns < 80 else text.splitlines()
    assert max(map(len, lines)) <= columns
    assert "continues where it stopped" in " ".join(text.split())


def test_a_command_of_no_group_comes_last_and_is_not_lost() -> None:
    *_, last = in_groups({"run": "run a study", "polish": "make it shine"})
    assert last == "more:\n  polish  make it shine"


@pytest.mark.parametrize("name", " ".join(GROUPS.values()).split())
def test_the_help_of_a_command_shows_examples_before_options(name: str) -> None:
    commands = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    text = commands[name].format_help()
    assert 0 < text.index("examples:") < text.index("options:")
