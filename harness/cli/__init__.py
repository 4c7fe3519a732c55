"""The `bench` command: a file for each group of commands, with its options, its call and what it prints."""

from harness.cli.entry import main

__all__ = ["main"]
