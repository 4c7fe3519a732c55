"""The groups in which `bench --help` lists commands: a new command joins by its name in one of them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from harness.cli.options import wrapped

GROUPS = {
    "everyday": "run status report ui predict",
    "look": "list show runs compare audit",
    "research": "replicate leakage noise transfer bundle verify export",
    "upkeep": "data models check cache sync restore",
}
EXAMPLES = """examples:
  bench run --study quickstart              a first leaderboard, without data
  bench run --study cnn2d --data ~/corpora  the main job on CREMA-D
  bench ui                                  browse every run in MLflow
  bench list                                what can be combined"""
ONE_COMMAND = "`bench COMMAND --help` shows the examples and options of one of them."


class GroupedParser(argparse.ArgumentParser):
    """The parser of the whole command line, whose help begins with examples and has a part for each group of commands."""

    def format_help(self) -> str:
        """Usage, examples, groups, options."""
        commands = next(action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        summaries = {choice.dest: choice.help or "" for choice in commands._choices_actions}
        options = self._get_formatter()
        options.start_section("options")
        options.add_arguments([action for action in self._actions if action is not commands])
        options.end_section()
        return "\n\n".join([f"usage: {self.prog} COMMAND …", self.description or "", EXAMPLES, *in_groups(summaries),
                            "\n".join(wrapped(ONE_COMMAND)), options.format_help().rstrip()]) + "\n"


def in_groups(summaries: Mapping[str, str]) -> list[str]:
    """A text for each group: a command a line with its summary; what is in no group comes last, under `more`."""
    groups = {title: names.split() for title, names in GROUPS.items()}
    more = sorted(summaries.keys() - {name for names in groups.values() for name in names})
    width = max(map(len, summaries))
    return ["\n".join((f"{title}:", *(line for name in names if name in summaries
                                      for line in wrapped(summaries[name], f"  {name:{width}}  ", " " * (width + 4)))))
            for title, names in (*groups.items(), *([("more", more)] if more else []))]
