"""Opens the corpus of a study where its clips lie, and refuses one that is broken."""

from __future__ import annotations

import dataclasses
import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.safe_text import plural
from registry.core import canonical, specification
from registry.corpus import Corpus, Problem
from registry.errors import BenchError

SHOWN_PROBLEMS = 20
Folder = str | Path | None


@dataclass(frozen=True)
class Workspace:
    """Where and how the work is done; nothing here changes a trial's numbers, so none of it is in its signature.

    Args:
        home: everything a run writes goes below it. data: where corpora are found. workers: processes for features; 0: all cores.
        left_out: ids of clips that can't be read, left out on the user's word.
    """

    home: Path
    data: Path | None = None
    workers: int = 0
    left_out: tuple[str, ...] = ()

    @classmethod
    def located(cls, home: Folder = None, data: Folder = None) -> Workspace:
        """As a script or a notebook says; what it leaves open is as `BENCH_HOME` and `BENCH_DATA` say, the home else the current folder."""
        home, data = home or os.environ.get("BENCH_HOME") or ".", data or os.environ.get("BENCH_DATA")
        return cls(Path(home).expanduser().resolve(), Path(data).expanduser().resolve() if data else None)

    @property
    def cache(self) -> Path:
        """The folder of the feature cache."""
        return self.home / ".bench" / "features"


def open_corpus(loader: Any, data: Path | None, left_out: tuple[str, ...] = ()) -> Corpus:
    """The corpus below `data`, less the clips that are left out on the user's word; listed, and its files looked at, once a process."""
    return _opened(loader, data, left_out)


@functools.lru_cache(maxsize=8)
def _opened(loader: Any, data: Path | None, left_out: tuple[str, ...]) -> Corpus:
    if left_out:
        whole, excluded = _opened(loader, data, ()), set(left_out)
        return whole.part([i for i, clip in enumerate(whole.clips) if clip.id not in excluded])
    corpus: Corpus = loader.load(data)
    return dataclasses.replace(corpus, parameters=corpus.parameters or canonical(specification(loader)))


def readable_corpus(loader: Any, workspace: Workspace, allow_missing: bool) -> tuple[Corpus, Workspace, list[str]]:
    """The corpus without clips whose files can't hold what they say, the workspace that leaves these out, and lines for the user.

    Looks at the header of every clip. Raises: BenchError as `refuse_broken` does.
    """
    corpus = open_corpus(loader, workspace.data, workspace.left_out)
    refused = [length.refused for length in corpus.lengths if length.refused]
    unusable = {problem.subject for problem in refused}
    sound = corpus.part([i for i, clip in enumerate(corpus.clips) if clip.id not in unusable])
    lines = refuse_broken(dataclasses.replace(sound, problems=(*corpus.problems, *refused)), allow_missing)
    if not refused:
        return corpus, workspace, lines
    workspace = dataclasses.replace(workspace, left_out=tuple(sorted({*workspace.left_out, *unusable})))
    return open_corpus(loader, workspace.data, workspace.left_out), workspace, lines


def refuse_broken(corpus: Corpus, allow_missing: bool) -> list[str]:
    """The lines that a user should see about the problems of a corpus.

    Raises: BenchError with the list when problems break the corpus and that is not allowed, or when no clip is left.
    """
    breaking = [_line(problem) for problem in corpus.problems if problem.breaks]
    more = [f"… and {len(breaking) - SHOWN_PROBLEMS} more"] if len(breaking) > SHOWN_PROBLEMS else []
    shown = "\n  ".join(breaking[:SHOWN_PROBLEMS] + more)
    if breaking and not allow_missing:
        raise BenchError(f"{corpus.name} is broken ({plural(len(breaking), 'problem')}):\n  {shown}\n"
                         "Fix the folder (`bench check` lists everything), or go on without these clips with --allow-missing")
    if not corpus.clips:
        raise BenchError(f"{corpus.name} has no readable clips")
    if breaking:
        return [f"{corpus.name}: goes on without what is missing or broken, as --allow-missing says:\n  {shown}"]
    return [f"{corpus.name}: {_line(problem)}" for problem in corpus.problems]


def _line(problem: Problem) -> str:
    return f"{problem.kind}: {problem.subject}: {problem.detail} ({problem.action})"
