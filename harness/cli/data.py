"""What `bench data` prints: how much of each corpus is there."""

from __future__ import annotations

from pathlib import Path

from harness.console import Console
from harness.data.availability import Availability
from registry.core import get


def print_status(corpora: list[Availability], data: Path | None, console: Console) -> None:
    """A table of how much of each corpus is there, and what is wrong with some."""
    console.table(["corpus", "folder", "clips", "state", "MB"],
                  [[c.name, c.folder, c.clips, c.state, f"{c.bytes / 1e6:,.1f}" if c.bytes else ""] for c in corpora],
                  title=f"corpora in {data}" if data else "no folder was given: `--data DIR` or BENCH_DATA names it")
    for corpus in corpora:
        if corpus.reason:
            console.result(f"{corpus.name}: {corpus.reason}")


def print_state(corpus: Availability, data: Path, console: Console) -> None:
    """A sentence on how much of a corpus is there, and its licence and citation."""
    loader, reason = get("corpora", corpus.name), f" ({corpus.reason})" if corpus.reason else ""
    console.result(f"{corpus.name}: {corpus.clips} clips in {data / corpus.folder}: {corpus.state}{reason}")
    console.say(f"Licence: {loader.licence}. Please cite: {loader.citation}")
