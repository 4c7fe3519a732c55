"""The `bench` command: parses, calls one function for each subcommand, prints; heavy libraries are imported when needed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import BenchError, UsageError, unknown

if TYPE_CHECKING:
    from harness.console import Console
    from harness.leaderboard import Row

Command = Callable[[argparse.Namespace], int]

MAIN_HELP = """examples:
  bench run --study quickstart --corpus synthetic     a first leaderboard, in a minute, without any data
  bench run --study cnn2d --data ~/corpora            the main job on CREMA-D
  bench ui                                            browse every run in MLflow
  bench list                                          what can be combined"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 the work failed, 2 the call was wrong, 130 stopped by Ctrl-C or SIGTERM."""
    parsed = parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except BenchError as error:
        if parsed.debug:
            raise
        print(f"bench: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("bench: stopped; everything finished is kept, and the same command continues", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if parsed.debug:
            raise
        print(f"bench: {error.filename or 'the system'}: {error.strerror or error}; check the path, its permissions and the free space",
              file=sys.stderr)
        return 1
    except Exception as error:
        if parsed.debug:
            raise
        print(f"bench: {type(error).__name__}: {error}\nThis is a fault of bench itself; `--debug` shows where.", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(prog="bench", description="A benchmark harness for speech emotion recognition.", epilog=MAIN_HELP,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _list(_sub(commands, "list", "what can be combined, with one line on each", "bench list architectures"))
    _show(_sub(commands, "show", "a component's fields, or a study's cells and what it costs", "bench show mel\n  bench show cnn2d"))
    _run(_sub(commands, "run", "run a study; the same command continues where it stopped",
              "bench run --study cnn2d --data ~/corpora\n  bench run --study cnn1d --corpus synthetic --trials 2 --set training.epochs=5\n"
              "  bench run --study my_study.py --dry-run"))
    _replicate(_sub(commands, "replicate", "run published systems and put claimed beside reproduced",
                    "bench replicate --data ~/corpora\n  bench replicate 000 002_rezonet --data ~/corpora --epochs-scale 0.1"))
    _report(_sub(commands, "report", "write reports/<study>.md from the MLflow runs", "bench report --study cnn2d\n  bench report --json"))
    _ui(_sub(commands, "ui", "start the MLflow UI on 127.0.0.1 over the right store", "bench ui --port 5001"))
    _corpora(_sub(commands, "data", "fetch corpora from where they are published, or tell what is there",
                  "bench data pull crema_d --data ~/corpora\n  bench data pull ravdess tess --data ~/corpora\n"
                  "  bench data status --data ~/corpora"))
    _check(_sub(commands, "check", "audit a corpus, or a component of your own",
                "bench check crema_d --data ~/corpora\n  bench check my_net.py --kind architectures"))
    _cache(_sub(commands, "cache", "what the feature cache holds; --clear empties it", "bench cache --clear"))
    return top


def _sub(commands: Any, name: str, help_text: str, example: str) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".",
                              epilog=f"examples:\n  {example}", formatter_class=argparse.RawDescriptionHelpFormatter)
    sub.add_argument("--home", type=Path, default=Path(os.environ.get("BENCH_HOME", ".")), metavar="DIR",
                     help="everything a run writes goes below it (BENCH_HOME; default: the current folder)")
    sub.add_argument("--debug", action="store_true", help="show tracebacks")
    return sub  # type: ignore[no-any-return]


def _data(sub: argparse.ArgumentParser) -> None:
    _data_folder(sub)
    sub.add_argument("--workers", type=_workers, default=0, metavar="N", help="processes that compute features (default 0: one a core)")


def _data_folder(sub: argparse.ArgumentParser) -> None:
    default = os.environ.get("BENCH_DATA")
    sub.add_argument("--data", type=Path, default=Path(default) if default else None, metavar="DIR",
                     help="the folder with the corpora (BENCH_DATA)")


def _workers(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 0 (one a core) or more")
    return int(text)


def _allow_missing(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--allow-missing", action="store_true", help="leave out clips that are missing or damaged instead of stopping")


def _list(sub: argparse.ArgumentParser) -> None:
    from registry.core import KINDS

    sub.add_argument("kind", nargs="?", type=lambda text: text.replace("_", "-"), choices=[*KINDS, "studies"], metavar="KIND",
                     help=f"one of {', '.join(KINDS)}, studies; default: all")
    sub.set_defaults(command=list_command)


def list_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.study_files import catalogue as study_catalogue
    from registry.core import KINDS, catalogue

    for kind in [args.kind] if args.kind else [*KINDS, "studies"]:
        found = study_catalogue() if kind == "studies" else catalogue(kind)
        Console().table(["name", "what it is"], [list(entry) for entry in found], title=kind)
    return 0


def _show(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", metavar="NAME", help="a component, a study, or a Python file of your own")
    _allow_missing(sub)
    _data(sub)
    sub.set_defaults(command=show_command)


def show_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.show import show

    show(args.name, args.data, Console(), args.allow_missing)
    return 0


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
    sub.set_defaults(command=run_command)


def run_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.study_files import chosen_study

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends a job on a cluster ends it like Ctrl-C
    name, study = chosen_study(args.study, corpus=args.corpus, splits=args.split, trials=args.trials, seeds=args.seeds)
    settings = dict(_setting(text) for text in args.set)
    console = Console(args.quiet)
    if args.dry_run:
        from harness.show import dry_run

        dry_run(args.study, study, settings, args.data, args.cell, console, args.allow_missing)
        return 0
    from harness.report import write_index, write_report
    from harness.run import run_study
    from harness.trial import Workplace

    workplace = Workplace(home=args.home.resolve(), data=args.data.resolve() if args.data else None, workers=args.workers)
    keys = run_study(args.study, study, workplace, settings, console, only_cell=args.cell, allow_missing=args.allow_missing)
    path, made = write_report(args.home, name)
    write_index(args.home, {name: made})
    own = [row for row in made if row.cell in keys]
    _show_leaderboard(args.home, name, path, made, console, waiting=[row for row in own if not row.seeds])
    return 0 if any(row.seeds for row in own) else 1


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
    sub.set_defaults(command=replicate_command)


def replicate_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.replicate import replicate
    from harness.trial import Workplace

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    workplace = Workplace(home=args.home.resolve(), data=args.data.resolve() if args.data else None, workers=args.workers)
    console = Console(args.quiet)
    path = replicate(args.names, workplace, console, epochs_scale=args.epochs_scale, variants=args.variants, corpus=args.corpus,
                     splits=args.split, seeds=args.seeds, settings=dict(_setting(text) for text in args.set),
                     allow_missing=args.allow_missing)
    console.result(f"Report: {path}")
    return 0


def _setting(text: str) -> tuple[str, Any]:
    from harness.study_files import literal

    setting, equals, value = text.partition("=")
    if not equals or "." not in setting:
        raise UsageError(f"--set wants SETTING=VALUE such as training.epochs=5, not {text!r}")
    return setting, literal(value)


def _report(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--study", metavar="NAME", help="default: every study that has runs")
    sub.add_argument("--json", action="store_true", help="print the rows as JSON instead of a table")
    sub.set_defaults(command=report_command)


def report_command(args: argparse.Namespace) -> int:
    import json

    from harness.console import Console

    console = Console()
    console.say("opening the MLflow store")
    from harness.report import write_index, write_report

    names = _studies_with_runs(args.home)
    if args.study:
        if args.study not in names:
            raise unknown("study with runs", args.study, names)
        names = [args.study]
    console.say(f"reading the runs of {', '.join(names)}")
    written = {name: write_report(args.home, name) for name in names}
    write_index(args.home, {name: made for name, (_, made) in written.items()})
    if args.json:
        print(json.dumps({name: [row.as_json() for row in made] for name, (_, made) in written.items()}, indent=2, allow_nan=False))
        return 0
    for name, (path, made) in written.items():
        _show_leaderboard(args.home, name, path, made, console)
    return 0


def _studies_with_runs(home: Path) -> list[str]:
    """Names of the studies with runs below `home`, at least one; a store that is not there is not made."""
    from harness.tracking import studies, tracking_uri

    file = tracking_uri(home).partition("sqlite:///")[2].partition("?")[0]  # empty for a server
    found = [] if file and not Path(file).exists() else studies(home)
    if not found:
        raise BenchError(f"there are no runs in {home.resolve()}: run a study first, or give its --home")
    return found


def _show_leaderboard(home: Path, name: str, path: Path, made: list[Row], console: Console, waiting: Sequence[Row] = ()) -> None:
    from harness.report import plus_minus

    done = [row for row in made if row.seeds]
    headings = ["protocol", "cell", "test WA", "test UAR", "test macro-F1", "validation UAR", "corpus"]
    shared = {row.settings for row in done}
    common = f" with {shared.pop()}" if len(shared) == 1 and "" not in shared else ""
    console.table(headings, [[row.split + (" (shared speakers)" if row.shares_speakers else ""),
                              row.label if common else f"{row.label} {row.settings}".strip(),
                              *(plus_minus(row.test[score]) for score in ("wa", "uar", "macro_f1")), plus_minus(row.validation_uar),
                              f"{row.corpus}: {row.coverage}"] for row in done], title=f"{name}{common}: leaderboard by protocol")
    if waiting:
        console.result("without a final: " + "; ".join(f"{row.label} on {row.split}" for row in waiting))
    console.result(f"Report: {path}")
    console.result(f"MLflow UI: bench ui --home {home}")


def _ui(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--port", type=int, default=5000, metavar="PORT", help="default: 5000")
    sub.set_defaults(command=ui_command)


def ui_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.ui import serve

    return serve(args.home, args.port, Console())


def _corpora(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("action", choices=["pull", "status"], metavar="pull|status", help="fetch what is missing, or tell what is there")
    sub.add_argument("corpora", nargs="*", metavar="CORPUS", help="crema_d, ravdess or tess; savee tells how to ask its authors for it")
    sub.add_argument("--mirror", metavar="URL", help="pull from a server of your own that has the same paths")
    sub.add_argument("--quiet", action="store_true", help="no progress, only the result")
    _data_folder(sub)
    sub.set_defaults(command=data_command)


def data_command(args: argparse.Namespace) -> int:
    from harness.console import Console
    from harness.presence import show_status, tell
    from harness.sources import Hosts, pull, source_of

    if args.action == "status":
        return show_status(args.data, args.corpora, Console())
    sources = [source_of(name) for name in args.corpora]  # a wrong name is told before anything is fetched
    if not sources or (args.data is None and any(source.fetch for source in sources)):
        raise UsageError("`bench data pull` wants the corpora and where to put them: bench data pull crema_d --data DIR (or BENCH_DATA)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in args.corpora:
        pull(name, args.data or Path("DIR"), Console(args.quiet), Hosts.mirrored(args.mirror) if args.mirror else None)
        tell(name, args.data, Console(args.quiet))
    return 0


def _check(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", metavar="CORPUS|FILE", help="a corpus to audit, or your component's Python file")
    sub.add_argument("--kind", metavar="KIND", help="what your component is: corpora, feature-spaces, architectures or splits")
    _data(sub)
    sub.set_defaults(command=check_command)


def check_command(args: argparse.Namespace) -> int:
    from harness.check import check_component, check_corpus
    from harness.console import Console

    if args.name.endswith(".py"):
        return check_component(args.name, args.kind, args.data, Console())
    return check_corpus(args.name, args.data, args.workers, Console())


def _cache(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--clear", action="store_true", help="delete every entry; they are computed again when needed")
    sub.set_defaults(command=cache_command)


def cache_command(args: argparse.Namespace) -> int:
    from harness.check import show_cache
    from harness.console import Console

    return show_cache(args.home, args.clear, Console())
