"""A user's own clips: any folder of audio with one table of the path, emotion and speaker of each."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import posixpath
import re
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from registry import audio
from registry.core import names, register, short_label
from registry.corpora._listing import given_folder, read_clip
from registry.corpora._table import NEEDED, Call, Row, Table, read_table
from registry.corpora._table_files import TableFiles, portable
from registry.corpora._table_names import EmotionWords, settle_names
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError, require
from registry.segments import Segment, overlapping

ROLES = (*NEEDED, "sentence", "level", "sex", "age", "split", "start", "end")
UNMAPPED = ("race", "ethnicity", "corpus")  # columns that are known, by these names only
ASSUMED_HZ = 16_000  # where no clip has a rate that can be read: then a run could use none


@register("folder")
class Folder:
    """Clips as a table lists them, so that nobody has to write Python to benchmark a corpus of their own.

    The table is the only .csv file in the data folder (or .tsv, where there is no .csv), or the one that is named; separated by
    commas, semicolons, tabs or bars, in UTF-8 or as Excel's "Unicode text". Paths are relative to it or to the data folder, or
    absolute; a clip's id is its path as written, without its ending. The columns path, emotion and speaker are needed; sentence,
    level, sex, age, race, ethnicity and corpus are known too and may be empty; every other column is kept in the clip's field `other`.
    Columns of other names are named: `folder[path=file, emotion=label, speaker=spk]`. docs/your-own-data.md shows all this step by step.

    A table may come from someone else, so that clips must lie in the data folder or in the table's own, links followed: others
    are refused, unless `anywhere` allows them.

    Args:
        csv: the table, where the data folder holds several: relative to it, or absolute, which needs no data folder.
        anywhere: take clips from every folder that the table names.
        name: of the corpus, in reports.
        merge_names: what is done about emotions, speakers, sentences and sexes that differ only in case, white space, Unicode form,
            separators or leading zeros: True joins them, False keeps them apart, None refuses them.
        emotions: what emotion words count as: `common` takes the shipped list of words for ANG, DIS, FEA, HAP, NEU, SAD, SUR, CAL and
            BOR; `happy:HAP+bored:-` names them, `-` leaving clips out; `common+bored:-` does both. None: emotions are as in the table.
        path, emotion, speaker, sentence, level, sex, age: the columns that hold these; speaker None: the speakers are not known, and
            only protocols that share speakers fit; of the others None: the column is not used.
        split: the column that says which part a clip is in, for the protocol `given`.
        start, end: the columns that say, in seconds, which stretch of its file a clip is; empty: from its beginning, to its end.
    """

    version: ClassVar[int] = 1
    later_fields: ClassVar[tuple[str, ...]] = ("name", "merge_names", "emotions", *ROLES)
    licence: ClassVar[str] = "the user's own"
    citation: ClassVar[str] = ""
    csv: str | None = None
    anywhere: bool = False
    name: str = "folder"
    merge_names: bool | None = None
    emotions: str | None = None
    path: str = "path"
    emotion: str = "emotion"
    speaker: str | None = "speaker"
    sentence: str | None = "sentence"
    level: str | None = "level"
    sex: str | None = "sex"
    age: str | None = "age"
    split: str | None = "split"
    start: str | None = "start"
    end: str | None = "end"

    def __post_init__(self) -> None:
        require(re.fullmatch(r"\w[\w .-]*", self.name) is not None,
                f"folder.name may hold letters, digits, spaces and the signs _ . - only, not {self.name!r}")
        EmotionWords.parse(self.emotions)

    def load(self, data: Path | None) -> Corpus:
        """The clips of the table, sorted by id, with the files that are missing, empty or pointers.

        Raises: UsageError when there is no table, or a column is missing. BenchError naming the rows that are wrong.
        """
        data = given_folder(data or self._own_folder(), "folder")
        columns = {role: getattr(self, role) for role in ROLES} | {role: role for role in UNMAPPED}
        table = read_table(self._table(data), columns, self._call)
        words = EmotionWords.parse(self.emotions)
        table, problems = settle_names(table, words, self.merge_names, self._call)
        emotions = _emotions(table, words, self._call)
        files = TableFiles(table, data, self.anywhere, self._call)
        segments = files.segments()
        rows = sorted(zip(_ids(table, files, segments), files.paths, segments, table.rows, strict=True), key=lambda row: row[0])
        clips = [_clip(table, *row) for row in rows]
        faults = {clip.id: files.fault(clip) for clip in clips}
        kept = tuple(clip for clip in clips if faults[clip.id] is None)
        problems += [*files.renamed, *_overlaps(kept), *filter(None, faults.values())]
        return Corpus(name=self._title, emotions=emotions, clips=kept, sample_rate=_rate(kept), whole=len(clips), read_clip=read_clip,
                      problems=tuple(problems), licence=self.licence)

    @property
    def _title(self) -> str:
        """The name in reports; with a remark where a registered corpus has it, whose clips and protocols these are not."""
        return f"{self.name} (folder)" if self.name != "folder" and self.name in names("corpora") else self.name

    def _call(self, **changes: Any) -> str:
        """How this corpus is given on a command line, with some fields changed."""
        return short_label(dataclasses.replace(self, **changes))

    def _own_folder(self) -> Path | None:
        """The folder of a table that is given with its whole path: it needs no data folder."""
        return Path(self.csv).parent if self.csv and Path(self.csv).is_absolute() else None

    def _table(self, data: Path) -> Path:
        if self.csv is not None:
            table = data / self.csv
            require(table.is_file(), f"there is no table {table}: folder.csv is relative to the data folder {data}, or a whole path")
            return table
        visible = sorted(path for path in data.iterdir() if not path.name.startswith("."))
        tables = [path for path in visible if path.suffix.lower() == ".csv"] or [path for path in visible if path.suffix.lower() == ".tsv"]
        others = [path.name for path in visible if path.suffix.lower() in (".xlsx", ".xls", ".ods", ".txt", ".json", ".jsonl", ".parquet")]
        save = f" ({', '.join(others[:3])}: save it as CSV in UTF-8)" if others else ""
        require(len(tables) > 0, f"{data} holds no .csv file{save}: write one with the columns {', '.join(NEEDED)}, a row for each clip, "
                                "or name the folder that holds it with `--data DIR`")
        require(len(tables) == 1, f"{data} holds several {tables[0].suffix} files ({', '.join(path.name for path in tables)}): name one, "
                                  f"for example {self._call(csv=tables[0].name)!r}")
        return tables[0]


def _ids(table: Table, files: TableFiles, segments: list[Segment | None]) -> list[str]:
    """Each row's path without its ending, with forward slashes, and its segment as `talk@1.5-3`; the same on every machine."""
    parts = ["" if stretch is None else f"@{stretch}" for stretch in segments]
    ids = [posixpath.normpath(_without_ending(portable(row["path"]))) + part for row, part in zip(table.rows, parts, strict=True)]
    of_files = [os.path.normpath(path) + part for path, part in zip(files.paths, parts, strict=True)]
    for each, what in ((ids, "path"), (of_files, "file")):
        times = Counter(each)
        table.refuse([row.line for one, row in zip(each, table.rows, strict=True) if times[one] > 1],
                     f"the same {what} as in another of these lines{' with the same start and end' * any(parts)}; list each clip once "
                     "(endings do not tell clips apart)")
    return ids


def _without_ending(path: str) -> str:
    """A path without what follows its last full stop, if that can be an ending: of `talk.01`, 01 is none."""
    stem, ending = posixpath.splitext(path)
    return path if ending[1:].isdigit() else stem


def _emotions(table: Table, words: EmotionWords, call: Call) -> tuple[str, ...]:
    """The labels of the table, sorted. MLflow takes them into the names of scores, so that not every sign is possible."""
    strange = {row.line: row["emotion"] for row in table.rows if not re.fullmatch(r"\w[\w .-]*", row["emotion"])}
    if strange:
        first = next(iter(strange.values()))
        hint = "" if re.search("[][+,:=\"']", first) else f", for example with {call(emotions=words.extended([first], 'NAME'))!r}"
        table.refuse([*strange], f"an emotion may hold letters, digits, spaces and the signs _ . - only, not {first!r}: name it "
                                 f"otherwise{hint}")
    emotions = tuple(sorted({row["emotion"] for row in table.rows}))
    if len(emotions) < 2:
        raise BenchError(f"{table.path} needs clips of at least two emotions, and has {', '.join(emotions) or 'no rows'}")
    return emotions


def _clip(table: Table, clip_id: str, path: Path, stretch: Segment | None, row: Row) -> Clip:
    age = re.fullmatch(r"(\d{1,3})(?:\.0+)?", row["age"])
    if row["age"] and not age:
        raise BenchError(f"{table.path}, line {row.line}: the age {row['age']!r} is not a whole number of years; correct it, or leave the "
                         "cell empty")
    facts: dict[str, Any] = {role: row[role] or None for role in ("sentence", "level", "sex", *UNMAPPED)}
    return Clip(id=clip_id, emotion=row["emotion"], speaker=row["speaker"], path=path, segment=stretch, age=int(age[1]) if age else None,
                part=row["split"] or None, other=row.other, **facts)


def _overlaps(clips: tuple[Clip, ...]) -> list[Problem]:
    pairs = list(overlapping(clips))
    if not pairs:
        return []
    first, more = " and ".join(clips[i].id for i in pairs[0]), f", and {len(pairs) - 1:,} more pairs do" * (len(pairs) > 1)
    return [Problem(kind="overlap", subject=f"{len({*itertools.chain(*pairs)}):,} clips", detail=f"{first} share audio{more}",
                    action="kept; where two parts of a split share audio, `bench audit` says so", in_reports=True)]


def _rate(clips: tuple[Clip, ...]) -> int:
    """The sample rate of the first clip that can be read; `bench check` compares the others."""
    for clip in clips:
        with contextlib.suppress(BenchError):
            return audio.measured(clip.path, clip.segment).sample_rate  # type: ignore[arg-type]
    return ASSUMED_HZ
