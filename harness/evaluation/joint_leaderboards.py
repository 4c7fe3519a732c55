"""The rows of all studies together: one table for each corpus and split, ranked together where the test clips are the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.evaluation.intervals import LEAST_SPEAKERS, Figure
from harness.evaluation.ranks import pairs
from harness.evaluation.rows import fitted_at_once
from harness.evaluation.short_names import components, without_fields
from harness.evaluation.study_records import StudyRecord, TestedRow

SCORE = "uar"
Data = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class JointRow:
    """One row beside those of other studies.

    Args:
        studies: that have it; the same network with the same answers stands once. data: as the record of the first of them has it.
        uar: test UAR with the bounds of its own report.
        rank: among all rows of the table that were tested on the same clips; None where there is none, as for a network that was trained
            once beside networks of several seeds.
        ended_at: when its finals ended, the first of them where several studies have it, in UTC as records write it; empty: not known.
    """

    studies: tuple[str, ...]
    data: Data
    uar: Figure
    rank: int | None = None
    ended_at: str = ""

    @property
    def name(self) -> str:
        """What its study calls it."""
        return str(self.data["name"])

    @property
    def kind(self) -> str:
        """`from scratch`, `functionals` or `pretrained`."""
        return str(self.data["class"])

    @property
    def validation_uar(self) -> float:
        """Mean over the seeds; −∞ without one, so that it is never chosen."""
        value = self.data["validation_uar"]["mean"]
        return -math.inf if value is None else float(value)


@dataclass(frozen=True, eq=False)
class JointTable:
    """All rows of one corpus and split that know as much of the test speakers.

    Args:
        board: what they share, as a leaderboard of a record has it. protocols: names of the split, the most frequent first.
        rows: best test UAR first. comparable: how many of them were tested on the same clips; trained_once: how many of those have no rank,
            since they are networks of one seed beside others of several. speakers, clips: of the test part.
    """

    board: Data
    protocols: tuple[str, ...]
    rows: tuple[JointRow, ...]
    comparable: int
    trained_once: int
    speakers: int
    clips: int

    @property
    def studies(self) -> tuple[str, ...]:
        """Those that have a row here, sorted."""
        return tuple(sorted({study for row in self.rows for study in row.studies}))

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other tables."""
        return _key(self.board)

    def chosen(self, kind: str = "") -> JointRow | None:
        """The row of highest validation UAR, of all or of one kind; of equals the smallest: all rows have the same validation clips."""
        rows = [row for row in self.rows if kind in ("", row.kind) and row.validation_uar > -math.inf]
        return min(rows, key=lambda row: (-row.validation_uar, row.data["parameters"], row.name), default=None)

    def names(self) -> dict[JointRow, str]:
        """A name for each row, with its protocol where another row has the same, or with its study.

        Behind that of a recipe are its components, without their fields: the study's page has those.
        """
        names = {row: name_of(row.data) for row in self.rows}
        again = Counter(names.values()) if len(self.protocols) > 1 else Counter[str]()
        told = {row: f"{name} on {row.data['split']}" if again[name] > 1 else name for row, name in names.items()}
        still = Counter(told.values())
        return {row: f"{names[row]} in {', '.join(row.studies)}" if still[name] > 1 else name for row, name in told.items()}

    @property
    def best(self) -> list[JointRow]:
        """The rows of rank 1, which can't be told apart from the best."""
        return [row for row in self.rows if row.rank == 1]


def name_of(row: Data) -> str:
    """The name of a row of a record; behind that of a recipe stand its components, without their fields."""
    if not row["recipe"]:
        return str(row["name"])
    cell = (components(row["feature_space"]), components(row["architecture"]), without_fields(row["augmentation"]))
    return f"{row['name']} ({' × '.join(filter(None, cell))})"


def joint_tables(records: Iterable[StudyRecord]) -> list[JointTable]:
    """The tables of these studies: new speakers before heard ones, those of most rows first; synthetic clips last."""
    groups: dict[tuple[str, ...], list[tuple[StudyRecord, Data, Data]]] = {}
    for record in sorted(records, key=lambda record: record.name):
        for board in record.data["leaderboards"]:
            for row in board["rows"]:
                if row["seeds"]:
                    groups.setdefault(_key(board), []).append((record, board, row))
    tables = [_table(group) for group in groups.values()]
    return sorted(tables, key=lambda table: (table.board["synthetic"], table.board["shares_speakers"], table.board["knows_speakers"],
                                             -len(table.rows), table.key))


def _key(board: Data) -> tuple[str, ...]:
    """Corpus and split; of runs that did not note the fingerprint of their split, its name."""
    split = board["split_fingerprint"] or board["protocol"]
    return str(board["corpus"]), str(board["corpus_fingerprint"]), str(split), str(board["knows_speakers"])


def _table(group: Sequence[tuple[StudyRecord, Data, Data]]) -> JointTable:
    tested = [record.tested.get(row["cell"]) for record, _, row in group]
    part = next(iter(Counter(each.part for each in tested if each).most_common(1)), ("", 0))[0]
    first = next((each for each in tested if each and each.part == part), None)
    rows = [(JointRow((record.name,), row, _recorded(row), ended_at=row.get("ended_at") or ""),
             each if each and each.part == part else None)
            for (record, _, row), each in zip(group, tested, strict=True)]
    rows = _each_once(rows)
    ranked = _ranked([(row, each) for row, each in rows if each])
    others = [row for row, each in rows if not each]
    boards = [board for (_, board, _), each in zip(group, tested, strict=True) if each and each.part == part] or [group[0][1]]
    protocols = tuple(name for name, _ in Counter(board["protocol"] for _, board, _ in group).most_common())
    known = len(set(first.speakers.tolist()) - {""}) if first else 0
    once = sum(row.rank is None for row in ranked) if any(row.rank for row in ranked) else 0
    clips = len(first.clips) if first else int(group[0][1]["clips"].get("test", 0))
    return JointTable(boards[0], protocols, tuple(sorted([*ranked, *others], key=lambda row: (-row.uar[0], row.name, row.studies))),
                      len(ranked), once, known, clips)


def _recorded(row: Data) -> Figure:
    """The test UAR of a row as its record has it."""
    value, low, high = (row["test"][SCORE][of] for of in ("mean", "low", "high"))
    return float(value), *((math.nan, math.nan) if low is None else (float(low), float(high)))


def _each_once(rows: Sequence[tuple[JointRow, TestedRow | None]]) -> list[tuple[JointRow, TestedRow | None]]:
    """The same, networks that several studies trained alike once: of most seeds, with the names of all their studies."""
    kept: dict[Any, tuple[JointRow, TestedRow | None]] = {}
    for place, (row, tested) in enumerate(sorted(rows, key=lambda each: -each[0].data["seeds"])):
        what = tuple(row.data[part] for part in ("feature_space", "architecture", "augmentation"))
        key = (*what, tested.answers) if tested else place
        if key in kept:
            same, answers = kept[key]
            studies = tuple(dict.fromkeys((*same.studies, *row.studies)))
            kept[key] = replace(same, studies=studies, ended_at=min(same.ended_at, row.ended_at)), answers  # an unknown end is least
        else:
            kept[key] = row, tested
    return list(kept.values())


def _ranked(rows: Sequence[tuple[JointRow, TestedRow]]) -> list[JointRow]:
    """The rows with their ranks among each other; without any where too few speakers allow none.

    Where networks have several seeds, one of a single seed has none: with the variance of the others' trainings it might share any rank.
    """
    if not rows or rows[0][1].counts.shape[1] < LEAST_SPEAKERS:
        return [row for row, _ in rows]
    once = [is_trained_once(row.data) for row, _ in rows]
    several = any(row.data["seeds"] > 1 and not fitted_at_once(row.data["epochs"]) for row, _ in rows)
    told = [place for place, each in enumerate(once) if not (each and several)]
    at_once = [fitted_at_once(rows[place][0].data["epochs"]) for place in told]
    counts = [rows[place][1].counts for place in told]
    ranks = dict(zip(told, pairs(counts, at_once=at_once)[SCORE].ranks if len(told) > 1 else [1], strict=True))
    return [replace(row, rank=ranks.get(place)) for place, (row, _) in enumerate(rows)]


def is_trained_once(row: Data) -> bool:
    return bool(row["seeds"] == 1 and not fitted_at_once(row["epochs"]))
