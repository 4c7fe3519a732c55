"""`bench runs` lists runs with their ids, `bench status` tells how far studies are and which command continues."""

from __future__ import annotations

import argparse
import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.cli import options
from harness.safe_text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.console import Console
    from harness.evaluation.run_list import ListedRun
    from harness.evaluation.short_names import ShortNames
    from harness.evaluation.study_status import CellStatus, StudyStatus

T = TypeVar("T")
SHOWN_FAILURES = 5
WAITING = "{count} results wait in the outbox for MLflow: `bench sync --home {home}` brings them there"


def add_to(subparsers: Any) -> None:
    runs = options.add_command(subparsers, "runs", runs_command, "list finals and their seeds, with the ids that compare and audit take",
                               "bench runs", "bench runs cnn2d --trials")
    status = options.add_command(subparsers, "status", status_command,
                                 "how far a study is: done, running, left, failed, and the command that continues",
                                 "bench status", "bench status cnn2d --home my_runs")
    for sub in (runs, status):
        sub.add_argument("study", nargs="?", metavar="STUDY", help="default: every study that has runs")
    runs.add_argument("--trials", action="store_true", help="list the trials of the search, too")


def runs_command(args: argparse.Namespace, console: Console) -> None:
    from harness.evaluation.run_list import listed_runs
    from harness.evaluation.short_names import short_names
    from harness.study.folds import pooled_label

    runs = listed_runs(options.store(args), _name(args.study), args.trials)
    console.result(f"{plural(len(runs), 'run')} of {_name(args.study) or 'all studies'}, in the order of the leaderboard")
    for (study, protocol), listed in _grouped((run.study, run.row.protocol, run) for run in runs):
        names = short_names([run.row for run in runs if run.study == study])
        console.table(["run", "kind", "state", "cell", "seed", "validation UAR", "test UAR", "age"],
                      [[run.short_id, run.record.kind_in_words, run.record.state, names.of(run.row), run.record.seed,
                        _figure(run.record.uar("validation")), _figure(run.record.uar("test")),
                        _age(time.time() - run.record.started_at)] for run in listed],
                      title=_title(study, protocol, names), optional=("age", *(["state"] if all_done(listed) else [])))
        console.result("")
    if not runs:
        console.result("no final has begun yet: --trials lists the trials of the search")
    console.result("A final's figures are means over its seeds. `bench compare RUN RUN` takes two of these ids, `bench audit RUN` one.")
    if pooled := next((run for run in runs if run.record.about.pooled_split), None):
        about = pooled.record.about
        row = f"{pooled.study}:{pooled.cell}@{pooled_label(about.pooled_split, about.folds)}"
        console.result(f"All folds together have no run of their own: give `bench compare` their row, such as {shlex.quote(row)}.")


def all_done(runs: Iterable[ListedRun]) -> bool:
    """Whether all have ended well, so that their states say nothing."""
    return all(run.record.state == "finished" for run in runs)


def _name(study: str | None) -> str | None:
    """A study by its name, also where its file is given."""
    return Path(study).stem if study and study.endswith(".py") else study


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _age(seconds: float) -> str:
    """`5 min`, `3 h`, `12 days`."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= (2 if unit == "days" else 1) * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def status_command(args: argparse.Namespace, console: Console) -> None:
    from harness.evaluation.study_status import study_status
    from harness.tracking.outbox import Outbox
    from harness.tracking.store import Store
    from registry.errors import BenchError

    store, waiting = None, len(Outbox(args.home).waiting())
    with suppress(BenchError):  # there are no runs yet, which is a status, too
        store = Store(args.home, new=False)
    names = store.studies() if store else []
    name = _name(args.study)
    if store and names and name not in (*names, None):
        raise store.no_study(name or "")
    if not names:
        console.result(str(store.no_study(name or "")) if store else
                       f"there are no runs in {args.home.resolve()} yet: `bench run --study {args.study or 'quickstart'}` starts some")
        if waiting:
            console.result(WAITING.format(count=waiting, home=args.home))
    for each in names:
        if store and name in (None, each):
            print_status(study_status(store, each), args, console)


def print_status(status: StudyStatus, args: argparse.Namespace, console: Console) -> None:
    """A study's cells, then what runs, failed, waits and is left, and the command that continues."""
    from harness.evaluation.short_names import short_names

    names = short_names([cell.row for cell in status.cells])
    for (study, protocol), cells in _grouped((status.name, cell.row.protocol, cell) for cell in status.cells):
        console.table(["cell", "trials", "finals", "left"],
                      [[names.of(cell.row), _trials(cell), f"{cell.seeds} of {plural(cell.seeds + (cell.seeds_left or 0), 'seed')}",
                        _left(cell)] for cell in cells], title=_title(study, protocol, names))
        console.result("")
    for owner, count in status.owners.items():
        console.result(f"running: {plural(count, 'job')} of {owner}, which is alive")
    if status.dead:
        console.result(f"left open by processes that are gone: {plural(status.dead, 'job')}; the next start runs them again")
    for failure in status.failures[:SHOWN_FAILURES]:
        console.result(f"failed: {failure}")
    if len(status.failures) > SHOWN_FAILURES:
        console.result(f"failed: {len(status.failures) - SHOWN_FAILURES} more; the report lists them all")
    if status.deleted:
        console.result(f"deleted in MLflow: {plural(status.deleted, 'run')}; `bench restore {status.name}` brings back what MLflow has")
    if status.waiting:
        console.result(WAITING.format(count=status.waiting, home=args.home))
    if status.not_begun:
        console.result(f"not begun: {plural(len(status.not_begun), 'cell')}")
    left = status.left
    figures = [f"the figures of {plural(n, 'cell')}, trained already"] if (n := sum(cell.lacks_figures for cell in status.cells)) else []
    trainings = [f"{plural(left[0], 'trial')} and {plural(left[1], 'seed')} of finals"] if left and left != (0, 0) else []
    parts = [*trainings, *figures, *(["the cells that are not begun"] if status.not_begun else [])]
    console.result(f"left: {', and '.join(parts) or 'nothing'}" if left else "left: not known, as no call of this version ran it")
    if status.obstacle:
        console.result(f"to continue: {status.obstacle}")
    if status.command:
        console.result(f"{'to continue' if parts or not left else 'to add to it'}: {status.command}", whole=True)


def _grouped(items: Iterable[tuple[str, str, T]]) -> Iterator[tuple[tuple[str, str], list[T]]]:
    """What belongs to each study and protocol, in the order in which they come first."""
    groups: dict[tuple[str, str], list[T]] = {}
    for study, protocol, item in items:
        groups.setdefault((study, protocol), []).append(item)
    yield from groups.items()


def _title(study: str, protocol: str, names: ShortNames) -> str:
    """What stands above the table of a protocol: with what all its rows have in common."""
    return f"{study}: {protocol}{'; ' * bool(names.common)}{' with '.join(names.common)}"


def _trials(cell: CellStatus) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(cell.trials.items())) or "none"


def _left(cell: CellStatus) -> str:
    if cell.trials_left is None:
        return "not known"

    trainings = ((cell.trials_left, "trial"), (cell.seeds_left or 0, "seed"))
    return ", ".join(plural(n, what) for n, what in trainings if n) or ("its figures" if cell.lacks_figures else "nothing")
