"""A user's table of clips: read as spreadsheets and programs write it, its columns found under the names that the user gives."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.corpora._listing import some
from registry.errors import BenchError, UsageError
from registry.names import plain

DELIMITERS = (",", ";", "\t", "|")
NEEDED = ("path", "emotion", "speaker")
SYNONYMS = {
    "path": "file filename filepath audio wav clip fname name audio_path wav_path audio_file wav_file file_path path_to_wav datei",
    "emotion": "label labels emotions emotion_label class target category emo emotion_name sentiment gefühl",
    "speaker": "speaker_id spk spk_id speakers subject subject_id actor actor_id person participant talker client_id user sprecher",
}
"""Names of columns, beside the field's own, under which tables have what is needed."""
DURATIONS = "duration dur length duration_s duration_sec duration_ms dauer"
TIMES = {
    "start": "start_time starttime start_s start_sec start_seconds start_ms time_start t_start tstart onset begin begin_time from xmin "
             "tmin offset start_offset segment_start clip_start anfang",
    "end": "end_time endtime end_s end_sec end_seconds end_ms time_end t_end tend stop stop_time finish to until xmax tmax offset "
           f"end_offset segment_end clip_end ende {DURATIONS}",
}
"""Names of columns, beside the field's own, that tell a stretch of a recording, or how long it lasts."""
Call = Callable[..., str]
AUDIO_NAME = re.compile(r"\.(wav|flac|ogg|mp3|aiff?|opus|m4a)$", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A row of a table: the line that it ends on, its cells by what they are (`path`, `emotion`, …), and the other columns as they are.

    A cell that is not there, or that is empty, is an empty text.
    """

    line: int
    cells: dict[str, str]
    other: tuple[tuple[str, str], ...]

    def __getitem__(self, role: str) -> str:
        return self.cells.get(role, "")


@dataclass(frozen=True)
class Table:
    """The rows of a table, blank ones passed over, cells stripped.

    Args: has: what its columns are, of `path`, `emotion`, ….
    """

    path: Path
    rows: tuple[Row, ...]
    has: frozenset[str]

    def refuse(self, lines: Sequence[int], what: str) -> None:
        """Raise BenchError where lines of the table are wrong."""
        if lines:
            raise BenchError(f"{self.path}, {lines_in_words(lines)}: {what}")


def lines_in_words(lines: Sequence[int], most: int = 10) -> str:
    """The first lines, and how many more there are.

    >>> lines_in_words([3]), lines_in_words([3, 5])
    ('line 3', 'lines 3, 5')
    """
    more = f" and {len(lines) - most} more" if len(lines) > most else ""
    return f"line{'s'[: len(lines) > 1]} {', '.join(map(str, lines[:most]))}{more}"


def read_table(path: Path, columns: Mapping[str, str | None], call: Call) -> Table:
    """The rows of a table.

    Args:
        columns: what a column is -> its name; None: it is not to be read. Those that are not `NEEDED` may be absent.
        call: how the corpus is given on a command line, with some fields changed, for the messages that say what to type.
    Raises: UsageError when a needed column, or one that differs from what it is, is not there. BenchError for what is no table.
    """
    lines = csv.reader(io.StringIO(text := _text(path), newline=""), delimiter=_delimiter(text))
    try:
        header = next((cells for cells in lines if any(map(str.strip, cells)) and not _is_separator_line(cells)), [])
        filled = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        raise BenchError(f"{path}, line {lines.line_num}, can't be read as a table: {error}") from error
    names = [name.strip() for name in header]
    places = _places(path, names, columns, call)
    table = Table(path, tuple(_row(line, cells, names, places) for line, cells in filled if len(cells) == len(names)), frozenset(places))
    uneven = [line for line, cells in filled if len(cells) != len(names)]
    table.refuse(uneven, f"not {len(names)} cells as in the header; put cells that hold the separator in double quotes")
    for role in places:
        strange = {row.line: row[role] for row in table.rows if not row[role].isprintable()}
        first = next(iter(strange.values()), "")
        table.refuse([*strange], f"a line break or another sign that can't be printed in the {role} ({first!a}): write it without")
    table.refuse([row.line for row in table.rows if not row["path"]], "no path: fill the cell, or remove the row")
    addresses = {row.line: row["path"] for row in table.rows if re.match(r"\w{2,}://", row["path"])}
    table.refuse([*addresses], f"{next(iter(addresses.values()), '')} is an address: fetch the clip, and write where it lies")
    return table


def _row(line: int, cells: list[str], names: list[str], places: Mapping[str, int]) -> Row:
    other = tuple((name, cell) for at, (name, cell) in enumerate(zip(names, cells, strict=True)) if name and at not in places.values())
    return Row(line, {role: cells[at] for role, at in places.items()}, other)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BenchError(f"{path} is not in UTF-8 (at byte {error.start}): save it again as CSV in UTF-8") from error
    except OSError as error:
        raise BenchError(f"{path} can't be read: {error.strerror or error}") from error
    if "\0" in text:
        raise BenchError(f"{path} is no text in UTF-8: save it again as CSV in UTF-8")
    return text


def _delimiter(text: str) -> str:
    """The one of the known separators that the header has most of, or that Excel's first line `sep=;` names; a comma where it has none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    named = re.fullmatch(r'"?sep=(.)"?', first.strip("\r\n"))
    return named[1] if named else max(DELIMITERS, key=first.count)


def _is_separator_line(cells: list[str]) -> bool:
    return cells[0].lower().startswith("sep=") and not any(cells[1:])


def _places(path: Path, names: list[str], columns: Mapping[str, str | None], call: Call) -> dict[str, int]:
    """What a column is -> its place."""
    twice = sorted(name for name, times in Counter(filter(None, names)).items() if times > 1)
    if twice:
        raise UsageError(f"{path} has the column {', '.join(map(repr, twice))} twice: rename one")
    found, absent = {}, []
    for role, column in columns.items():
        places = [] if column is None else [at for at, name in enumerate(names) if name and plain(name) == plain(column)]
        if len(places) > 1:
            raise UsageError(f"{path} has the columns {' and '.join(repr(names[at]) for at in places)}, which may both be the {role}: "
                             "rename one")
        if places:
            found[role] = places[0]
        elif column is not None and (role in NEEDED or column != role):
            absent.append(role)
    if absent:
        raise _no_column(path, names, columns, absent, [names[at] for at in found.values()], call)
    for at in found.values():
        shared = [other for other in found if found[other] == at]
        if len(shared) > 1:
            named = [other for other in shared if columns[other] != other]
            raise UsageError(f"the column {names[at]!r} of {path} can't be {' and '.join(shared)} at once: name another one for the "
                             f"{[*shared, *named][-1]}")
    _refuse_other_times(path, names, columns, found, call)
    return found


def _refuse_other_times(path: Path, names: list[str], columns: Mapping[str, str | None], found: Mapping[str, int], call: Call) -> None:
    """Raise UsageError where times of stretches stand under other names: the whole file, or another stretch, would be used."""
    meant: dict[str, str] = {}
    absent = [role for role in TIMES if role not in found and columns[role] is not None]
    for role in absent:
        free = [name for at, name in enumerate(names) if at not in found.values() and name not in meant.values()]
        if name := _called(TIMES[role], free):
            meant[role] = name
    if not absent or len(meant) < len(absent):
        return
    whole = call(**dict.fromkeys(TIMES))
    if last := _called(DURATIONS, meant.values()):
        raise UsageError(f"{path} has a column {last!r} but none for the end of a stretch: write a column 'end', its start and {last!r} "
                         f"together, in seconds; {whole!r} uses whole files")
    raise UsageError(f"{path} has {' and '.join(map(repr, meant.values()))}, which may say what stretch of its file a clip is: "
                     f"{call(**meant)!r} uses that, in seconds, and {whole!r} uses whole files")


def _called(words: str, names: Iterable[str]) -> str:
    """The first name that is one of these words, however it is written; empty where there is none."""
    known = {plain(word) for word in words.split()}
    return next((name for name in names if plain(name) in known), "")


def _no_column(path: Path, names: list[str], columns: Mapping[str, str | None], absent: list[str], taken: list[str],
               call: Call) -> UsageError:
    """The error for columns that are not there: it offers those that probably are what is looked for."""
    if any(AUDIO_NAME.search(name) for name in names):
        return UsageError(f"the first line of {path} is a clip ({', '.join(names)}): the first line must name the columns, such as "
                          f"{','.join(NEEDED)}")
    meant: dict[str, str | None] = {}
    for role in absent:
        free = [name for name in names if name and name not in (*taken, *meant.values())]
        meant[role] = near_column(role, str(columns[role]), free) or (None if role == "speaker" else "COLUMN")
    missing = ", ".join(f"{columns[role]!r}" + (f" (the {role})" if columns[role] != role else "") for role in absent)
    nobody = " 'speaker=None' says that the speakers are not known." if "speaker" in absent else ""
    there = some([name for name in names if name]) or "none"
    return UsageError(f"{path} has no column {missing}; it has {there}. Rename columns, or say which to take, for example "
                      f"{call(**meant)!r}.{nobody}")


def near_column(role: str, wanted: str, names: Sequence[str]) -> str | None:
    """The column that is most probably meant: of a known other name, one that holds such a name, or one that is written much like it."""
    words = [plain(word) for word in (role, *SYNONYMS.get(role, "").split())]
    for word in words:
        for name in names:
            if plain(name) == word:
                return name
    inside = [name for name in names if {*words} & {*plain(name).split()}]
    close = difflib.get_close_matches(wanted.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    near = [name for name in names if name.lower() in close]
    return next(iter([*near, *inside]), None)
