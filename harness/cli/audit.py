"""`bench audit`: looks for leaks in the finals of a study, or in one run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console


def add_to(subparsers: Any) -> None:
    audit = options.add_command(subparsers, "audit", audit_command,
                                "look for leaks in every final of a study, or in one run; exit code 1 when there is one",
                                "bench audit cnn2d --data ~/corpora", "bench audit quickstart")
    audit.add_argument("what", metavar="STUDY|RUN", help="a study that has finals, or the id of an MLflow run")
    options.add_data(audit)


def audit_command(args: argparse.Namespace, console: Console) -> int:
    from harness.cli.screen import print_audit
    from harness.evaluation.audit import audit_runs

    return print_audit(audit_runs(args.what, options.store(args), options.workspace(args)), console)
