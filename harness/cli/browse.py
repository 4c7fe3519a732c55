"""What `bench show` and `--dry-run` print: a component's fields and docs, a study's cells and what it costs."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

from harness.console import Console
from harness.data.copies_before_split import refuse_leaks
from harness.data.corpora import open_corpus, refuse_broken
from harness.execution.prepare import feasible
from harness.study.cells import Cell, chosen_cells, plan
from harness.study.definition import Study
from harness.study.files import StudyFile, load, shipped
from registry.core import KINDS, declared, describe, field_types, get, label_of, load_file, names, short_label
from registry.corpus import Corpus
from registry.errors import BenchError, UsageError, unknown


def show(name: str, data: Path | None, console: Console, allow_missing: bool = False) -> None:
    """Print what a name or a file stands for. Raises BenchError with the near names when it stands for nothing."""
    if name.endswith(".py"):
        show_file(Path(name), data, console, allow_missing)
        return
    kinds = [kind for kind in KINDS if name in names(kind)]
    for kind in kinds:
        show_component(get(kind, name), KINDS[kind], console)
    if name in shipped():
        dry_run(load(name), {}, data, None, console, allow_missing)
    elif not kinds:
        raise unknown("component or study", name, [*(n for kind in KINDS for n in names(kind)), *shipped()])


def show_file(file: Path, data: Path | None, console: Console, allow_missing: bool) -> None:
    """The study in a user's own file, or else the component. Raises UsageError when it has neither."""
    module = load_file(file)
    study, component = getattr(module, "STUDY", None), declared(module, file.stem)
    if isinstance(study, Study):
        dry_run(load(str(file)), {}, data, None, console, allow_missing)
    elif component:
        show_component(component, str(file), console)
    else:
        raise UsageError(f"{file} has neither a STUDY = Study(…) nor a class that is decorated with @register({file.stem!r})")


def show_component(cls: type[Any], what: str, console: Console) -> None:
    """A component's documentation and its fields with types and defaults."""
    console.result(f"{label_of(cls)} ({what}): {describe(Path(inspect.getfile(cls)))}\n\n{inspect.getdoc(cls) or ''}\n")
    rows = [[f.name, _type_name(field_types(cls)[f.name]), "required" if f.default is dataclasses.MISSING else repr(f.default)]
            for f in dataclasses.fields(cls)]
    if rows:
        console.table(["field", "type", "default"], rows)


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def dry_run(file: StudyFile, settings: dict[str, Any], data: Path | None, only_cell: str | None, console: Console,
            allow_missing: bool = False) -> None:
    """A study's cells, what is searched in each, what is declined, and the cost in trainings, before running anything.

    Raises: BenchError for all that a run would refuse before it reads audio; a corpus that can't be opened is no error without `data`.
    """
    study = file.study
    refuse_leaks(study)
    corpus, found = _corpus(study, data)
    for line in refuse_broken(corpus, allow_missing) if corpus else []:
        console.say(line)
    kept, declined = _cells(study, corpus, settings, only_cell)
    table = [[short_label(c.base.split), c.recipe, c.base.feature_space.label, short_label(c.base.architecture),
              c.base.augmentation.label, ", ".join(sorted(c.search))] for c in kept]
    headings = ["protocol", "recipe", "feature space", "architecture", "augmentation", "searched settings"]
    used = [i for i in range(len(headings)) if headings[i] not in ("recipe", "augmentation") or any(row[i] for row in table)]
    console.table([headings[i] for i in used], [[row[i] for i in used] for row in table], title=f"{file.source}: {file.question}")
    for where, reason in declined.items():
        console.result(f"declined: {where}: {reason}")
    searched, finals = len(kept) * study.trials, len(kept) * len(study.seeds)
    epochs = sum(c.base.training.epochs for c in kept) * (study.trials + len(study.seeds))
    console.result(f"{len(kept)} cells × {study.trials} trials + {finals} finals = {searched + finals} trainings, "
                   f"at most {epochs:,} epochs")
    console.result(f"corpus {study.corpus.name}: {found}")


def _corpus(study: Study, data: Path | None) -> tuple[Corpus | None, str]:
    """The corpus and how much of it is there; None and the reason when it can't be opened and no folder was given."""
    try:
        corpus = open_corpus(study.corpus, data)
    except BenchError as error:
        if data is not None:
            raise
        return None, f"not found: {error}"
    return corpus, corpus.coverage


def _cells(study: Study, corpus: Corpus | None, settings: dict[str, Any], only_cell: str | None) -> tuple[list[Cell], dict[str, str]]:
    """The cells that can work and why the others can't; without a corpus every cell is kept."""
    if corpus is None:
        return chosen_cells(plan(study, "unknown", settings), only_cell), {}
    return feasible(study, corpus, settings, only_cell)
