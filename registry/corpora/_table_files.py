"""The audio files that a user's table names: found also under another case, Unicode form or ending, else hinted at."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import unicodedata
from collections import defaultdict
from functools import cached_property
from itertools import islice
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from registry import audio
from registry.corpora._listing import fault_of
from registry.corpora._table import Call, Table
from registry.corpus import Clip, Problem
from registry.errors import BenchError
from registry.segments import Segment, check_within, segment

ENDING = re.compile(r"\.(wav|wave|flac|ogg|oga|opus|mp3|m4a|aiff?|au|sph)$", re.IGNORECASE)
MOST_FILES = 200_000  # that are looked at for a hint


def portable(path: str) -> str:
    """A path with forward slashes, also where Windows wrote it."""
    return PureWindowsPath(path).as_posix()


class Listing(NamedTuple):
    """What lies in a folder: the names of one form, and the audio files of one name without its ending; sorted."""

    by_form: dict[str, list[str]]
    by_stem: dict[str, list[str]]

    @classmethod
    def of(cls, folder: Path) -> Listing:
        """Nothing of a folder that is not there or may not be listed."""
        listing = cls(defaultdict(list), defaultdict(list))
        with contextlib.suppress(OSError):
            for name in sorted(path.name for path in folder.iterdir()):
                listing.by_form[_form(name)].append(name)
                if ENDING.search(name):
                    listing.by_stem[_stem(name)].append(name)
        return listing


class TableFiles:
    """The file of each row of a table: relative to the table or, where it is not there, to the data folder.

    A path that leads to nothing stands for the only file whose path differs from it in case, Unicode form or ending alone.

    Args:
        call: as of `read_table`.
        paths: in the order of the rows; where nothing is found, as the table has it. renamed: at most one problem, for all
            files of another spelling.
    Raises: BenchError for files outside the data folder and the table's own, links followed, unless `anywhere` allows them.
    """

    def __init__(self, table: Table, data: Path, anywhere: bool, call: Call) -> None:
        self.table, self.data, self.bases, self.call = table, data, list(dict.fromkeys((table.path.parent, data))), call
        self.listings: dict[Path, Listing] = {}
        self.unreadable: dict[Path, BenchError] = {}
        if not anywhere:
            self._refuse_outside([(row.line, self.bases[0] / portable(row["path"])) for row in table.rows])
        found = [self._find(row["path"]) for row in table.rows]
        self.paths = [path for path, _ in found]
        other = [(row, path) for row, (path, exact) in zip(table.rows, found, strict=True) if not exact]
        if not anywhere:  # another spelling may be that of a link
            self._refuse_outside([(row.line, path) for row, path in other])
        self.renamed = _renamed([(row["path"], path.name) for row, path in other])

    def fault(self, clip: Clip) -> Problem | None:
        """Why the file of a clip can't be read, by its listing; None when it may."""
        assert clip.path is not None
        if clip.path in self.unreadable:
            return Problem(kind="unreadable", subject=clip.id, detail=str(self.unreadable[clip.path]), breaks=True,
                           action="a run refuses it, or leaves it out with --allow-missing")
        if _is_file(clip.path):
            return fault_of(clip.path)
        return Problem(kind="missing", subject=clip.id, detail=f"there is no file {clip.path}{self._hint(clip.path)}", breaks=True,
                       action=f"correct its path in {self.table.path.name}, or pass `--allow-missing` to go on without it")

    def segments(self) -> list[Segment | None]:
        """The stretch of its file that each row is. Raises: BenchError with the line of the first that can't be, or is not within it."""
        stretches: list[Segment | None] = []
        headers: dict[Path, audio.Header | None] = {}
        for row, path in zip(self.table.rows, self.paths, strict=True):
            try:
                stretch = segment(row["start"], row["end"])
                if stretch is not None:
                    if path not in headers:
                        headers[path] = self._header(path)
                    if header := headers[path]:
                        check_within(stretch, header.samples, header.sample_rate, audio.LONGEST_S)
            except BenchError as error:
                raise BenchError(f"{self.table.path}, line {row.line}: {error}; {self.call(start=None, end=None)!r} does not "
                                 "look at these columns") from error
            stretches.append(stretch)
        return stretches

    def _header(self, path: Path) -> audio.Header | None:
        """The header of a recording; None of one that is not there or can't be read, whose clips a run refuses."""
        try:
            return audio.measured(path, any_length=True) if _is_file(path) and fault_of(path) is None else None
        except BenchError as error:
            self.unreadable[path] = error
            return None

    def _find(self, text: str) -> tuple[Path, bool]:
        """The path of a file, and whether the table has exactly this, or nothing like it is there."""
        paths = [base / portable(text) for base in self.bases]
        for path in paths:
            if _is_file(path):
                return path, True
        like = next(filter(None, map(self._like, paths)), None)
        return (like, False) if like else (paths[0], True)

    def _refuse_outside(self, paths: list[tuple[int, Path]]) -> None:
        """Args: paths: with their lines."""
        folders = {folder.resolve() for folder in self.bases}
        real = {path: Path(os.path.realpath(path)) for _, path in paths}  # `resolve` fails for links that lead in a circle
        outside = [(line, path) for line, path in paths if not folders & {real[path], *real[path].parents}]
        hint = self._hint(outside[0][1]) if outside else ""
        self.table.refuse([line for line, _ in outside],
                          f"the path leads out of {' and '.join(sorted(map(str, folders)))}: copy the clip there, give the folder that "
                          f"holds both with `--data DIR`, or allow any folder with the corpus {self.call(anywhere=True)!r}{hint}")

    def _hint(self, path: Path) -> str:
        """Where a file that is not there may lie, to end a sentence with; empty where nothing is like it."""
        same = self._by_stem.get(_stem(path.name), [])
        if not same and not os.path.lexists(path):
            names = self._listed(path.parent).by_form
            close = difflib.get_close_matches(_form(path.name), names, n=1, cutoff=0.8)
            same = [os.path.relpath(path.parent / name, self.bases[0]) for form in close for name in names[form]]
        return f"; did you mean {' or '.join(map(repr, same[:3]))}?" if same else ""

    def _like(self, path: Path) -> Path | None:
        folder = Path(path.anchor)
        *folders, name = path.parts[bool(path.anchor) :] or ("",)
        for part in folders:
            names = [part] if (folder / part).is_dir() else self._listed(folder).by_form.get(_form(part), [])
            if len(names) != 1:
                return None
            folder /= names[0]
        there = self._listed(folder)
        for names in (there.by_form.get(_form(name), []), there.by_stem.get(_stem(name), [])):
            if len(names) == 1 and _is_file(folder / names[0]):
                return folder / names[0]
        return None

    def _listed(self, folder: Path) -> Listing:
        if folder not in self.listings:
            self.listings[folder] = Listing.of(folder)
        return self.listings[folder]

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        """The audio files below the data folder, as a table would write them: their names without an ending -> their paths."""
        paths: dict[str, list[str]] = defaultdict(list)
        files = (Path(folder, name) for folder, _, names in os.walk(self.data) for name in sorted(names) if ENDING.search(name))
        for path in islice(files, MOST_FILES):
            paths[_stem(path.name)].append(Path(os.path.relpath(path, self.bases[0])).as_posix())
        return paths


def _renamed(pairs: list[tuple[str, str]]) -> list[Problem]:
    """At most one problem, for all files that are called otherwise than the table says. Args: pairs: path in the table, name on disk."""
    if not pairs:
        return []
    (listed, there), more = pairs[0], len(pairs) - 1
    detail = f"the table has {listed!r}, the folder {there!r}" + (f", and {more:,} more" if more else "")
    return [Problem(kind="file names", subject=f"{len(pairs):,} clip{'s'[: more > 0]}", detail=detail, in_reports=True,
                    action="read: no other can be meant")]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the system takes
        return False


def _form(name: str) -> str:
    """What spellings of a file's name share."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _stem(name: str) -> str:
    return _form(ENDING.sub("", name))
