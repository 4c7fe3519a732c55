"""Opens the corpus of a study where its clips lie, and refuses one that is broken."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.console import Console
from registry.core import canonical, specification
from registry.corpus import Corpus, Problem
from registry.errors import BenchError


@dataclass(frozen=True)
class Workspace:
    """Where and how the work is done; nothing here changes a trial's numbers, so none of it is in its signature.

    Args:
        home: everything a run writes goes below it. data: where corpora are found. workers: processes for features; 0: all cores.
        left_out: clips that can't be read, left out on the user's word.
    """

    home: Path
    data: Path | None = None
    workers: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def cache(self) -> Path:
        """The folder of the feature cache."""
        return self.home / ".bench" / "features"


@functools.lru_cache(maxsize=4)
def open_corpus(loader: Any, data: Path | None, left_out: tuple[str, ...] = ()) -> Corpus:
    """The corpus as found, less the clips that are left out on the user's word; listed once a process."""
    found = loader.load(data)
    corpus = dataclasses.replace(found, parameters=found.parameters or canonical(specification(loader)))
    if not left_out:
        return corpus
    gone = set(left_out)
    return dataclasses.replace(corpus, clips=tuple(clip for clip in corpus.clips if clip.id not in gone))


SHOWN_PROBLEMS = 20


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
