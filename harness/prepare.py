"""Everything that is checked and computed before the first trial: corpus, cells, declined pairs, features."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from harness.console import Console
from harness.features import DamagedClips, features, padded_samples
from harness.study import Cell, Study, plan
from harness.trial import Workplace, open_corpus
from registry.architecture import decline
from registry.core import short_label
from registry.corpus import Corpus, Problem
from registry.errors import BenchError, Declined, UsageError

SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Prepared:
    """What a run stands on.

    Args:
        declined: protocol, or pair of feature space and architecture -> why it can't work.
    """

    corpus: Corpus
    workplace: Workplace
    cells: list[Cell]
    declined: dict[str, str]


def prepare(study: Study, workplace: Workplace, settings: dict[str, Any], only_cell: str | None, allow_missing: bool,
            console: Console) -> Prepared:
    """Check the study and its corpus and compute the features of its cells, each once.

    Raises: BenchError for a broken corpus (unless `allow_missing`), a setting that does not exist, or when every cell is declined.
    """
    corpus = open_corpus(study.corpus, workplace.data)
    refuse_broken(corpus, allow_missing, console)
    kept, declined = feasible(study, corpus, settings, only_cell)
    for where, reason in declined.items():
        console.say(f"declined: {where}: {reason}")
    corpus, workplace = _readable(study, corpus, workplace, kept, allow_missing, console)
    if workplace.left_out:
        kept, declined = feasible(study, corpus, settings, only_cell)
    return Prepared(corpus, workplace, kept, declined)


def feasible(study: Study, corpus: Corpus, settings: dict[str, Any], only_cell: str | None = None) -> tuple[list[Cell], dict[str, str]]:
    """The cells that can work, and why the others can't: each pair and protocol is tried without computing or training anything.

    Raises: BenchError with the reasons when every cell is declined.
    """
    cells = chosen_cells(plan(study, corpus.fingerprint, settings), only_cell)
    protocols = {short_label(cell.base.split): cell for cell in cells}
    pairs = {cell.label: cell for cell in cells}
    reasons = {**{label: split_reason(cell, corpus) for label, cell in protocols.items()},
               **{label: pair_reason(cell, corpus) for label, cell in pairs.items()}}
    declined = {label: reason for label, reason in reasons.items() if reason}
    kept = [cell for cell in cells if not {cell.label, short_label(cell.base.split)} & declined.keys()]
    if not kept:
        raise BenchError("every cell of the study is declined: " + "; ".join(f"{where}: {why}" for where, why in declined.items()))
    return kept, declined


def refuse_broken(corpus: Corpus, allow_missing: bool, console: Console) -> None:
    """Say what the listing found; raise BenchError with the list when it breaks the corpus and that is not allowed."""
    breaking = [p for p in corpus.problems if p.breaks]
    for problem in corpus.problems if not breaking else []:
        console.say(f"{corpus.name}: {problem.kind}: {problem.subject}: {problem.detail} ({problem.action})")
    if breaking and not allow_missing:
        raise BenchError(f"{corpus.name} is broken ({len(breaking)} problems):\n{_listed(breaking)}\n"
                         "Mend the folder (`bench check` lists everything), or go on without these clips with --allow-missing")
    if breaking:
        console.say(f"{corpus.name}: goes on without what is missing or broken, as --allow-missing says:\n{_listed(breaking)}")
    if not corpus.clips:
        raise BenchError(f"{corpus.name} has no readable clips")


def _listed(problems: list[Problem]) -> str:
    lines = [f"  {p.kind}: {p.subject}: {p.detail} ({p.action})" for p in problems[:SHOWN_PROBLEMS]]
    return "\n".join([*lines, *([f"  … and {len(problems) - SHOWN_PROBLEMS} more"] if len(problems) > SHOWN_PROBLEMS else [])])


def _readable(study: Study, corpus: Corpus, workplace: Workplace, cells: list[Cell], allow_missing: bool,
              console: Console) -> tuple[Corpus, Workplace]:
    """The corpus with every feature space computed; without the damaged clips where the user allowed that."""
    for label, space in {cell.base.feature_space.label: cell.base.feature_space for cell in cells}.items():
        try:
            with console.working(), console.bar(f"features {label}", len(corpus)) as bar:
                features(corpus, space, workplace.cache, workplace.workers, bar.at)
        except DamagedClips as damaged:
            if not allow_missing:
                raise
            console.say(f"left out, as --allow-missing says: {damaged}")
            workplace = dataclasses.replace(workplace, left_out=tuple(sorted({*workplace.left_out, *damaged.clips})))
            corpus = open_corpus(study.corpus, workplace.data, workplace.left_out)
            return _readable(study, corpus, workplace, cells, allow_missing, console)
    return corpus, workplace


def chosen_cells(cells: list[Cell], label: str | None) -> list[Cell]:
    """The cells with a label or a recipe's name, all of them without one. Raises UsageError when the study has none of that label."""
    chosen = [cell for cell in cells if label in (None, cell.label, cell.base.cell_label)]
    if not chosen:
        raise UsageError(f"the study has no cell {label!r}; its cells: {'; '.join(sorted({c.label for c in cells}))}")
    return chosen


def split_reason(cell: Cell, corpus: Corpus) -> str | None:
    """Why the cell's protocol does not fit the corpus; None when it does."""
    try:
        cell.base.split(corpus)
    except Declined as reason:
        return str(reason)
    return None


def pair_reason(cell: Cell, corpus: Corpus) -> str | None:
    """Why the cell's architecture can't take its feature space; None when it can."""
    space = cell.base.feature_space
    return decline(cell.base.architecture, space.silent_shape(padded_samples(corpus, space)))
