"""What `bench show` and `--dry-run` print: a component's fields and docs, a study's cells and what it costs."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

from harness.console import Console
from harness.prepare import feasible
from harness.study import Study, plan
from harness.study_files import find, load, shipped
from harness.trial import open_corpus
from registry.core import KINDS, describe, field_types, get, names, short_label
from registry.corpus import Corpus
from registry.errors import BenchError, unknown


def show(name: str, data: Path | None, console: Console) -> None:
    """Print what a name stands for. Raises BenchError with the near names when it stands for nothing."""
    kinds = [kind for kind in KINDS if name in names(kind)]
    for kind in kinds:
        show_component(kind, name, console)
    if name in shipped() or name.endswith(".py"):
        _, study = load(name)
        dry_run(name, study, {}, data, None, console)
    elif not kinds:
        raise unknown("component or study", name, [*(n for kind in KINDS for n in names(kind)), *shipped()])


def show_component(kind: str, name: str, console: Console) -> None:
    """A component's documentation and its fields with types and defaults."""
    cls = get(kind, name)
    console.result(f"{name} ({KINDS[kind]}): {describe(Path(inspect.getfile(cls)))}\n\n{inspect.getdoc(cls) or ''}\n")
    rows = [[f.name, _type_name(field_types(cls)[f.name]), "required" if f.default is dataclasses.MISSING else repr(f.default)]
            for f in dataclasses.fields(cls)]
    if rows:
        console.table(["field", "type", "default"], rows)


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def dry_run(name: str, study: Study, settings: dict[str, Any], data: Path | None, only_cell: str | None, console: Console) -> None:
    """A study's cells, what is searched in each, what is declined, and the cost in trainings, before running anything."""
    corpus = _corpus(study, data)
    kept, declined = feasible(study, corpus, settings, only_cell) if corpus else (plan(study, "unknown", settings), {})
    console.table(["protocol", "feature space", "architecture", "searched settings"],
                  [[short_label(c.base.split), c.base.feature_space.label, short_label(c.base.architecture), ", ".join(sorted(c.search))]
                   for c in kept], title=f"{name}: {describe(find(name))}")
    for where, reason in declined.items():
        console.result(f"declined: {where}: {reason}")
    searched, finals = len(kept) * study.trials, len(kept) * len(study.seeds)
    epochs = sum(c.base.training.epochs for c in kept) * (study.trials + len(study.seeds))
    console.result(f"{len(kept)} cells × {study.trials} trials + {finals} finals = {searched + finals} trainings, "
                   f"at most {epochs:,} epochs")
    console.result(f"corpus {study.corpus.name}: {corpus.coverage if corpus else 'not found; give its folder with --data'}")


def _corpus(study: Study, data: Path | None) -> Corpus | None:
    try:
        return open_corpus(study.corpus, data)
    except BenchError:
        return None
