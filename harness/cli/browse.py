"""`bench list` and `bench show`: components with their fields, studies with their cells and cost; also the plan of `--dry-run`."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.cli import options
from harness.safe_text import plural
from registry.core import KINDS, catalogue, declared, describe, field_types, get, label_of, load_file, names, short_label
from registry.errors import BenchError, UsageError, unknown

if TYPE_CHECKING:
    from harness.console import Console
    from harness.study.cells import Cell
    from harness.study.files import StudyFile
    from harness.tracking.run_record import RunRecord
    from registry.corpus import Corpus


def add_to(subparsers: Any) -> None:
    listing = options.add_command(subparsers, "list", list_command, "what can be combined, with one line on each",
                                  "bench list", "bench list architectures")
    listing.add_argument("kind", nargs="?", type=lambda text: text.replace("_", "-"), choices=[*KINDS, "studies"], metavar="KIND",
                         help=f"one of {', '.join(KINDS)}, studies; default: all")
    show = options.add_command(subparsers, "show", show_command, "a component's fields, or a study's cells and what it costs",
                               "bench show mel", "bench show cnn2d")
    show.add_argument("name", metavar="NAME", help="a component, a study, or a Python file of your own")
    show.add_argument("--all-folds", action="store_true", help="of a study: every fold of protocols that have folds")
    options.add_allow_missing(show)
    options.add_data_folder(show)


def list_command(args: argparse.Namespace, console: Console) -> None:
    from harness.study import files

    for kind in [args.kind] if args.kind else [*KINDS, "studies"]:
        entries = files.list_studies() if kind == "studies" else catalogue(kind)
        console.table(["name", "what it is"], [list(entry) for entry in entries], title=kind)


def show_command(args: argparse.Namespace, console: Console) -> None:
    """Print what a name or a file stands for. Raises: UsageError when it stands for nothing."""
    from harness.study.definition import Study
    from harness.study.files import load, shipped

    name = args.name
    if name.endswith(".py"):
        module = load_file(Path(name))
        component, is_study = declared(module, Path(name).stem), isinstance(getattr(module, "STUDY", None), Study)
        components = {name: component} if component and not is_study else {}
        error = UsageError(f"{name} has neither a STUDY = Study(…) nor a class that is decorated with @register({Path(name).stem!r})")
    else:
        components, is_study = {KINDS[kind]: get(kind, name) for kind in KINDS if name in names(kind)}, name in shipped()
        error = unknown("component or study", name, [*(n for kind in KINDS for n in names(kind)), *shipped()])
    for what, component in components.items():
        print_component(component, what, console)
    if is_study:
        print_plan(load(name), {}, args.data, None, console, args.home, args.allow_missing, args.all_folds, "auto")
    elif not components:
        raise error


def print_component(cls: type[Any], what: str, console: Console) -> None:
    """A component's documentation and its fields with types and defaults."""
    console.result(f"{label_of(cls)} ({what}): {describe(Path(inspect.getfile(cls)))}\n\n{inspect.getdoc(cls) or ''}\n")
    rows = [[f.name, _type_name(field_types(cls)[f.name]), "required" if f.default is dataclasses.MISSING else repr(f.default)]
            for f in dataclasses.fields(cls)]
    if rows:
        console.table(["field", "type", "default"], rows)


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def print_plan(file: StudyFile, settings: dict[str, Any], data: Path | None, only_cell: str | None, console: Console, home: Path,
               allow_missing: bool = False, all_folds: bool = False, workers: int | Literal["auto"] = 1) -> None:
    """A study's cells, what is searched in each, what is declined, and the cost in trainings and in time with so many workers.

    Nothing is run but a few batches of each network.
    Raises: BenchError for all that a run refuses before it reads audio; a corpus that can't be opened is no error without `data`, unless
        its folds are to be counted.
    """
    from harness.data.copies_before_split import refuse_leaks
    from harness.data.corpora import Workspace, open_corpus, readable_corpus
    from harness.data.cut_clips import cut_lines
    from harness.execution.auto_precision import foreseen
    from harness.execution.prepare import feasible
    from harness.study.cells import chosen_cells, plan
    from harness.study.folds import protocol_label, with_all_folds
    from harness.study.objectives import SECOND

    study = file.study
    refuse_leaks(study)
    corpus: Corpus | None = None
    try:
        corpus = open_corpus(study.corpus, data)
        coverage = corpus.coverage
    except BenchError as error:
        if data is not None or all_folds:
            raise
        coverage = f"not found: {error}"
    if corpus:
        corpus, _, lines = readable_corpus(study.corpus, Workspace(Path(), data), allow_missing)
        coverage = corpus.coverage
        for line in lines:
            console.say(line)
        study = with_all_folds(study, corpus) if all_folds else study
        cells, declined = feasible(study, corpus, settings, only_cell, all_folds)
    else:  # nothing can be declined
        cells, declined = chosen_cells(plan(study, "unknown", settings), only_cell), {}
    table = [[protocol_label(c.base, corpus if all_folds else None), c.recipe, c.base.feature_space.label, short_label(c.base.architecture),
              c.base.augmentation.label, ", ".join(sorted(c.search))] for c in cells]
    print_cells(f"{file.source}: {file.question}", table, console)
    for where, reason in declined.items():
        console.result(f"declined: {where}: {reason}")
    for line in cut_lines(corpus, [cell.base.feature_space for cell in cells], Workspace(home).cache) if corpus else ():
        console.result(f"cut: {line}")
    trials, finals = len(cells) * study.trials, len(cells) * len(study.seeds)
    folds = f" × {study.validation_folds} validation folds" if study.validation_folds > 1 else ""
    written = len(cells) * study.as_written
    trained, epochs = trials * study.validation_folds + finals + written, sum(c.base.training.epochs for c in cells)
    console.result(f"{plural(len(cells), 'cell')} × {plural(study.trials, 'trial')}{folds} + {plural(finals, 'final')}"
                   f"{f' + at most {written} as written = at most' if written else ' ='} {plural(trained, 'training')}, at most "
                   f"{epochs * (study.trials * study.validation_folds + len(study.seeds) + study.as_written):,} epochs")
    for pruning in dict.fromkeys(study.pruning.in_words(cell.base.steps) for cell in cells if study.trials):
        console.result(f"pruning: {pruning}")
    if study.trials and len(study.objectives) > 1:
        console.result(f"objectives: the best validation UAR, and few {SECOND[study.objectives[1]]}" if "latency_ms" not in study.objectives
                       else "objectives: the best validation UAR, and low latency")
    console.result(f"corpus {study.corpus.name}: {coverage}")
    if corpus:
        cells, lines = foreseen(cells, corpus, home)
        for line in lines:
            console.result(f"precision: {line}")
        print_parts(file, cells, corpus, home, console, workers)


def print_cells(title: str, cells: Sequence[Sequence[str]], console: Console) -> None:
    """A table for each group of protocols that have the same cells; what is the same in all of its rows stands above it.

    Args: cells: of each its protocol, recipe, feature space, architecture, augmentation and searched settings; folds of a row are alike.
    """
    protocols: dict[tuple[str, ...], dict[str, None]] = {}
    for protocol, *rest in cells:
        protocols.setdefault(tuple(rest), {})[protocol] = None
    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row, its_protocols in protocols.items():
        tables.setdefault(tuple(its_protocols), []).append(row)
    console.result(title)
    heads = ("recipe", "feature space", "architecture", "augmentation", "searched settings")
    for under, rows in tables.items():
        common = [i for i in range(len(heads)) if len({row[i] for row in rows}) == 1 and (len(rows) > 1 or not rows[0][i])]
        shared = "".join(f"; {heads[i]} {rows[0][i]}" for i in common if rows[0][i])
        used = [i for i in range(len(heads)) if i not in common] or [2]
        console.table([heads[i] for i in used], [[row[i] for i in used] for row in rows], title=f"under {', '.join(under)}{shared}")


def print_parts(file: StudyFile, cells: Sequence[Cell], corpus: Corpus, home: Path, console: Console,
                workers: int | Literal["auto"]) -> None:
    """Clips and speakers of each protocol's parts, what their figures won't be able to say, and how long the trainings will take."""
    from harness.data.corpora import Workspace
    from harness.evaluation.parts import PARTS, parts_of
    from harness.evaluation.validation_folds import fold_lines
    from harness.execution.duration import duration
    from harness.training.targets import vote_lines

    parts = parts_of([cell.base.split for cell in cells], corpus)
    console.table(["protocol", *PARTS], [[each.label, *map(each.in_words, PARTS)] for each in parts])
    for warning in [warning for each in parts for warning in each.warnings()]:
        console.result(f"⚠ {warning}")
    for line in (*fold_lines(cells, corpus), *vote_lines(cells, corpus)):
        console.result(line)
    took = duration(file.study, cells, corpus, _records(home, file.name), console.say, workers, Workspace(home).cache)
    console.result(f"time: {took}" if took else "time: not known, since no network of these could be trained for a moment")


def _records(home: Path, study: str) -> list[RunRecord]:
    """The runs of a study in a home; none where there is no store that can be read."""
    from harness.tracking.store import Store

    with suppress(BenchError):
        store = Store(home, new=False)
        return store.experiment(study).records() if study in store.studies() else []
    return []
