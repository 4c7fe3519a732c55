"""`bench data` fetches corpora and says how much of them is there; `bench check` audits a corpus or a component."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options
from registry.errors import UsageError

if TYPE_CHECKING:
    from harness.console import Console


def add_to(subparsers: Any) -> None:
    data = options.add_command(subparsers, "data", data_command, "fetch corpora from where they are published, or show what is there",
                               "bench data pull crema_d --data ~/corpora", "bench data pull ravdess tess --data ~/corpora",
                               "bench data status --data ~/corpora")
    data.add_argument("action", choices=["pull", "status"], metavar="pull|status", help="fetch what is missing, or show what is there")
    data.add_argument("corpora", nargs="*", metavar="CORPUS",
                      help="crema_d, ravdess or tess; of emodb, iemocap and savee it says how to get them")
    data.add_argument("--mirror", metavar="URL", help="pull from a server of your own that has the same paths")
    options.add_quiet(data)
    options.add_data_folder(data)
    check = options.add_command(subparsers, "check", check_command, "audit a corpus, or a component of your own",
                                "bench check crema_d --data ~/corpora", "bench check my_net.py --kind architectures")
    check.add_argument("name", metavar="CORPUS|FILE", help="a corpus to audit, or your component's Python file")
    check.add_argument("--kind", metavar="KIND",
                       help="what your component is: corpora, feature-spaces, augmentations, architectures or splits")
    options.add_data(check)


def data_command(args: argparse.Namespace, console: Console) -> None:
    if args.action == "status":
        print_status(args.data, args.corpora, console)
        return
    from harness.data.download import pull
    from registry.source import source_named

    sources = {name: source_named(name) for name in args.corpora}  # a wrong name is an error before anything is fetched
    if not sources or (args.data is None and not all(source.on_request for source in sources.values())):
        raise UsageError("`bench data pull` needs the corpora and a folder for them: bench data pull crema_d --data DIR (or BENCH_DATA)")
    for name in sorted(sources, key=lambda name: bool(sources[name].on_request)):  # what only its authors give comes last
        pull(sources[name], args.data or Path("DIR"), console, args.mirror or "")
        print_state(name, args.data, console)


def print_state(name: str, data: Path, console: Console) -> None:
    """How much of a corpus is there after a pull, and under what terms."""
    from harness.data.availability import availability
    from registry.core import get

    corpus, loader = availability(name, data), get("corpora", name)
    reason = f" ({corpus.reason})" if corpus.reason else ""
    console.result(f"{name}: {corpus.clips} clips in {data / corpus.folder}: {corpus.state}{reason}")
    console.say(f"Licence: {loader.licence}. Please cite: {loader.citation}")


def print_status(data: Path | None, names: list[str], console: Console) -> None:
    """How much of each corpus is there. Raises: UsageError for a folder that does not exist."""
    from harness.data.availability import status

    if data is not None and not data.is_dir():
        raise UsageError(f"there is no folder {data}: give the one with the corpora")
    corpora = status(data, names)
    console.table(["corpus", "folder", "clips", "state", "MB"],
                  [[c.name, c.folder, c.clips, c.state, f"{c.bytes / 1e6:,.1f}" if c.bytes else ""] for c in corpora],
                  title=f"corpora in {data}" if data else "no folder was given: `--data DIR` or BENCH_DATA names it")
    for corpus in corpora:
        if corpus.reason:
            console.result(f"{corpus.name}: {corpus.reason}")


def check_command(args: argparse.Namespace, console: Console) -> int:
    return (_check_component if args.name.endswith(".py") else _check_corpus)(args, console)


def _check_corpus(args: argparse.Namespace, console: Console) -> int:
    """Print what a corpus holds, every problem of it and what is done about that; the exit code is 1 when a run refuses the corpus."""
    from harness.data.corpora import open_corpus
    from harness.execution.prepare import split_reason
    from harness.study.files import parse_component
    from registry.audit import problems_of, read_clips
    from registry.core import get, names
    from registry.corpus_facts import corpus_facts

    corpus = open_corpus(parse_component("corpora", args.name), args.data)
    with console.progress(), console.bar(f"reading {args.name}", len(corpus)) as bar:
        readings = read_clips(corpus, args.feature_workers, bar.update)
    taken = corpus.part([i for i, reading in enumerate(readings) if reading.refused is None])
    unfit = {name: split_reason(get("splits", name)(), taken) for name in names("splits")} if taken.clips else {}
    fitting = ", ".join(name for name, reason in unfit.items() if not reason) or "none"
    console.table(["what", "in the corpus"], [list(fact) for fact in (*corpus_facts(corpus, readings), ("protocols that fit", fitting))])
    problems = problems_of(corpus, readings)
    if problems:
        console.table(["kind", "where", "what", "what is done"], [[p.kind, p.subject, p.detail, p.action] for p in problems])
    breaking = sum(p.breaks for p in problems)
    verdict = f"a run refuses it because of {breaking} of them, unless --allow-missing" if breaking else "a run takes it as it is"
    if fitting == "none":
        verdict = "a run refuses it: " + ("no protocol fits it" if unfit else "no clip is left")
        for reason in unfit.values():
            console.result(f"declined: {reason}")
    console.result(f"{args.name}: {corpus.coverage}; {len(problems)} finding{'s'[: len(problems) != 1]}; {verdict}")
    return int(bool(breaking) or fitting == "none")


def _check_component(args: argparse.Namespace, console: Console) -> int:
    """Run the contracts of a kind over a user's own component with its default fields."""
    from registry import contracts
    from registry.core import get, kind_named

    if args.kind is None:
        raise UsageError("give the kind of your component with --kind, such as --kind architectures")
    kind = kind_named(args.kind)
    for sentence in contracts.check(kind, get(kind, args.name)(), args.data):
        console.result(f"kept: {sentence}")
    console.result(f"{args.name}: keeps every contract of {kind}")
    return 0
