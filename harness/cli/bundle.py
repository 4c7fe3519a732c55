"""`bench bundle` packs the figures of a study with all that they are computed from; `bench verify` computes them again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options
from registry.errors import UsageError

if TYPE_CHECKING:
    from harness.console import Console

SHOWN = 20  # faults of one kind at most


def add_to(subparsers: Any) -> None:
    bundle = options.add_command(subparsers, "bundle", bundle_command,
                                 "pack a study's figures with the predictions, splits and settings behind them, for others to verify",
                                 "bench bundle cnn2d --to cnn2d.zip", "bench bundle cnn2d --to cnn2d.zip --data ~/corpora")
    bundle.add_argument("study", metavar="STUDY", help="a study that has finals")
    bundle.add_argument("--to", type=Path, required=True, metavar="FILE.zip", help="where to write it; the same runs give the same bytes")
    options.add_data_folder(bundle)
    check = options.add_command(subparsers, "verify", verify_command,
                                "compute the figures, intervals and ranks of a bundle again, without training or audio; exit code 1 when "
                                "something does not match", "bench verify cnn2d.zip")
    check.add_argument("file", type=Path, metavar="FILE.zip", help="what `bench bundle` wrote")


def bundle_command(args: argparse.Namespace, console: Console) -> None:
    if args.to.suffix.lower() != ".zip":
        raise UsageError(f"--to needs a file that ends in .zip, such as {args.study}.zip, not {str(args.to)!r}")
    from harness.evaluation.bundle import write_bundle

    console.say(f"packing the finals of {args.study}")
    digest, files = write_bundle(options.store(args), args.study, args.to, args.data)
    console.result(f"{args.to}: {files} files, {args.to.stat().st_size / 1e6:.1f} MB")
    console.result(f"SHA-256 {digest}: publish it beside the file, so that others know that it is yours")
    if args.data is None:
        console.result("Training clips are not listed in its splits: --data DIR adds them, and their fingerprint can be verified, too.")
    console.result(f"Verify it anywhere: bench verify {args.to}")


def verify_command(args: argparse.Namespace, console: Console) -> int:
    from harness.evaluation.verify_bundle import verify

    console.say(f"computing the figures of {args.file} again")
    found = verify(args.file)
    for check in found.checks:
        console.result(f"{'FAULT' if check.faults else 'ok'}: {check.count:,} {check.what}"
                       + (f", but {len(check.faults)} {'does' if len(check.faults) == 1 else 'do'} not match" if check.faults else ""))
        for fault in check.faults[:SHOWN]:
            console.result(f"    {fault}")
        if len(check.faults) > SHOWN:
            console.result(f"    and {len(check.faults) - SHOWN} more")
    verdict = "something does not match; don't rely on its figures" if found.failed else (
        "everything matches. What was measured once (cost, times), and which trials were run, can't be computed again.")
    console.result(f"{found.about.get('study', '?')}: {verdict}")
    return int(found.failed)
