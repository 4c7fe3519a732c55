"""Options that several commands share, and what they stand for; nothing heavy is imported before a command runs."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from registry.errors import UsageError

if TYPE_CHECKING:
    from harness.console import Console
    from harness.data.corpora import Workspace
    from harness.execution.run_study import Execution
    from harness.tracking.store import Store


def add_command(subparsers: Any, name: str, run: Callable[[argparse.Namespace, Console], int | None], summary: str,
                *examples: str) -> argparse.ArgumentParser:
    """A subcommand with its help, examples first, and the options that all have; `run` returns the exit code, None for 0."""
    sub: argparse.ArgumentParser = subparsers.add_parser(
        name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="\n".join((*wrapped(f"{summary[0].upper()}{summary[1:]}."), "", "examples:", *(f"  {line}" for line in examples))))
    sub.add_argument("--home", type=Path, default=Path(os.environ.get("BENCH_HOME", ".")), metavar="DIR",
                     help="where runs, models and reports are written (BENCH_HOME; default: the current folder)")
    sub.add_argument("--debug", action="store_true", help="show tracebacks")
    sub.set_defaults(command=run)
    return sub


def wrapped(text: str, first: str = "", indent: str = "") -> list[str]:
    """The lines of a text at the terminal's width, as argparse fills its own; `first` begins the first one, `indent` the others."""
    width = max(shutil.get_terminal_size().columns - 2, 40)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def add_data_folder(sub: argparse.ArgumentParser) -> None:
    folder = os.environ.get("BENCH_DATA")
    sub.add_argument("--data", type=Path, default=Path(folder) if folder else None, metavar="DIR", help="folder with corpora (BENCH_DATA)")


def add_models_folder(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--models", type=Path, metavar="DIR",
                     help="folder with weights of pretrained encoders (BENCH_MODELS; `bench models status` shows the default)")


def add_data(sub: argparse.ArgumentParser) -> None:
    """Of commands that compute features."""
    add_data_folder(sub)
    add_models_folder(sub)
    sub.add_argument("--feature-workers", type=whole("a number of processes", 0), default=0, metavar="N",
                     help="processes that compute features (default 0: one a core)")


def add_quiet(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")


def add_allow_missing(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--allow-missing", action="store_true", help="leave out clips that are missing or damaged instead of stopping")


def add_training(sub: argparse.ArgumentParser) -> None:
    """Of commands that train networks: fixed settings, corpora, and how trials are carried out."""
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE",
                     help="fix a setting, e.g. training.epochs=5 or mel.n_mels=40; may be repeated")
    add_quiet(sub)
    add_data(sub)
    where = sub.add_mutually_exclusive_group()
    workers = whole("a number of workers", 1)
    where.add_argument("--workers", type=lambda text: text if text == "auto" else workers(text), default="auto", metavar="N",
                       help="processes that train, one trial each at a time (default auto: one a core, fewer where memory would not do)")
    where.add_argument("--scheduler", type=_address, metavar="tcp://HOST:PORT", help="train on a running Dask cluster")
    where.add_argument("--in-process", action="store_true", help="train in the process of the command, for debugging")
    sub.add_argument("--trials-per-gpu", type=workers, default=0, metavar="K", help="start K workers for each GPU, which share it")
    sub.add_argument("--threads-per-trial", type=whole("a number of threads", 1), metavar="N",
                     help="threads that compute a trial (default 1, or training.threads of the study); others give other figures")
    sub.add_argument("--trial-timeout", type=seconds, default=0.0, metavar="SECONDS",
                     help="stop a trial that takes longer and count it as failed; the start of a new worker counts, too")
    sub.add_argument("--adopt", action="store_true",
                     help="write into an MLflow experiment of this name that bench did not make, or begin it anew where it was renamed")
    sub.add_argument("--optuna-storage", default=os.environ.get("BENCH_OPTUNA_STORAGE", ""), metavar="URL",
                     help="database of the search, e.g. postgresql://… (BENCH_OPTUNA_STORAGE; default: optuna.db below the home)")


def whole(what: str, least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of options: whole numbers from `least` to `most`; any other text is not `what`."""
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most and int(text) > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}: give {least} {f'to {most}' if most else 'or more'}")
        return int(text)
    return number


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a scheduler's address: give the one that it prints, such as tcp://10.0.0.1:8786")
    return text


def seconds(text: str) -> float:
    """A type of options: a time."""
    with suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a time in seconds: give a positive number")


def settings(args: argparse.Namespace) -> dict[str, Any]:
    """Setting -> value, of every `--set` and of `--threads-per-trial`. Raises: UsageError for anything but SETTING=VALUE."""
    from harness.study.files import parse_value

    pairs = [text.partition("=") for text in args.set]
    for name, equals, value in pairs:
        if not equals or "." not in name:
            raise UsageError(f"--set needs SETTING=VALUE, such as training.epochs=5, not {name + equals + value!r}")
    threads = vars(args).get("threads_per_trial")
    return {name: parse_value(value) for name, _, value in pairs} | ({"training.threads": threads} if threads else {})


def store(args: argparse.Namespace, new: bool = False) -> Store:
    """MLflow's store below the home. Raises: BenchError when it is not there, unless a new one may be made."""
    from harness.tracking.store import Store

    return Store(args.home, new=new, adopt="adopt" in args and args.adopt)


def workspace(args: argparse.Namespace) -> Workspace:
    """Where a command finds clips and keeps features."""
    from harness.data.corpora import Workspace

    return Workspace(home=args.home.resolve(), data=args.data.resolve() if args.data else None, workers=args.feature_workers)


def workers(args: argparse.Namespace) -> int | Literal["auto"]:
    """How many trainings a call would have at a time, for an estimate; one on a cluster that nobody has looked at."""
    chosen: int | Literal["auto"] = args.trials_per_gpu or args.workers
    return 1 if args.in_process or args.scheduler else chosen


def execution(args: argparse.Namespace) -> Execution:
    """How trials are carried out. Raises: UsageError for options that exclude each other."""
    from harness.execution.run_study import Execution

    if args.in_process and (args.trials_per_gpu or args.trial_timeout):
        raise UsageError("--in-process starts no workers: leave out --trials-per-gpu and --trial-timeout")
    if args.scheduler and args.trials_per_gpu:
        raise UsageError("--trials-per-gpu is for workers that this command starts: leave it out, or leave out --scheduler")
    return Execution(workers=args.workers, in_process=args.in_process, scheduler=args.scheduler or "", trials_per_gpu=args.trials_per_gpu,
                     trial_timeout_s=args.trial_timeout, optuna_storage=args.optuna_storage)
