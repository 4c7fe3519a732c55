"""What each subcommand of `bench` does: one call, and what it prints; heavy libraries are imported when needed."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import BenchError, UsageError, unknown

if TYPE_CHECKING:
    from harness.console import Console
    from harness.data.corpora import Workspace
    from harness.evaluation.leaderboard import Leaderboard
    from harness.evaluation.rows import Row
    from harness.execution.run_study import Execution



def list_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.study.files import catalogue as study_catalogue
    from registry.core import KINDS, catalogue

    for kind in [args.kind] if args.kind else [*KINDS, "studies"]:
        found = study_catalogue() if kind == "studies" else catalogue(kind)
        Console().table(["name", "what it is"], [list(entry) for entry in found], title=kind)
    return 0


def show_command(args: argparse.Namespace) -> int:
    from harness.cli.browse import show
    from harness.console import Console

    show(args.name, args.data, Console(), args.allow_missing)
    return 0


def run_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.study.files import chosen_study

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends a job on a cluster ends it like Ctrl-C
    file = chosen_study(args.study, corpus=args.corpus, splits=args.split, trials=args.trials, seeds=args.seeds)
    settings = dict(_setting(text) for text in args.set)
    console = Console(args.quiet)
    if args.dry_run:
        from harness.cli.browse import dry_run

        dry_run(file, settings, args.data, args.cell, console, args.allow_missing)
        return 0
    from harness.execution.run_study import run_study
    from harness.reports.index import write_index
    from harness.reports.study_report import write_report
    from harness.tracking.store import Store

    store = Store(args.home)
    keys = run_study(file, store, _workplace(args), settings, console, only_cell=args.cell, allow_missing=args.allow_missing,
                     execution=_execution(args))
    path, boards = write_report(store, file.name, args.data)
    write_index(store, {file.name: boards})
    own = [row for board in boards for row in board.rows if row.cell in keys]
    _show_leaderboard(args.home, file.name, path, boards, console, waiting=[row for row in own if not row.seeds])
    return 0 if any(row.seeds for row in own) else 1


def replicate_command(args: argparse.Namespace) -> int:
    from harness.analyses.published.options import ReplicateOptions
    from harness.analyses.published.report import interval
    from harness.analyses.published.run import replicate
    from harness.analyses.published.verdicts import verdict
    from harness.console import Console
    from harness.reports.pages import PUBLISHED
    from harness.tracking.store import Store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(args.quiet)
    asked = ReplicateOptions(args.names, args.variants, args.epochs_scale, dict(_setting(text) for text in args.set),
                             args.corpus, args.split, args.seeds)
    compared = replicate(asked, Store(args.home), _workplace(args), console, args.allow_missing, _execution(args))
    console.table(["recipe", "claimed WA", "reproduced WA", "unseen speakers WA", "verdict"],
                  [[c.name, f"{c.claim.wa:.3f}", interval(c.shared, "wa"), interval(c.unseen, "wa"), verdict(c)] for c in compared],
                  title="claimed and reproduced")
    console.result(f"Report: {args.home / 'reports' / PUBLISHED}")
    console.result(f"MLflow UI: bench ui --home {args.home}")
    return 0


def _workplace(args: argparse.Namespace) -> Workspace:
    from harness.data.corpora import Workspace

    return Workspace(home=args.home.resolve(), data=args.data.resolve() if args.data else None, workers=args.feature_workers)


def _execution(args: argparse.Namespace) -> Execution:
    from harness.execution.run_study import Execution

    if args.in_process and (args.scheduler or args.trials_per_gpu or args.trial_timeout):
        raise UsageError("--in-process has no workers: it goes with none of --scheduler, --trials-per-gpu and --trial-timeout")
    if args.scheduler and args.trials_per_gpu:
        raise UsageError("--trials-per-gpu is for workers that this command starts: give it, or --scheduler")
    return Execution(workers=args.workers, in_process=args.in_process, scheduler=args.scheduler or "", trials_per_gpu=args.trials_per_gpu,
                     trial_timeout_s=args.trial_timeout, optuna_storage=args.optuna_storage)


def _setting(text: str) -> tuple[str, Any]:
    from harness.study.files import literal

    setting, equals, value = text.partition("=")
    if not equals or "." not in setting:
        raise UsageError(f"--set wants SETTING=VALUE such as training.epochs=5, not {text!r}")
    return setting, literal(value)


def report_command(args: argparse.Namespace) -> int:
    import json

    from harness.console import Console
    from harness.tracking.store import Store

    console = Console()
    console.say("opening the MLflow store")
    from harness.analyses.leakage.run import write_leakage
    from harness.analyses.noise.report import write_noise
    from harness.analyses.published.run import write_published
    from harness.analyses.transfer.report import write_transfer
    from harness.reports.index import write_index
    from harness.reports.study_report import write_report

    store = Store(args.home, new=False)
    names = store.studies()
    if not names:
        raise BenchError(f"there are no runs in {args.home.resolve()}: run a study first, or give its --home")
    if args.study:
        if args.study not in names:
            raise unknown("study with runs", args.study, names)
        names = [args.study]
    console.say(f"reading the runs of {', '.join(names)}")
    for name in names:
        write_noise(store, name)
    written = {name: write_report(store, name, args.data) for name in names}
    write_published(store)
    write_leakage(store)
    write_transfer(store)
    write_index(store, {name: boards for name, (_, boards) in written.items()})
    if args.json:
        rows = {name: [row for board in boards for row in board.as_json()] for name, (_, boards) in written.items()}
        print(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False))
        return 0
    for name, (path, boards) in written.items():
        _show_leaderboard(args.home, name, path, boards, console)
    return 0


def _show_leaderboard(home: Path, name: str, path: Path, boards: list[Leaderboard], console: Console, waiting: Sequence[Row] = ()) -> None:
    from harness.cli.screen import print_leaderboards

    print_leaderboards(name, boards, console)
    if waiting:
        console.result("without a final: " + "; ".join(f"{row.label} on {row.split}" for row in waiting))
    console.result(f"Report: {path}")
    console.result(f"MLflow UI: bench ui --home {home}")


def compare_command(args: argparse.Namespace) -> int:
    import json

    from harness.cli.screen import print_comparison
    from harness.console import Console
    from harness.evaluation.comparison import compare
    from harness.evaluation.find_runs import runs_to_compare
    from harness.tracking.store import Store

    store = Store(args.home, new=False)
    found = compare(runs_to_compare(store, args.a), runs_to_compare(store, args.b))
    if args.json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_comparison(found, Console(), args.one_seed)
    return int(found.scores["uar"].worse and (args.one_seed or not found.one_seed_each))


def ui_command(args: argparse.Namespace) -> int:
    from harness.cli.ui import serve
    from harness.console import Console

    return serve(args.home, args.port, Console())


def data_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.data.availability import print_state, print_status
    from harness.data.sources import Hosts, pull, source_of

    if args.action == "status":
        if args.data is not None and not args.data.is_dir():
            raise UsageError(f"there is no folder {args.data} to look into")
        return print_status(args.data, args.corpora, Console())
    sources = [source_of(name) for name in args.corpora]  # a wrong name is told before anything is fetched
    if not sources or (args.data is None and any(source.fetch for source in sources)):
        raise UsageError("`bench data pull` wants the corpora and where to put them: bench data pull crema_d --data DIR (or BENCH_DATA)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in sorted(args.corpora, key=lambda name: source_of(name).fetch is None):  # what only its authors give comes last
        pull(name, args.data or Path("DIR"), Console(args.quiet), Hosts.mirrored(args.mirror) if args.mirror else None)
        print_state(name, args.data, Console(args.quiet))
    return 0


def check_command(args: argparse.Namespace) -> int:
    from harness.cli.check import check_component, check_corpus
    from harness.console import Console

    if args.name.endswith(".py"):
        return check_component(args.name, args.kind, args.data, Console())
    return check_corpus(args.name, args.data, args.feature_workers, Console())


def audit_command(args: argparse.Namespace) -> int:
    from harness.cli.screen import print_audit
    from harness.console import Console
    from harness.evaluation.audit import audit_runs
    from harness.tracking.store import Store

    return print_audit(audit_runs(args.asked, Store(args.home, new=False), _workplace(args)), Console())


def leakage_command(args: argparse.Namespace) -> int:
    from harness.analyses.leakage.options import LeakageOptions
    from harness.analyses.leakage.report import uar_with_interval
    from harness.analyses.leakage.run import measure_leakage
    from harness.analyses.leakage.worth import PROTOCOLS
    from harness.console import Console
    from harness.reports.pages import LEAKAGE_PAGE
    from harness.tracking.store import Store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(args.quiet)
    asked = LeakageOptions(args.study, args.cell, args.corpus, tuple(args.seeds), dict(_setting(text) for text in args.set),
                           tuple(args.copies))
    found = measure_leakage(asked, Store(args.home), _workplace(args), console, args.allow_missing, _execution(args))
    console.table(["cell", *PROTOCOLS.values()],
                  [[each.cell, *(uar_with_interval(each.under.get(protocol)) for protocol in PROTOCOLS)] for each in found],
                  title="test UAR by protocol")
    console.result(f"Report: {args.home / 'reports' / LEAKAGE_PAGE}")
    return 0


def noise_command(args: argparse.Namespace) -> int:
    from harness.analyses.noise.options import NoiseOptions
    from harness.analyses.noise.report import condition_label
    from harness.analyses.noise.run import measure_noise
    from harness.console import Console
    from harness.reports.markdown import with_interval
    from harness.tracking.store import Store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(args.quiet)
    asked = NoiseOptions(args.asked, tuple(args.levels), tuple(args.kinds))
    found, path = measure_noise(asked, Store(args.home, new=False), _workplace(args), console)
    for kind in asked.kinds:
        rows = [row for row in found if kind in row.kinds]
        keys = list(dict.fromkeys(key for row in rows for key in row.levels(kind)))
        console.table(["cell", "protocol", *map(condition_label, keys)],
                      [[row.label, row.split, *(with_interval(*row.figure(key, "uar")) for key in keys)] for row in rows],
                      title=f"test UAR in {kind} noise")
    console.result(f"Report: {path}")
    return 0


def transfer_command(args: argparse.Namespace) -> int:
    from harness.analyses.transfer.options import TransferOptions
    from harness.analyses.transfer.report import figures_with_chance
    from harness.analyses.transfer.run import measure_transfer
    from harness.console import Console
    from harness.reports.pages import TRANSFER_PAGE
    from harness.tracking.store import Store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(args.quiet)
    asked = TransferOptions(args.study, tuple(args.corpora), args.cell, tuple(args.seeds), dict(_setting(text) for text in args.set))
    for each in measure_transfer(asked, Store(args.home), _workplace(args), console, _execution(args)):
        console.table(["trained on ↓ tested on →", *each.targets], figures_with_chance(each), title=f"{each.study}: {each.cell}: test UAR")
    console.result(f"Report: {args.home / 'reports' / TRANSFER_PAGE}")
    return 0


def sync_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.execution.recovery import sync

    return sync(args.home.resolve(), Console())


def cache_command(args: argparse.Namespace) -> int:
    from harness.cli.check import show_cache
    from harness.console import Console

    return show_cache(args.home, args.clear, Console())
