"""The leaderboards of a study as data: rows with intervals, shared ranks, alarms and reference rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evaluation.alarms import alarms, least_emotions, missing_emotions, table_alarms
from harness.evaluation.bundled_runs import StoredRuns
from harness.evaluation.final_predictions import FinalPredictions, MissingFiles, clips_of, read_final_predictions
from harness.evaluation.intervals import LEAST_SPEAKERS, SCORES, Figure, table_intervals
from harness.evaluation.pooled_folds import pooled_rows
from harness.evaluation.ranks import Pairs, pairs
from harness.evaluation.references import Reference, references
from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row, by_validation, place
from harness.evaluation.short_names import ShortNames, short_names
from harness.evaluation.voted_emotion import VotedBoard, voted_board
from harness.safe_text import plural
from harness.study.folds import pooled_label
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store

if TYPE_CHECKING:
    import pandas as pd

RANKED_BY = "uar"


@dataclass(frozen=True)
class RowStatistics:
    """The statistics of one row.

    Args:
        rank: 1 + the number of rows that are significantly better; None where too few speakers allow no test.
        alike: cells of the other rows that it can't be told apart from; empty without ranks.
        intervals: `wa`, `uar`, `macro_f1` -> 95 % bounds, NaN for too few speakers. alarms: short name -> sentence.
    """

    rank: int | None
    alike: tuple[str, ...]
    intervals: dict[str, tuple[float, float]]
    alarms: dict[str, str]


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """One leaderboard: the rows of one corpus and protocol that all know the test speakers, or all do not.

    Args:
        rows: best test UAR first, those without finals last. predictions: of the rows whose files are in the store, in the same order.
        missing_files: cell -> which files of its finals the store no longer has, in words.
        among: corpora of all leaderboards of the page as (name, coverage, label, fingerprint), from which its own is told apart.
        folds: the leaderboard of each fold, where the rows pool folds; a cell has another key in each.
        names: what rows are called on a page of their study.
    """

    rows: tuple[Row, ...]
    predictions: tuple[FinalPredictions, ...]
    missing_files: Mapping[str, str]
    among: frozenset[tuple[str, str, str, str]] = frozenset()
    folds: tuple[Leaderboard, ...] = ()
    names: ShortNames = field(default_factory=ShortNames)

    @property
    def corpus(self) -> str:
        """Its corpus in words, with fields or fingerprint where the page has another one of the same name and size."""
        name, coverage, label, fingerprint = _corpus_of(self.rows[0])
        if sum((n, c) == (name, coverage) for n, c, _, _ in self.among) <= 1:
            return f"{name}, {coverage}"
        alike = sum((c, each) == (coverage, label) for _, c, each, _ in self.among) > 1
        return f"{label}, {coverage}" + (f", fingerprint {fingerprint[:8]}" if alike else "")

    @property
    def finished(self) -> list[Row]:
        """The rows with finals."""
        return [row for row in self.rows if row.seeds]

    @property
    def settings(self) -> str:
        """What distinguishes every finished row alike from those of other leaderboards; empty where there is nothing, or not the same."""
        settings = {row.apart for row in self.finished}
        return settings.pop() if len(settings) == 1 else ""

    def name(self, row: Row) -> str:
        """What a row is called here: without the settings that all rows share."""
        return row.label if self.settings else row.name

    def short(self, row: Row) -> str:
        """What a row is called on a page of its study alone: what it has in common with all its rows stands there once."""
        return self.names.of(row)

    @property
    def chosen(self) -> Row | None:
        """The row of highest validation UAR: the one to take, as no test figure has a say in it, nor among equals."""
        return min(self.finished, key=by_validation, default=None)

    @property
    def best(self) -> list[Row]:
        """The rows of rank 1, which can't be told apart from the best; none without ranks."""
        return [row for row in self.finished if row.cell in self.statistics and self.statistics[row.cell].rank == 1]

    @cached_property
    def statistics(self) -> dict[str, RowStatistics]:
        """Cell -> its statistics, of the rows whose files are in the store; intervals and ranks share the variances of training."""
        intervals = table_intervals([finals.counts for finals in self.predictions], at_once=self._at_once)
        return {finals.row.cell: RowStatistics(rank, alike, bounds, alarms(finals))
                for finals, (rank, alike), bounds in zip(self.predictions, self._ranks(), intervals, strict=True)}

    def _ranks(self) -> list[tuple[int | None, tuple[str, ...]]]:
        """Rank of each row with statistics, and the cells that it can't be told apart from."""
        cells = [finals.row.cell for finals in self.predictions]
        tests = self.pairs
        if tests is None:
            return [(1 if self.rankable else None, ())] * len(cells)
        apart = tests.better | tests.better.T
        return [(rank, tuple(cell for j, cell in enumerate(cells) if j != i and not apart[i, j])) for i, rank in enumerate(tests.ranks)]

    @cached_property
    def pairs(self) -> Pairs | None:
        """Every row with statistics against every other by test UAR, in the order of `predictions`; None where they can't be."""
        if not self.rankable or len(self.predictions) == 1:
            return None
        return pairs([finals.counts for finals in self.predictions], at_once=self._at_once)[RANKED_BY]

    @property
    def _at_once(self) -> list[bool]:
        return [finals.row.at_once for finals in self.predictions]

    @cached_property
    def rankable(self) -> bool:
        """Whether rows can be compared: enough speakers, and the same test clips in all."""
        clips = {(*finals.test[0].clips, *finals.test[0].truth.tolist()) for finals in self.predictions}
        return len(clips) == 1 and self.predictions[0].counts.shape[1] >= LEAST_SPEAKERS

    @property
    def one_seed_each(self) -> bool:
        """Whether no row has two trainings, so that what another one would give is not known."""
        return all(len(finals.test) == 1 for finals in self.predictions)

    @cached_property
    def alarms(self) -> dict[str, str]:
        """What makes the whole table doubtful: short name -> sentence."""
        return table_alarms(self.predictions)

    @cached_property
    def references(self) -> list[Reference]:
        """What guessing and listeners reach on the same test clips."""
        counts = next((finals.row.training_classes for finals in self.predictions if finals.row.training_classes), None)
        return references(self.predictions[0].test[0], counts) if self.predictions else []

    @cached_property
    def voted(self) -> VotedBoard | None:
        """The same rows against the emotion that listeners heard; None where no votes are known."""
        return voted_board(self.predictions, bool(self.predictions) and self.rankable)

    def marks(self, row: Row) -> list[str]:
        """What a reader must know of a row, each in a word or two of plain text: its marks, its alarms, and that it was chosen."""
        alarm_names = self.statistics[row.cell].alarms if row.cell in self.statistics else ()
        marks = {"one seed": row.seeds == 1, "⚠ no statistics": row.cell in self.missing_files, "chosen": row is self.chosen}
        return [*row.marks("synthetic" if row.synthetic else "partial"), *self._without(row), *(f"⚠ {name}" for name in alarm_names),
                *(text for text, holds in marks.items() if holds)]

    def _without(self, row: Row) -> list[str]:
        """Which emotions a part of a row has no clips of, as marks: `test without sad`."""
        finals = next((finals for finals in self.predictions if finals.row is row), None)
        absent = {part: missing_emotions(least_emotions(getattr(finals, part))) for part in ("test", "validation") if finals}
        return [f"{part} without {', '.join(emotions)}" for part, emotions in absent.items() if emotions]

    def interval(self, row: Row, score: str = "uar") -> tuple[float, float]:
        """The 95 % bounds of a row's test figure; NaN without statistics."""
        return self.statistics[row.cell].intervals[score] if row.cell in self.statistics else (math.nan, math.nan)

    def test_uar(self, finals: FinalPredictions) -> Figure:
        """The test UAR of one of its rows with the bounds that the leaderboard shows: (value, low, high)."""
        return finals.test_uar[0], *self.interval(finals.row)

    def __repr__(self) -> str:
        return f"<Leaderboard of {plural(len(self.rows), 'row')}: {self.rows[0].protocol} on {self.rows[0].corpus}>"

    def to_frame(self) -> pd.DataFrame:
        """A row a cell, in the order of `rows`: what it is, its figures with their deviation over seeds and 95 % bounds, rank and marks.

        `rank` is missing where rows can't be ranked, figures are NaN where they do not exist. `runs` are the MLflow runs of the seeds.
        """
        import pandas as pd

        return pd.DataFrame([_columns(self, row) for row in self.rows]).astype({"rank": "Int64"})


def _columns(board: Leaderboard, row: Row) -> dict[str, Any]:
    """A row as the columns of a frame."""
    statistics = board.statistics.get(row.cell)
    figures: dict[str, float] = {}
    for score in SCORES:
        mean, sd = row.test.get(score, (math.nan, math.nan))
        low, high = board.interval(row, score)
        figures |= {f"test_{score}": mean, f"test_{score}_sd": sd, f"test_{score}_low": low, f"test_{score}_high": high}
    return {"corpus": row.corpus, "coverage": row.coverage, "protocol": row.split, "cell": row.label, "key": row.cell,
            "feature_space": row.feature_space, "architecture": row.architecture, "augmentation": row.augmentation,
            "settings": row.apart, **figures, "validation_uar": row.validation_uar[0], "validation_uar_sd": row.validation_uar[1],
            "rank": statistics.rank if statistics else None, "chosen": row is board.chosen, "seeds": row.seeds,
            "trials": sum(row.trials.values()),
            "parameters": row.parameters, "fit_s": row.fit_seconds, "epochs": row.epochs_trained, "best_epoch": row.best_epoch, **row.cost,
            "shares_speakers": row.shares_speakers, "synthetic": row.synthetic, "marks": "; ".join(board.marks(row)), "runs": row.seed_runs}


def leaderboards(study_rows: Sequence[Row], finals: Mapping[str, FinalPredictions | MissingFiles]) -> list[Leaderboard]:
    """The leaderboards of a study's rows; folds that are pooled have one together.

    Args: finals: cell -> the predictions of its finals, or the files that it lacks; cells that are not in it have no statistics.
    """
    of_folds = sorted((row for row in study_rows if row.pooled_cell),
                      key=lambda row: (row.corpus, row.corpus_fingerprint, row.fold, row.knows_speakers))
    pooled, of_pooled = pooled_rows(of_folds, finals)
    names = short_names(study_rows)
    ordered = sorted([*(row for row in study_rows if not row.pooled_cell), *pooled], key=place)
    boards = _by_protocol(ordered, {**finals, **of_pooled}, names)
    folds = _by_protocol(of_folds, finals, names)
    return [replace(board, folds=tuple(fold for fold in folds if _pools(board.rows[0], fold.rows[0]))) for board in boards]


def _pools(row: Row, fold: Row) -> bool:
    """Whether the table of a row pools that of a fold's row."""
    return row.board == replace(fold, split=pooled_label(fold.pooled_split, fold.folds)).board


def _by_protocol(study_rows: Sequence[Row], finals: Mapping[str, FinalPredictions | MissingFiles],
                 names: ShortNames) -> list[Leaderboard]:
    """A leaderboard for each corpus and protocol, and apart from it one of rows that know the test speakers, in the order of the rows."""
    tables = itertools.groupby(study_rows, key=lambda row: row.board)
    boards, among = [], frozenset(map(_corpus_of, study_rows))
    for table in (tuple(group) for _, group in tables):
        files = {row.cell: finals[row.cell] for row in table if row.cell in finals}
        missing = {cell: each.reason for cell, each in files.items() if isinstance(each, MissingFiles)}
        complete = tuple(each for each in files.values() if isinstance(each, FinalPredictions))
        boards.append(Leaderboard(table, complete, missing, among, names=names))
    return boards


def _corpus_of(row: Row) -> tuple[str, str, str, str]:
    return row.corpus, row.coverage, row.corpus_label or row.corpus, row.corpus_fingerprint


def read_leaderboards(store: Store, study_name: str, data: Path | None = None) -> tuple[list[RunRecord], list[Leaderboard]]:
    """A study's records and leaderboards from the store.

    Args: data: where the corpora are, for what earlier code did not note of each clip; None: as noted.
    """
    runs = store.experiment(study_name)
    records = runs.records()
    return records, leaderboards_of(runs, records, data)


def leaderboards_of(runs: StoredRuns, records: Sequence[RunRecord], data: Path | None = None) -> list[Leaderboard]:
    """The leaderboards of runs in a store or in a bundle. Args: records: of all of them."""
    study_rows = read_rows(runs, records)
    finished = [row for row in study_rows if row.seeds]
    clips = {row.corpus_label: clips_of(row, data) for row in {row.corpus_label: row for row in finished}.values()}
    finals = {row.cell: read_final_predictions(row, runs, clips[row.corpus_label]) for row in finished}
    return leaderboards(study_rows, finals)
