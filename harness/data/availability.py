"""How much of each corpus is there, by its loader's count: `bench data status`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from registry.core import get
from registry.corpora._listing import ENDINGS
from registry.corpora._tree import visible_files
from registry.errors import BenchError, unknown
from registry.source import sources


@dataclass(frozen=True, kw_only=True)
class Availability:
    """How much of a corpus is there; `state` is complete, partial, incomplete, absent, unreadable or always there."""

    name: str
    folder: str
    clips: str
    state: str
    bytes: int
    reason: str = ""


def status(data: Path | None, names: list[str]) -> list[Availability]:
    """How much of each corpus its loader finds below `data`; audio is not read."""
    known = [*sources(), "synthetic"]
    for name in names:
        if name not in known:
            raise unknown("corpus with a known whole", name, known)
    return [availability(name, data) for name in names or known]


def availability(name: str, data: Path | None) -> Availability:
    """How much of one corpus its loader finds below `data`: nothing is `absent`, what it can't take is `unreadable`."""
    loader = get("corpora", name)()
    try:
        corpus = loader.load(data)
    except BenchError as error:
        source = sources().get(name)
        there = bool(data and source and visible_files(data / source.title, ENDINGS))
        return Availability(name=name, folder="", clips=f"0 of {loader.whole:,}", state="unreadable" if there else "absent", bytes=0,
                            reason=str(error) if there else "")
    if corpus.synthetic:
        return Availability(name=name, folder="computed", clips=f"{len(corpus):,} of {corpus.whole:,}", state="always there", bytes=0)
    breaking = [problem for problem in corpus.problems if problem.breaks]
    state = "incomplete" if breaking else "complete" if len(corpus) == corpus.whole else "partial"
    paths = [clip.path for clip in corpus.clips if clip.path]
    common = os.path.commonpath([path.parent for path in paths]) if paths else "."
    folder = os.path.relpath(common, data) if data and paths else common
    return Availability(name=name, folder=folder, clips=f"{len(corpus):,} of {corpus.whole:,}", state=state,
                        bytes=sum(path.stat().st_size for path in paths),
                        reason=f"{len(breaking)} findings, see `bench check {name}`" if breaking else "")
