"""How a corpus finds clips that lie in several folders: the deepest folder that holds them all, and what else is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from registry.corpora._listing import ENDINGS, given_folder, remedy, some
from registry.corpus import Problem
from registry.errors import BenchError

DEPTH = 4  # folders between the data folder and a clip: corpora/tess/NAME/NAME/OAF_angry is what unpacked archives come to


class Tree(NamedTuple):
    """The clips and other files in a folder and the folders below it.

    Args:
        named: (clip id, file) pairs. others: the audio files there that are no clips of the corpus.
        copies: at most one problem, for further copies of clips outside the folder.
    """

    named: list[tuple[str, Path]]
    others: list[Path]
    copies: list[Problem]


def find_tree(data: Path | None, corpus: str, layouts: Iterable[str], example: str, id_of: Callable[[Path], str | None],
              endings: tuple[str, ...] = ENDINGS) -> Tree:
    """The clips of a corpus that lie in several folders, from the deepest folder that holds them all.

    So an archive that holds every clip twice, in folders and again below a folder of its own, is read once.

    Args:
        data: where to look, up to four levels down.
        layouts: folders below `data` that are looked in alone where they hold clips; the first is taken.
        example: where and how a clip is named, for the message.
        id_of: the clip's id from a file's path, None for a file that is not a clip.
        endings: of the files to look at.
    Raises: BenchError saying what was looked for.
    """
    data = given_folder(data, corpus)
    for start in (*(data / layout for layout in layouts), data):
        files = [(id_of(path), path) for path in visible_files(start, endings)]
        named = [(clip_id, path) for clip_id, path in files if clip_id is not None]
        if named:
            root = _deepest(named, start)
            inside = [(clip_id, path) for clip_id, path in named if root in path.parents]
            others = [path for clip_id, path in files if clip_id is None and root in path.parents]
            return Tree(inside, others, _copies(root, [path for _, path in named if root not in path.parents]))
    raise BenchError(f"{corpus} was not found in {data}: looked for files named like {example} ({', '.join(ENDINGS)}) in {data} "
                     f"and up to {DEPTH} folders down. {remedy(corpus)}")


def visible_files(folder: Path, endings: tuple[str, ...], depth: int = DEPTH) -> list[Path]:
    """The visible files with these endings in a folder and below it, sorted by folder and name."""
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    files = [path for path in entries if path.suffix.lower() in endings]
    folders = [path for path in entries if path.suffix.lower() not in endings and path.is_dir()] if depth else []
    return files + [file for below in folders for file in visible_files(below, endings, depth - 1)]


def _deepest(named: list[tuple[str, Path]], start: Path) -> Path:
    """The folder furthest down, first by name among equals, below which every clip id lies."""
    held: dict[Path, set[str]] = defaultdict(set)
    for clip_id, path in named:
        for parent in path.parents[: len(path.relative_to(start).parts)]:
            held[parent].add(clip_id)
    whole = [folder for folder, ids in held.items() if len(ids) == len(held[start])]
    return min(whole, key=lambda folder: (-len(folder.parts), str(folder)))


def _copies(root: Path, paths: list[Path]) -> list[Problem]:
    folders = sorted({str(path.parent) for path in paths})
    return [Problem(kind="extra", subject=f"{len(paths):,} files", detail=f"copies of clips in {some(folders)}",
                    action=f"those in {root} are used, these files are not")] if paths else []


def left_out(paths: Iterable[Path], what: str, action: str) -> list[Problem]:
    """One problem for all files that are left out for the same reason; none where there are none."""
    names = sorted(path.name for path in paths)
    return [Problem(kind="extra", subject=f"{len(names):,} file{'s'[: len(names) > 1]}", detail=f"{what}: {some(names)}",
                    action=action)] if names else []
