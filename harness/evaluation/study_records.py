"""The record of a study beside its report: `record.json`, its figures, and `predictions.csv`, what each final took each test clip for.

With the second, rows of several studies are ranked together wherever their runs lie. `docs/record.md` describes both files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.report_data import SCHEMA, report_document, study_data
from harness.evaluation.search_worth import SearchWorth
from harness.safe_text import mask_secrets
from harness.tracking.run_record import RunRecord, RunTags
from harness.training.predictions import Predictions
from registry.errors import BenchError

RECORD, PREDICTIONS = "record.json", "predictions.csv"
HEADS = ("corpus", "clip", "speaker", "truth")  # the columns before those of the rows' seeds
Known = tuple[str, int]  # a clip's speaker, and its emotion as a place in the list of the corpus


@dataclass(frozen=True, eq=False)
class TestedRow:
    """What the finals of one row took each test clip for.

    Args:
        emotions: of the corpus. clips, speakers: shape (clips,), sorted by clip. truth: indices into `emotions`, shape (clips,).
        predicted: the same of each seed, shape (seeds, clips). seeds: their numbers.
    """

    emotions: tuple[str, ...]
    clips: np.ndarray
    speakers: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    seeds: tuple[str, ...]

    @classmethod
    def of(cls, finals: FinalPredictions) -> TestedRow:
        """Of finals from a store."""
        first, order = finals.test[0], np.argsort(finals.test[0].clips, kind="stable")
        by_clip = [np.argsort(test.clips, kind="stable") for test in finals.test]
        predicted = np.array([test.predicted[places] for test, places in zip(finals.test, by_clip, strict=True)])
        return cls(first.emotions, first.clips[order], first.speakers[order], first.truth[order], predicted, finals.row.seed_numbers)

    @property
    def counts(self) -> np.ndarray:
        """Confusion counts, speakers sorted: (seeds, speakers, truth, predicted), int64; as `speaker_counts` gives them."""
        names, place = np.unique(self.speakers, return_inverse=True)
        counts = np.zeros((len(self.predicted), len(names), len(self.emotions), len(self.emotions)), dtype=np.int64)
        for of_seed, predicted in zip(counts, self.predicted, strict=True):
            np.add.at(of_seed, (place, self.truth, predicted), 1)
        return counts

    @property
    def predictions(self) -> list[Predictions]:
        """The same of each seed as predictions, sure of what they say."""
        return [Predictions(self.emotions, self.clips, self.truth, np.eye(len(self.emotions))[of_seed], {"speaker": self.speakers})
                for of_seed in self.predicted]

    @property
    def part(self) -> str:
        """A hash of the clips with their speakers and emotions: rows that have the same can be ranked together."""
        lines = [*self.emotions, *(f"{clip}\t{speaker}\t{truth}" for clip, speaker, truth
                                   in zip(self.clips, self.speakers, self.truth, strict=True))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def answers(self) -> frozenset[bytes]:
        """What its seeds answered, each different answer once: the same networks under two names have the same."""
        return frozenset(of_seed.astype(np.int32).tobytes() for of_seed in self.predicted)


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """A study's figures, as `study_data` gives them, and the predictions of its rows. Args: tested: cell -> predictions on test."""

    name: str
    data: Mapping[str, Any]
    tested: Mapping[str, TestedRow]

    @classmethod
    def of(cls, name: str, data: Mapping[str, Any], boards: Iterable[Leaderboard]) -> StudyRecord:
        """Of a study in the store."""
        return cls(name, data, {finals.row.cell: TestedRow.of(finals) for board in boards for finals in board.predictions})

    def write(self, folder: Path) -> None:
        """Both files, into a folder: the same runs give the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report_document({self.name: self.data}), indent=1, ensure_ascii=False, allow_nan=False)
        (folder / RECORD).write_text(f"{mask_secrets(text)}\n", encoding="utf-8", newline="\n")
        (folder / PREDICTIONS).write_text(self._table(), encoding="utf-8", newline="")

    def _table(self) -> str:
        """A line for each corpus and clip; what a row's seed took it for as a place in the list of emotions, empty where untested."""
        corpora = {row["cell"]: board["corpus_fingerprint"] for board in self.data["leaderboards"] for row in board["rows"]}
        known: dict[tuple[str, str], Known] = {}
        columns: dict[str, dict[tuple[str, str], int]] = {}
        for cell, row in self.tested.items():
            keys = [(corpora[cell], str(clip)) for clip in row.clips]
            known |= dict(zip(keys, zip(map(str, row.speakers), map(int, row.truth), strict=True), strict=True))
            for seed, predicted in zip(row.seeds, row.predicted, strict=True):
                columns[f"{cell} {seed}"] = dict(zip(keys, map(int, predicted), strict=True))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*HEADS, *columns])
        writer.writerows([*key, *known[key], *(column.get(key, "") for column in columns.values())] for key in sorted(known))
        return text.getvalue()


def record_of(name: str, records: Sequence[RunRecord], boards: Sequence[Leaderboard], worths: Sequence[SearchWorth | None] = ()
              ) -> StudyRecord:
    """The record of a study in the store. Args: records: its runs. worths: what searching was worth on each leaderboard."""
    about = next((run.about for run in reversed(records) if run.kind == "study"), RunTags())
    return StudyRecord.of(name, study_data(boards, about.question, about.baseline, worths), boards)


def read_record(folder: Path) -> StudyRecord:
    """The record that lies in a folder. Raises: BenchError for one that is damaged, incomplete or of a later version."""
    path = folder / RECORD
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        require_schema(document, path)
        (name, data), = document["studies"].items()
        _require_types(data)
        return StudyRecord(str(name), data, _read_table(folder / PREDICTIONS, data["leaderboards"]))
    except OSError as error:
        raise BenchError(f"{error.filename}: {error.strerror}; `bench report` writes it where the study's runs are") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, csv.Error) as error:
        raise BenchError(f"{path} or the {PREDICTIONS} beside it is damaged ({type(error).__name__}: {error}): take both from where the "
                         "study's runs are, where `bench report` writes them again") from error


TEXTS = ("protocol", "corpus", "corpus_label", "corpus_fingerprint", "coverage", "split_fingerprint")
OF_BOARDS: Mapping[str, type] = {**dict.fromkeys(TEXTS, str), **dict.fromkeys(("synthetic", "shares_speakers", "knows_speakers"), bool),
                                 "emotions": list, "references": list, "alarms": dict, "clips": dict, "rows": list}
OF_ROWS: Mapping[str, type] = {
    **dict.fromkeys(("name", "cell", "class", "recipe", "feature_space", "architecture", "augmentation", "split", "settings"), str),
    **dict.fromkeys(("parameters", "seeds", "epochs"), int), **dict.fromkeys(("seed_numbers", "marks", "otherwise"), list),
    **dict.fromkeys(("pretrained", "cost", "test", "validation_uar"), dict)}


def _require_types(data: Any) -> None:
    """Raise TypeError for data of a study in which what the page of all studies needs is of another type."""
    _typed(data, {"question": str, "leaderboards": list})
    for board in data["leaderboards"]:
        _typed(board, OF_BOARDS)
        figures = [reference["uar"] for reference in board["references"]]
        for row in board["rows"]:
            _typed(row, OF_ROWS)
            if not isinstance(row.get("ended_at"), (str, type(None))):  # records of earlier versions have none
                raise TypeError("ended_at is no str")
            figures += [row["validation_uar"], row["cost"], *([row["test"]["uar"]] if row["seeds"] else [])]
        if not all(isinstance(value, (int, float, type(None))) for figure in figures for value in figure.values()):
            raise TypeError("a figure is no number")


def _typed(data: Any, types: Mapping[str, type]) -> None:
    for name, kind in types.items():
        if type(data[name]) is not kind:
            raise TypeError(f"{name} is no {kind.__name__}")


def require_schema(document: Any, path: Path | str) -> None:
    """Raise BenchError for a document that is no report of `bench`, or of another form than this version reads."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int) or "studies" not in document:
        raise BenchError(f"{path} is not a report of bench as JSON: it has no schema and studies")
    if schema != SCHEMA:
        raise BenchError(f"{path} has the form {schema} of bench {document.get('bench', '?')}, and this version reads form {SCHEMA}: "
                         f"{'update bench' if schema > SCHEMA else 'write it again with `bench report`'}")


def _read_table(path: Path, boards: Sequence[Mapping[str, Any]]) -> dict[str, TestedRow]:
    """The rows of `predictions.csv`. Raises: ValueError and its like for what is not as `StudyRecord.write` writes it."""
    with path.open(newline="", encoding="utf-8") as file:
        head, *lines = csv.reader(file)
    if tuple(head[: len(HEADS)]) != HEADS or len(set(head)) < len(head):
        raise ValueError("its columns are others, or are there twice")
    texts = np.array(lines, dtype=str).reshape(len(lines), len(head))
    places = {column: at for at, column in enumerate(head)}
    corpora, clips, speakers, truth = (texts[:, at] for at in range(len(HEADS)))
    tested = {}
    for board in boards:
        of_corpus, emotions = corpora == board["corpus_fingerprint"], tuple(map(str, board["emotions"]))
        for row in board["rows"]:
            seeds = tuple(map(str, row["seed_numbers"]))
            if not seeds or row["no_statistics"] is not None:
                continue
            columns = texts[:, [places[f"{row['cell']} {seed}"] for seed in seeds]].T
            there = of_corpus & (columns[0] != "")
            tested[str(row["cell"])] = TestedRow(emotions, clips[there], speakers[there], _indices(truth[there], emotions),
                                                 _indices(columns[:, there], emotions), seeds)
    return tested


def _indices(texts: np.ndarray, emotions: Sequence[str]) -> np.ndarray:
    indices = texts.astype(np.int64)
    if indices.size and not 0 <= indices.min() <= indices.max() < len(emotions):
        raise ValueError(f"an emotion that is none of the {len(emotions)}")
    return indices
