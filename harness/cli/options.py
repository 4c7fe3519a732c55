"""The command line of `bench`: every subcommand with its options, help and example; nothing heavy is imported for it."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any

from harness.cli import commands

MAIN_HELP = """examples:
  bench run --study quickstart --corpus synthetic     a first leaderboard, in a minute, without any data
  bench run --study cnn2d --data ~/corpora            the main job on CREMA-D
  bench ui                                            browse every run in MLflow
  bench list                                          what can be combined"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(prog="bench", description="A benchmark harness for speech emotion recognition.", epilog=MAIN_HELP,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    subs = top.add_subparsers(required=True, metavar="COMMAND")
    _list(_sub(subs, "list", "what can be combined, with one line on each", "bench list architectures"))
    _show(_sub(subs, "show", "a component's fields, or a study's cells and what it costs", "bench show mel\n  bench show cnn2d"))
    _run(_sub(subs, "run", "run a study; the same command continues where it stopped",
              "bench run --study cnn2d --data ~/corpora\n  bench run --study cnn1d --corpus synthetic --trials 2 --set training.epochs=5\n"
              "  bench run --study my_study.py --dry-run"))
    _replicate(_sub(subs, "replicate", "run published systems and put claimed beside reproduced",
                    "bench replicate --data ~/corpora\n  bench replicate 000 002_rezonet --data ~/corpora --epochs-scale 0.1"))
    _report(_sub(subs, "report", "write reports/<study>.md from the MLflow runs", "bench report --study cnn2d\n  bench report --json"))
    _compare(_sub(subs, "compare", "two runs or rows on the same test clips; exit code 1 when B has a significantly worse UAR",
                  "bench compare 3f2a91 77c0de\n  bench compare 'quickstart:zcr+energy × plain_1d@random_80_20' 3f2a91 --json"))
    _ui(_sub(subs, "ui", "start the MLflow UI on 127.0.0.1 over the right store", "bench ui --port 5001"))
    _corpora(_sub(subs, "data", "fetch corpora from where they are published, or tell what is there",
                  "bench data pull crema_d --data ~/corpora\n  bench data pull ravdess tess --data ~/corpora\n"
                  "  bench data status --data ~/corpora"))
    _check(_sub(subs, "check", "audit a corpus, or a component of your own",
                "bench check crema_d --data ~/corpora\n  bench check my_net.py --kind architectures"))
    _audit(_sub(subs, "audit", "look for leaks in every final of a study, or in one run; exit code 1 when there is one",
                "bench audit cnn2d --data ~/corpora\n  bench audit quickstart"))
    _leakage(_sub(subs, "leakage", "what each leak is worth: a study's cells under honest and leaking protocols",
                  "bench leakage --study cnn2d --data ~/corpora --seeds 0 1 --set training.epochs=10\n"
                  "  bench leakage --study quickstart --corpus synthetic"))
    _noise(_sub(subs, "noise", "recall against noise: the saved models of a study, or of one run, hear their test clips in noise",
                "bench noise cnn2d --data ~/corpora\n  bench noise quickstart --levels 20 10 0 --kinds white"))
    _transfer(_sub(subs, "transfer", "the transfer matrix: a cell of a study trained on each corpus and tested on all of them",
                   "bench transfer --study cnn2d --data ~/corpora\n"
                   "  bench transfer --study cnn2d --corpora crema_d savee --seeds 0 --set training.epochs=10 --data ~/corpora"))
    _sync(_sub(subs, "sync", "bring results to MLflow that waited in the outbox because it was away", "bench sync --home my_runs"))
    _cache(_sub(subs, "cache", "what the feature cache holds; --clear empties it", "bench cache --clear"))
    return top


def _sub(subs: Any, name: str, help_text: str, example: str) -> argparse.ArgumentParser:
    sub = subs.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".",
                              epilog=f"examples:\n  {example}", formatter_class=argparse.RawDescriptionHelpFormatter)
    sub.add_argument("--home", type=Path, default=Path(os.environ.get("BENCH_HOME", ".")), metavar="DIR",
                     help="everything a run writes goes below it (BENCH_HOME; default: the current folder)")
    sub.add_argument("--debug", action="store_true", help="show tracebacks")
    return sub  # type: ignore[no-any-return]


def _data(sub: argparse.ArgumentParser) -> None:
    _data_folder(sub)
    sub.add_argument("--feature-workers", type=_workers, default=0, metavar="N",
                     help="processes that compute features before trials start (default 0: one a core)")


def _execution(sub: argparse.ArgumentParser) -> None:
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_count, default=1, metavar="N",
                       help="worker processes that train, one trial each at a time (default 1)")
    where.add_argument("--scheduler", type=_address, metavar="tcp://HOST:PORT",
                       help="send trials to the workers of a running Dask scheduler")
    where.add_argument("--in-process", action="store_true", help="train in this very process, for debugging")
    sub.add_argument("--trials-per-gpu", type=_count, default=0, metavar="K",
                     help="start K workers for each GPU instead, and share it among them")
    sub.add_argument("--trial-timeout", type=_seconds, default=0.0, metavar="SECONDS",
                     help="stop a trial that takes longer, the seconds that a new worker loads for included, and count it as failed")
    sub.add_argument("--optuna-storage", default=os.environ.get("BENCH_OPTUNA_STORAGE", ""), metavar="URL",
                     help="database of the search, e.g. postgresql://… (BENCH_OPTUNA_STORAGE; default: optuna.db below the home)")


def _data_folder(sub: argparse.ArgumentParser) -> None:
    default = os.environ.get("BENCH_DATA")
    sub.add_argument("--data", type=Path, default=Path(default) if default else None, metavar="DIR",
                     help="the folder with the corpora (BENCH_DATA)")


def _workers(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 0 (one a core) or more")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers: give 1 or more")
    return int(text)


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no scheduler's address: give the one that it prints, such as tcp://10.0.0.1:8786")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds: give a positive number")
    return seconds


def _allow_missing(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--allow-missing", action="store_true", help="leave out clips that are missing or damaged instead of stopping")


def _list(sub: argparse.ArgumentParser) -> None:
    from registry.core import KINDS

    sub.add_argument("kind", nargs="?", type=lambda text: text.replace("_", "-"), choices=[*KINDS, "studies"], metavar="KIND",
                     help=f"one of {', '.join(KINDS)}, studies; default: all")
    sub.set_defaults(command=commands.list_command)


def _show(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="a component, a study, or a Python file of your own")
    _allow_missing(sub)
    _data(sub)
    sub.set_defaults(command=commands.show_command)


def _run(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--study", required=True, metavar="NAME|FILE",
                     help="a shipped study (`bench list studies`) or a Python file with a STUDY")
    sub.add_argument("--corpus", metavar="NAME", help="another corpus than the study's; fields as NAME[field=value]")
    sub.add_argument("--split", nargs="+", metavar="NAME", help="split protocols, the study's or others; fields as NAME[field=value]")
    sub.add_argument("--cell", metavar="LABEL", help="only this feature space × architecture, as the report writes it")
    sub.add_argument("--trials", type=int, metavar="N", help="trials of each cell; raising it adds to what is there")
    sub.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="seeds of the finals")
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE",
                     help="fix a setting, e.g. training.epochs=5 or mel.n_mels=40; may be repeated")
    _allow_missing(sub)
    sub.add_argument("--dry-run", action="store_true", help="check everything, print the cells and the cost, and train nothing")
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data(sub)
    _execution(sub)
    sub.set_defaults(command=commands.run_command)


def _replicate(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="*", metavar="SYSTEM",
                     help="a system (000) or one of its recipes (002_exponet); default: all published ones")
    sub.add_argument("--epochs-scale", type=float, default=1.0, metavar="SHARE",
                     help="train this share of the published epochs, which the report then says (default 1)")
    sub.add_argument("--variants", action="store_true", help="also recipes that correct or restate a published one")
    sub.add_argument("--corpus", metavar="NAME", help="another corpus than the system's; fields as NAME[field=value]")
    sub.add_argument("--split", nargs="+", metavar="NAME", help="other splits than the published one and its twin of unseen speakers")
    sub.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="one training each (default 0)")
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE",
                     help="fix a setting in every recipe, e.g. training.precision=mixed_bfloat16; may be repeated")
    _allow_missing(sub)
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data(sub)
    _execution(sub)
    sub.set_defaults(command=commands.replicate_command)


def _report(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--study", metavar="NAME", help="default: every study that has runs")
    sub.add_argument("--json", action="store_true", help="print the rows as JSON instead of a table")
    _data_folder(sub)
    sub.set_defaults(command=commands.report_command)


def _compare(sub: argparse.ArgumentParser) -> None:
    for side in ("a", "b"):
        sub.add_argument(side, metavar=side.upper(), help="the start of an MLflow run id (a final or one of its seeds), a row "
                         "STUDY:CELL@SPLIT as its report writes it, or a file written by `bench report --json`")
    sub.add_argument("--json", action="store_true", help="print everything as JSON instead of tables")
    sub.add_argument("--one-seed", action="store_true",
                     help="end with code 1 also where each side has one seed: as the luck of training is then not known, the code "
                     "is 0 without this")
    sub.set_defaults(command=commands.compare_command)


def _ui(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--port", type=int, default=5000, metavar="PORT", help="default: 5000")
    sub.set_defaults(command=commands.ui_command)


def _corpora(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("action", choices=["pull", "status"], metavar="pull|status", help="fetch what is missing, or tell what is there")
    sub.add_argument("corpora", nargs="*", metavar="CORPUS", help="crema_d, ravdess or tess; savee tells how to ask its authors for it")
    sub.add_argument("--mirror", metavar="URL", help="pull from a server of your own that has the same paths")
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data_folder(sub)
    sub.set_defaults(command=commands.data_command)


def _check(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", metavar="CORPUS|FILE", help="a corpus to audit, or your component's Python file")
    sub.add_argument("--kind", metavar="KIND",
                     help="what your component is: corpora, feature-spaces, augmentations, architectures or splits")
    _data(sub)
    sub.set_defaults(command=commands.check_command)


def _audit(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("asked", metavar="STUDY|RUN", help="a study that has finals, or the id of an MLflow run")
    _data(sub)
    sub.set_defaults(command=commands.audit_command)


def _leakage(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--study", required=True, metavar="NAME|FILE", help="whose cells are trained, as written there: nothing is searched")
    sub.add_argument("--cell", metavar="LABEL", help="only this feature space × architecture, as the report writes it")
    sub.add_argument("--corpus", metavar="NAME", help="another corpus than the study's; fields as NAME[field=value]")
    sub.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="SEED", help="one training each (default 0 1 2)")
    sub.add_argument("--copies", nargs="+", default=["noise", "time_shift"], metavar="NAME",
                     help="augmentations of cells that make no copies themselves (default noise time_shift)")
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE",
                     help="fix a setting, e.g. training.epochs=5; may be repeated")
    _allow_missing(sub)
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data(sub)
    _execution(sub)
    sub.set_defaults(command=commands.leakage_command)


def _noise(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("asked", metavar="STUDY|RUN", help="a study whose finals kept models, or the start of an MLflow run's id")
    sub.add_argument("--levels", type=float, nargs="+", default=[20.0, 15.0, 10.0, 5.0, 0.0], metavar="DB",
                     help="ratios of the speech's power to the noise's, in dB (default 20 15 10 5 0)")
    sub.add_argument("--kinds", nargs="+", default=["white", "babble"], metavar="KIND", help="white, babble or both (default)")
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data(sub)
    sub.set_defaults(command=commands.noise_command)


def _transfer(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--study", required=True, metavar="NAME|FILE", help="whose cell is trained, as written there: nothing is searched")
    sub.add_argument("--corpora", nargs="+", default=["crema_d", "ravdess", "savee", "tess"], metavar="NAME",
                     help="two or more; fields as NAME[field=value] (default crema_d ravdess savee tess)")
    sub.add_argument("--cell", metavar="LABEL", help="this feature space × architecture, as the report writes it (default: the first)")
    sub.add_argument("--seeds", type=int, nargs="+", default=[0, 1], metavar="SEED", help="one training each on each corpus (default 0 1)")
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE",
                     help="fix a setting, e.g. training.epochs=5; may be repeated")
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data(sub)
    _execution(sub)
    sub.set_defaults(command=commands.transfer_command)


def _sync(sub: argparse.ArgumentParser) -> None:
    sub.set_defaults(command=commands.sync_command)


def _cache(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--clear", action="store_true", help="delete every entry; they are computed again when needed")
    sub.set_defaults(command=commands.cache_command)
