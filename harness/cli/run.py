"""`bench run` trains a study, `bench sync` delivers what waits for MLflow, `bench cache` lists kept features."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console


def add_to(subparsers: Any) -> None:
    run = options.add_command(subparsers, "run", run_command, "run a study; the same command continues where it stopped",
                              "bench run --study cnn2d --data ~/corpora",
                              "bench run --study cnn1d --corpus synthetic --trials 2 --set training.epochs=5",
                              "bench run --study cnn1d --split leave_one_speaker_out --all-folds --data ~/corpora",
                              "bench run --study my_study.py --dry-run")
    run.add_argument("--study", required=True, metavar="NAME|FILE", help="a shipped study (`bench list studies`) or a file with a STUDY")
    run.add_argument("--corpus", metavar="NAME", help="another corpus than the study's; fields as NAME[field=value]")
    run.add_argument("--split", nargs="+", metavar="NAME", help="split protocols, the study's or others; fields as NAME[field=value]")
    run.add_argument("--all-folds", action="store_true",
                     help="every fold of protocols that have folds, pooled into one row: each clip is tested once")
    run.add_argument("--cell", metavar="LABEL", help="only this feature space × architecture, as the report writes it")
    run.add_argument("--trials", type=int, metavar="N", help="trials of each cell; a larger number adds to those that exist")
    run.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="seeds of the finals")
    run.add_argument("--dry-run", action="store_true", help="check everything, print the cells and the cost, and train nothing")
    options.add_allow_missing(run)
    options.add_training(run)
    options.add_command(subparsers, "sync", sync_command, "deliver results that wait in the outbox because MLflow was away",
                        "bench sync --home my_runs")
    cache = options.add_command(subparsers, "cache", cache_command, "list or delete the features that are kept", "bench cache --clear")
    cache.add_argument("--clear", action="store_true", help="delete every entry; they are computed again when needed")


def run_command(args: argparse.Namespace, console: Console) -> int:
    from harness.study.files import chosen_study

    file = chosen_study(args.study, corpus=args.corpus, splits=args.split, trials=args.trials, seeds=args.seeds)
    if args.dry_run:
        from harness.cli.browse import print_plan
        from harness.execution.run_study import check_stores

        check_stores(file.name, options.store(args, new=True), args.optuna_storage)
        print_plan(file, options.settings(args), args.data, args.cell, console, args.home, args.allow_missing, args.all_folds,
                   options.workers(args))
        return 0
    from harness.cli.report import print_report
    from harness.execution.run_study import run_study
    from harness.reports.index import write_index
    from harness.reports.study_report import write_report

    store = options.store(args, new=True)
    keys = run_study(file, store, options.workspace(args), options.settings(args), console, only_cell=args.cell,
                     allow_missing=args.allow_missing, execution=options.execution(args), all_folds=args.all_folds, command=_command(args))
    path, boards = write_report(store, file.name, args.data)
    write_index(store, {file.name: boards})
    rows = [row for board in boards for row in board.rows if row.cell in keys]
    print_report(args.home, file.name, path, boards, console, without_final=[row for row in rows if not row.seeds])
    return 0 if any(row.seeds for row in rows) else 1


def _command(args: argparse.Namespace) -> str:
    """The call as it is to be typed again, whatever the environment says then; the home is left to who asks for it."""
    words = [word for i, word in enumerate(args.words) if word != "--home" and args.words[i - 1 : i] != ["--home"]
             and not word.startswith("--home=")]
    data = [] if args.data is None or any(word.partition("=")[0] == "--data" for word in words) else ["--data", str(args.data)]
    backend = os.environ.get("KERAS_BACKEND", "")
    return ("" if backend in ("", "tensorflow") else f"KERAS_BACKEND={backend} ") + shlex.join(["bench", *words, *data])


def sync_command(args: argparse.Namespace, console: Console) -> int:
    """Deliver what waits in the outbox to MLflow; the exit code is 1 when something still waits."""
    from harness.execution.recovery import deliver_home

    home = args.home.resolve()
    delivery = deliver_home(home)
    total = delivery.delivered + delivery.waiting + sum(delivery.elsewhere.values())
    if not total:
        console.result("nothing waits in the outbox")
        return 0
    console.result(f"brought {delivery.delivered} of {total} waiting results to MLflow")
    if delivery.waiting:
        console.say(f"{delivery.waiting} still wait: {delivery.reason}")
    for store, count in delivery.elsewhere.items():
        console.say(f"{count} wait for another store: " + (
            f"set MLFLOW_TRACKING_URI to {store}" if store else f"unset MLFLOW_TRACKING_URI for mlflow.db below {home}"))
    return int(delivery.delivered < total)


def cache_command(args: argparse.Namespace, console: Console) -> None:
    from harness.data import feature_store
    from harness.data.corpora import Workspace

    cache = Workspace(home=args.home).cache
    if args.clear:
        console.result(f"freed {feature_store.clear(cache) / 1e6:,.0f} MB in {cache}")
        return
    entries = feature_store.entries(cache)
    console.table(["features", "corpus", "clips", "shape", "MB"],
                  [[e.label, e.corpus, f"{e.clips:,}", " × ".join(map(str, e.shape)), f"{e.bytes / 1e6:,.1f}"] for e in entries])
    console.result(f"{len(entries)} entries, {sum(e.bytes for e in entries) / 1e6:,.0f} MB in {cache}; `bench cache --clear` deletes them")
