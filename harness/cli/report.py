"""`bench report` writes the reports from MLflow's runs; `bench compare` compares two runs or rows on the same test clips."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options
from registry.errors import BenchError

if TYPE_CHECKING:
    from harness.console import Console
    from harness.evaluation.leaderboard import Leaderboard
    from harness.evaluation.news import News, Since
    from harness.evaluation.rows import Row


def add_to(subparsers: Any) -> None:
    report = options.add_command(subparsers, "report", report_command, "write reports/<study>.md from the MLflow runs",
                                 "bench report --study cnn2d", "bench report --html --data DIR", "bench report --json",
                                 "bench report --since 2026-11-20")
    report.add_argument("--study", metavar="NAME", help="default: every study that has runs")
    report.add_argument("--html", action="store_true",
                        help="write reports/<study>.html, too: one file for a browser, without a network, with rows to sort and filter, "
                             "and with --data players for clips that all rows get wrong; once written, each later report renews it")
    report.add_argument("--json", action="store_true", help="print the figures of the reports as JSON (docs/record.md) instead of a table")
    report.add_argument("--since", metavar="DATE|COMMIT",
                        help="print what is new since then, and put it first on reports/README.md: rows whose finals ended later "
                             "(2026-11-20, 2026-11-20T14:30 in UTC, or a commit of the checkout)")
    options.add_data_folder(report)
    compare = options.add_command(subparsers, "compare", compare_command,
                                  "two runs or rows on the same test clips; exit code 1 when B has a significantly worse UAR",
                                  "bench compare 3f2a91 77c0de",
                                  "bench compare 'quickstart:zcr+energy × plain_1d@random_80_20' 3f2a91 --json")
    for side in ("a", "b"):
        compare.add_argument(side, metavar=side.upper(), help="the start of an MLflow run id (a final or one of its seeds), or a row "
                             "STUDY:CELL@SPLIT as its report writes it")
    compare.add_argument("--json", action="store_true", help="print everything as JSON instead of tables")
    compare.add_argument("--one-seed", action="store_true",
                         help="exit code 1 also when each side has one seed, although another training may turn the result around")


def report_command(args: argparse.Namespace, console: Console) -> None:
    console.say("opening the MLflow store")
    from harness.analyses.leakage.run import write_leakage
    from harness.analyses.noise.report import write_noise
    from harness.analyses.published.run import write_published
    from harness.analyses.transfer.report import write_transfer
    from harness.evaluation.news import Since
    from harness.evaluation.report_data import report_document
    from harness.evaluation.study_records import read_record
    from harness.reports.index import write_index
    from harness.reports.pages import INDEX, pictures_folder, staying, study_page
    from harness.reports.study_report import write_report

    since = Since.of(args.since) if args.since else None
    store = options.store(args)
    names = store.studies()
    if args.study not in (*names, None) or not names:
        raise store.no_study(args.study or "")
    names = [args.study] if args.study else names
    store.require_writable()
    console.say(f"reading the runs of {', '.join(names)}")
    reports: dict[str, tuple[Path, list[Leaderboard]]] = {}
    faults: list[str] = []
    found: list[News] = []
    for name in names:
        with _kept(faults):
            with staying(study_page(store, name)):
                write_noise(store, name)
            reports[name] = write_report(store, name, args.data, args.html)
    for write in (write_published, write_leakage, write_transfer):
        with _kept(faults):
            write(store)
    if not faults:
        with _kept(faults):
            found = write_index(store, {name: boards for name, (_, boards) in reports.items()}, args.html, since)
    if args.json:
        _print_json(report_document({name: read_record(pictures_folder(path)).data for name, (path, _) in reports.items()}))
    elif since and not faults:
        print_news(found, since, console)
        console.result(f"Index: {store.home / 'reports' / INDEX}")
    elif not since:
        for name, (path, boards) in reports.items():
            print_report(args.home, name, path, boards, console)
    if faults:
        raise BenchError("\n".join(dict.fromkeys(faults)))


def print_news(found: Sequence[News], since: Since, console: Console) -> None:
    """The new rows of each table, and whether another row is first."""
    from harness.reports.joint_section import title
    from harness.reports.markdown import brief_interval
    from harness.reports.news_section import HEADS, change

    for each in found:
        names = each.table.names()
        console.table([*HEADS], [[str(row.rank or "–"), names[row], brief_interval(*row.uar), ", ".join(row.studies),
                                  f"{row.ended_at[:10]} {row.ended_at[11:16]}"] for row in each.rows],
                      optional=HEADS[-1:], title=f"new since {since.in_words}: {title(each.table, [each.table])}")
        console.result(change(each).replace("**", ""))
        console.result("")
    if not found:
        console.result(f"new since {since.in_words}: nothing; no final of any study ended since then")


@contextmanager
def _kept(faults: list[str]) -> Iterator[None]:
    """Keep the message of what goes wrong in the block, so that one page does not keep the others from being written."""
    try:
        yield
    except BenchError as error:
        faults.append(str(error))


def print_report(home: Path, name: str, path: Path, boards: Sequence[Leaderboard], console: Console,
                 without_final: Sequence[Row] = ()) -> None:
    """A study's leaderboards, and where to read on."""
    from harness.cli.screen import print_leaderboards
    from harness.reports.pages import html_page

    print_leaderboards(name, boards, console)
    if without_final:
        console.result("without a final: " + "; ".join(f"{row.name} on {row.split}" for row in without_final))
    console.result(f"Report: {path}")
    if html_page(path).exists():
        console.result(f"For a browser: {html_page(path)}")
    console.result(f"MLflow UI: bench ui --home {shlex.quote(str(home))}")


def compare_command(args: argparse.Namespace, console: Console) -> int:
    from harness.cli.screen import print_comparison
    from harness.evaluation.comparison import compare
    from harness.evaluation.find_runs import runs_to_compare

    store = options.store(args)
    comparison = compare(runs_to_compare(store, args.a), runs_to_compare(store, args.b))
    if args.json:
        _print_json(comparison.as_json())
    else:
        print_comparison(comparison, console, args.one_seed)
    return int(comparison.scores["uar"].worse and (args.one_seed or not comparison.one_seed_each))


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
