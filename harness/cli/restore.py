"""`bench restore`: lists what was deleted in MLflow, and brings it back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console


def add_to(subparsers: Any) -> None:
    restore = options.add_command(subparsers, "restore", restore_command,
                                  "bring back a study or a run that was deleted in MLflow; without a name, list what was",
                                  "bench restore", "bench restore cnn2d --dry-run", "bench restore cnn2d", "bench restore 3f2a91")
    restore.add_argument("what", nargs="?", default="", metavar="STUDY|RUN",
                         help="a study: its experiment and all its runs; or the start of one MLflow run's id")
    restore.add_argument("--dry-run", action="store_true", help="list what would come back, and change nothing")


def restore_command(args: argparse.Namespace, console: Console) -> None:
    from harness.tracking.restore import deleted, restore

    store = options.store(args)
    lists = args.dry_run or not args.what
    found = (deleted if lists else restore)(store, args.what)
    if not found:
        console.result(f"nothing{f' of {args.what}' * bool(args.what)} is deleted")
        return
    console.table(["study", "what", "id", "name"], [[each.study, each.what, each.id, each.name] for each in found],
                  title="deleted in MLflow" if lists else "brought back")
    if lists:
        console.result(f"{len(found)} deleted; `bench restore STUDY` brings back a study with all its runs, `bench restore RUN` one run")
    else:
        console.result(f"{len(found)} brought back; `bench report` writes the pages again, `bench sync` delivers results that waited")
