"""The `bench` command: its parser, and every fault as a message and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from types import TracebackType
from typing import Any

from harness.cli import analyses, audit, browse, bundle, data, export, models, predict, report, restore, run, runs, ui
from harness.cli.groups import GroupedParser
from harness.safe_text import accept_any_stream, first_line, mask_logs, mask_secrets, printable
from registry.errors import BenchError, UsageError


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = GroupedParser(prog="bench", description="A benchmark harness for speech emotion recognition.")
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = top.add_subparsers(required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser)
    for module in (browse, run, runs, report, bundle, restore, data, models, audit, analyses, predict, export, ui):
        module.add_to(subparsers)
    return top


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # takes longer to load than the whole help

        print(f"bench {version('ser-bench')}")
        parser.exit()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 the work failed, 2 the call was wrong, 130 stopped by Ctrl-C or SIGTERM."""
    accept_any_stream()
    args = parser().parse_args(arguments, argparse.Namespace(words=sys.argv[1:] if arguments is None else arguments))
    if folder := vars(args).get("models"):
        os.environ["BENCH_MODELS"] = str(folder.resolve())  # for the processes that this one starts, too
    mask_logs()
    sys.excepthook = _print_masked
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cluster's end of a job ends it like Ctrl-C
    try:
        from harness.console import Console

        return int(args.command(args, Console("quiet" in args and args.quiet)) or 0)
    except KeyboardInterrupt:
        print("bench: stopped; everything finished is kept, and the same command continues", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if args.debug:
            raise
        print(printable(f"bench: {_message(error)}"), file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def _message(error: Exception) -> str:
    if isinstance(error, BenchError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}; check the path, its permissions and the free space"
    if type(error).__module__.startswith("mlflow"):
        return (f"MLflow refuses, or went away: {first_line(error)}\nWhat finished is kept; the same command continues when MLflow is "
                "back.")
    return f"{type(error).__name__}: {error}\nThis is a fault of bench itself; `--debug` shows where."


def _print_masked(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The traceback of `--debug`, without the secrets that addresses in it hold."""
    print(mask_secrets("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)
