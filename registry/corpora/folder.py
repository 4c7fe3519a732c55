"""A user's own clips: any folder of audio with one CSV table of the path, emotion and speaker of each."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import posixpath
import re
from collections import Counter
from pathlib import Path, PureWindowsPath
from typing import Any, ClassVar

from registry import audio
from registry.core import register
from registry.corpora._listing import fault_of, given_folder, read_clip
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError, require, unknown

NEEDED = ("path", "emotion", "speaker")
KNOWN = ("sentence", "level", "sex", "age", "race", "ethnicity", "corpus")
SEXES = {"m": "male", "f": "female"}
DELIMITERS = (",", ";", "\t")
ASSUMED_HZ = 16_000  # where no clip has a rate that can be read: then a run could use none

Row = tuple[int, dict[str, str]]


@register("folder")
class Folder:
    """Clips as a table lists them, so that nobody has to write Python to benchmark a corpus of their own.

    The table is the only .csv file in the data folder, or the one that is named; separated by commas, semicolons or tabs, in
    UTF-8 or as Excel's "Unicode text". Paths are relative to it, or absolute; a clip's id is its path as written, without its
    ending. The columns path, emotion and speaker are needed; sentence, level, sex, age, race, ethnicity and corpus are known
    too and may be empty; every other column is kept in the clip's field `other`. Emotions are those of the table, sorted.

    A table may come from someone else, so that clips must lie in the data folder or in the table's own, links followed: others
    are refused, unless `anywhere` allows them.

    Args:
        csv: the table, where the data folder holds several: relative to it, or absolute.
        anywhere: take clips from every folder that the table names.
    """

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "the user's own"
    citation: ClassVar[str] = ""
    csv: str | None = None
    anywhere: bool = False

    def load(self, data: Path | None) -> Corpus:
        """The clips of the table, sorted by id, with the files that are missing, empty or pointers.

        Raises: UsageError when there is no table, or a column is missing. BenchError naming the rows that are wrong.
        """
        table = self._table(given_folder(data, "folder"))
        rows = _rows(table)
        if not self.anywhere:
            _refuse_outside(table, rows, {given_folder(data, "folder").resolve(), table.parent.resolve()})
        ids = _ids(table, rows)
        emotions = _emotions(table, rows)
        clips = [_clip(table, clip_id, *row) for clip_id, row in sorted(zip(ids, rows, strict=True), key=lambda pair: pair[0])]
        faults = {clip.id: _fault(table, clip) for clip in clips}
        kept = tuple(clip for clip in clips if faults[clip.id] is None)
        return Corpus(name="folder", emotions=emotions, clips=kept, sample_rate=_rate(kept), whole=len(rows), read_clip=read_clip,
                      problems=tuple(fault for fault in faults.values() if fault), licence=self.licence)

    def _table(self, data: Path) -> Path:
        if self.csv is not None:
            require((data / self.csv).is_file(), f"there is no table {data / self.csv}: folder.csv is relative to the data folder {data}")
            return data / self.csv
        tables = sorted(path for path in data.iterdir() if path.suffix.lower() == ".csv" and not path.name.startswith("."))
        names = ", ".join(path.name for path in tables)
        require(len(tables) > 0, f"{data} holds no .csv file: write one with the columns {', '.join(NEEDED)}, a row for each clip, or "
                                "name the folder that holds it with `--data DIR`")
        require(len(tables) == 1, f"{data} holds several .csv files ({names}): name one, for example 'folder[csv={tables[0].name}]'")
        return tables[0]


def _rows(path: Path) -> list[Row]:
    """The rows of a table with their line numbers, cells stripped; blank rows are passed over."""
    text = _text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [name.strip() for name in next(lines, [])]
        columns = [name.lower() if name.lower() in (*NEEDED, *KNOWN) else name for name in header]
        _check_columns(path, columns)
        rows = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        raise BenchError(f"{path}, line {lines.line_num}, can't be read as a table: {error}") from error
    uneven = [number for number, cells in rows if len(cells) != len(columns)]
    _refuse(path, uneven, f"not {len(columns)} cells as in the header; put cells that hold the separator in double quotes")
    table = [(number, dict(zip(columns, cells, strict=True))) for number, cells in rows]
    for column in (*NEEDED, *KNOWN):
        strange = [number for number, row in table if not row.get(column, "").isprintable()]
        _refuse(path, strange, f"a line break or another sign that can't be printed in the {column}: write it without")
    for column in NEEDED:
        _refuse(path, [number for number, row in table if not row[column]], f"no {column}: fill the cell, or remove the row")
    return table


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BenchError(f"{path} is not in UTF-8 (at byte {error.start}): save it again as CSV in UTF-8") from error
    except OSError as error:
        raise BenchError(f"{path} can't be read: {error.strerror or error}") from error


def _delimiter(text: str) -> str:
    """The one of the known separators that the header has most of; a comma where it has none."""
    return max(DELIMITERS, key=text.partition("\n")[0].count)


def _check_columns(path: Path, columns: list[str]) -> None:
    twice = sorted(name for name, times in Counter(columns).items() if times > 1)
    require(not twice, f"{path} has the column {', '.join(map(repr, twice))} twice: rename one")
    for name in NEEDED:
        if name not in columns:
            raise unknown(f"column of {path}", name, columns)


def _refuse(path: Path, lines: list[int], what: str) -> None:
    """Raise BenchError where lines of the table are wrong."""
    if lines:
        more = f" and {len(lines) - 10} more" if len(lines) > 10 else ""
        raise BenchError(f"{path}, line{'s'[: len(lines) > 1]} {', '.join(map(str, lines[:10]))}{more}: {what}")


def _refuse_outside(table: Path, rows: list[Row], folders: set[Path]) -> None:
    """Refuse clips that lie in none of the folders."""
    files = [(number, Path(os.path.realpath(table.parent / _portable(row["path"])))) for number, row in rows]  # also of links in a circle
    _refuse(table, [number for number, path in files if not folders & {path, *path.parents}],
            f"the path leads out of {' and '.join(sorted(map(str, folders)))}: copy the clip there, give the folder that holds both "
            "with `--data DIR`, or allow any folder with the corpus 'folder[anywhere=True]'")


def _ids(path: Path, rows: list[Row]) -> list[str]:
    """Each row's path without its ending, with forward slashes; the same on every machine."""
    ids = [posixpath.normpath(posixpath.splitext(_portable(row["path"]))[0]) for _, row in rows]
    times = Counter(ids)
    _refuse(path, [number for clip_id, (number, _) in zip(ids, rows, strict=True) if times[clip_id] > 1],
            "the same path as in another of these lines; list each clip once (endings do not tell clips apart)")
    return ids


def _portable(path: str) -> str:
    return PureWindowsPath(path).as_posix()


def _emotions(path: Path, rows: list[Row]) -> tuple[str, ...]:
    """The labels of the table, sorted. MLflow takes them into the names of scores, so that not every sign is possible."""
    strange = [number for number, row in rows if not re.fullmatch(r"\w[\w .-]*", row["emotion"])]
    _refuse(path, strange, "an emotion may hold letters, digits, spaces and the signs _ . - only")
    emotions = tuple(sorted({row["emotion"] for _, row in rows}))
    if len(emotions) < 2:
        raise BenchError(f"{path} needs clips of at least two emotions, and has {', '.join(emotions) or 'no rows'}")
    return emotions


def _clip(table: Path, clip_id: str, number: int, row: dict[str, str]) -> Clip:
    facts: dict[str, Any] = {column: row.get(column) or None for column in KNOWN}
    age, sex = row.get("age"), row.get("sex", "").lower()
    if age and not (age.isdecimal() and len(age) <= 3):
        raise BenchError(f"{table}, line {number}: the age {age!r} is not a whole number of years; correct it, or leave the cell empty")
    facts |= {"age": int(age) if age else None, "sex": SEXES.get(sex, sex) or None}
    other = tuple((column, value) for column, value in row.items() if column not in (*NEEDED, *KNOWN))
    path = table.parent / _portable(row["path"])
    return Clip(id=clip_id, emotion=row["emotion"], speaker=row["speaker"], path=path, other=other, **facts)


def _fault(table: Path, clip: Clip) -> Problem | None:
    assert clip.path is not None
    try:
        there = clip.path.is_file()
    except OSError:  # a name longer than the system takes
        there = False
    if not there:
        return Problem(kind="missing", subject=clip.id, detail=f"there is no file {clip.path}", breaks=True,
                       action=f"correct its path in {table.name}, or pass `--allow-missing` to go on without it")
    return fault_of(clip.path)


def _rate(clips: tuple[Clip, ...]) -> int:
    """The sample rate of the first clip that can be read; `bench check` compares the others."""
    for clip in clips:
        with contextlib.suppress(BenchError):
            return audio.measured(clip.path)[1]  # type: ignore[arg-type]
    return ASSUMED_HZ
