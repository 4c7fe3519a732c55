"""The leaderboards of a study as data: rows with intervals, shared ranks, alarms and reference rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evaluation.alarms import AlarmInput, alarms, table_alarms
from harness.evaluation.final_predictions import FinalPredictions, clips_of, read_final_predictions
from harness.evaluation.intervals import LEAST_SPEAKERS, SCORES, table_intervals
from harness.evaluation.ranks import pairs
from harness.evaluation.references import Reference, references
from harness.evaluation.rows import Row, plain, rows
from harness.reports.leaderboard_tables import row_marks
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """One leaderboard: the rows of one corpus and protocol.

    Args:
        rows: best test UAR first, those without finals last. evidence: of the rows whose files are there, in the same order.
        lacking: cell -> which files are not, in words.
    """

    rows: tuple[Row, ...]
    evidence: tuple[FinalPredictions, ...]
    lacking: Mapping[str, str]

    @property
    def finished(self) -> list[Row]:
        """The rows with finals."""
        return [row for row in self.rows if row.seeds]

    @property
    def settings(self) -> str:
        """What the command line changed in every finished row alike; empty where it changed nothing, or not the same."""
        found = {row.settings for row in self.finished}
        return found.pop() if len(found) == 1 else ""

    @property
    def chosen(self) -> Row | None:
        """The row of highest validation UAR: the one to take, as no test figure has a say in it."""
        return max(self.finished, key=lambda row: row.validation_uar[0], default=None)

    @property
    def best(self) -> list[Row]:
        """The rows of rank 1, which can't be told apart from the best; none without ranks."""
        return [row for row in self.finished if row.cell in self.standings and self.standings[row.cell].rank == 1]

    @cached_property
    def standings(self) -> dict[str, RowStatistics]:
        """Cell -> standing, of the rows whose files are there."""
        return row_statistics(self.evidence)

    @cached_property
    def alarms(self) -> dict[str, str]:
        """What makes the whole table doubtful: short name -> sentence."""
        return shared_alarms(self.evidence)

    @cached_property
    def references(self) -> list[Reference]:
        """What guessing and listeners reach on the same test clips."""
        counts = next((each.row.training_classes for each in self.evidence if each.row.training_classes), None)
        return references(self.evidence[0].test[0], counts) if self.evidence else []

    @property
    def one_seed_each(self) -> bool:
        """Whether no row has two trainings."""
        return one_seed_each(self.evidence)

    def marks(self, row: Row) -> list[str]:
        """What a reader must know of a row, each in a word or two: its alarms, what is told of it, and that it was chosen."""
        own = self.standings.get(row.cell)
        found = [("one seed", row.seeds == 1), ("⚠ no statistics", row.cell in self.lacking), ("**chosen**", row is self.chosen)]
        return [*row_marks(row, "synthetic" if row.synthetic else "partial"), *(f"⚠ {name}" for name in (own.alarms if own else ())),
                *(text for text, holds in found if holds)]

    def interval(self, row: Row, score: str = "uar") -> tuple[float, float]:
        """The 95 % bounds of a row's test figure; NaN without statistics."""
        own = self.standings.get(row.cell)
        return own.intervals[score] if own else (math.nan, math.nan)

    def as_json(self) -> list[dict[str, Any]]:
        """Every row for programs, with its interval, rank, alarms and reference rows; figures that do not exist are null."""
        labels = {row.cell: row.label for row in self.rows}
        below = [{"name": each.name, "basis": each.basis, **each.figures, "recall": each.recall} for each in self.references]
        made = []
        for row in self.rows:
            own = self.standings.get(row.cell)
            told = {"chosen": row is self.chosen, "intervals": own.intervals if own else None, "rank": own.rank if own else None,
                    "alike": [labels[cell] for cell in own.alike] if own else None, "alarms": own.alarms if own else None,
                    "no_statistics": self.lacking.get(row.cell), "table_alarms": self.alarms, "references": below}
            made.append(row.as_json() | plain(told))
        return made

    def __repr__(self) -> str:
        return f"<Leaderboard of {len(self.rows)} rows: {self.rows[0].split} on {self.rows[0].corpus}>"

    def to_frame(self) -> pd.DataFrame:
        """A row a cell, in the order of `rows`: what it is, its figures with their deviation over seeds and 95 % bounds, rank and marks.

        `rank` is missing where rows can't be ranked, figures are NaN where they do not exist. `runs` are the MLflow runs of the seeds.
        """
        import pandas as pd

        frame = pd.DataFrame([_columns(self, row, data) for row, data in zip(self.rows, self.as_json(), strict=True)])
        return frame.astype({"rank": "Int64"})


def _columns(board: Leaderboard, row: Row, data: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the columns of a frame. Args: data: the row as `Leaderboard.as_json` gives it."""
    figures: dict[str, float] = {}
    for score in SCORES:
        mean, sd = row.test.get(score, (math.nan, math.nan))
        low, high = board.interval(row, score)
        figures |= {f"test_{score}": mean, f"test_{score}_sd": sd, f"test_{score}_low": low, f"test_{score}_high": high}
    return {"corpus": row.corpus, "coverage": row.coverage, "protocol": row.split, "cell": row.label, "key": row.cell,
            "feature_space": row.feature_space, "architecture": row.architecture, "augmentation": row.augmentation,
            "settings": row.settings, **figures, "validation_uar": row.validation_uar[0], "validation_uar_sd": row.validation_uar[1],
            "rank": data["rank"], "chosen": data["chosen"], "seeds": row.seeds, "trials": sum(row.trials.values()),
            "parameters": row.parameters, "fit_s": row.fit_seconds, "epochs": row.epochs_trained, "best_epoch": row.best_epoch, **row.cost,
            "shares_speakers": row.shares_speakers, "synthetic": row.synthetic,
            "marks": "; ".join(board.marks(row)).replace("**", ""), "runs": row.seed_runs}


def leaderboards(made: Sequence[Row], known: Mapping[str, FinalPredictions | str]) -> list[Leaderboard]:
    """The leaderboards of a study's rows, in their order.

    Args: known: cell -> evidence, or the files that it lacks; cells that are not in it are shown without statistics.
    """
    groups = [tuple(group) for _, group in itertools.groupby(made, key=lambda row: (row.corpus, row.corpus_fingerprint, row.split))]
    return [Leaderboard(group, tuple(one for row in group if isinstance(one := known.get(row.cell), FinalPredictions)),
                        {row.cell: one for row in group if isinstance(one := known.get(row.cell), str)}) for group in groups]


def read_leaderboards(store: Store, study_name: str, data: Path | None = None) -> tuple[list[RunRecord], list[Leaderboard]]:
    """A study's records and leaderboards from the store.

    Args: data: where the corpora are, to tell what earlier code did not note of each clip; None: as noted.
    """
    tracker = store.experiment(study_name)
    records = tracker.records()
    made = rows(records)
    clips = {row.corpus_label: clips_of(row, data) for row in {row.corpus_label: row for row in made if row.seeds}.values()}
    return records, leaderboards(made, {row.cell: read_final_predictions(row, tracker,
                                                                         clips[row.corpus_label]) for row in made if row.seeds})


RANKED_BY = "uar"


@dataclass(frozen=True)
class RowStatistics:
    """What the statistics say of one row.

    Args:
        rank: 1 + the number of rows that are significantly better; None where too few speakers allow no test.
        alike: cells of the other rows that it can't be told apart from; empty without ranks.
        intervals: `wa`, `uar`, `macro_f1` -> 95 % bounds, NaN for too few speakers. alarms: short name -> sentence.
    """

    rank: int | None
    alike: tuple[str, ...]
    intervals: dict[str, tuple[float, float]]
    alarms: dict[str, str]


def row_statistics(group: Sequence[FinalPredictions]) -> dict[str, RowStatistics]:
    """Cell -> standing, of the rows of one table; intervals and ranks share one variance of training."""
    if not group:
        return {}
    found = zip(group, _ranks(group), table_intervals([each.counts for each in group]), strict=True)
    return {each.row.cell: RowStatistics(*ranked, intervals, alarms(_watched(each))) for each, ranked, intervals in found}


def shared_alarms(group: Sequence[FinalPredictions]) -> dict[str, str]:
    """Alarms on the test and validation parts that the rows share: short name -> sentence."""
    return table_alarms([_watched(each) for each in group])


def _ranks(group: Sequence[FinalPredictions]) -> list[tuple[int | None, tuple[str, ...]]]:
    """Rank of each row, and the cells that it can't be told apart from."""
    if not rankable(group):
        return [(None, ())] * len(group)
    if len(group) == 1:
        return [(1, ())]
    found = pairs([each.counts for each in group])[RANKED_BY]
    apart = found.better | found.better.T
    return [(rank, tuple(other.row.cell for j, other in enumerate(group) if j != i and not apart[i, j]))
            for i, rank in enumerate(found.ranks)]


def rankable(group: Sequence[FinalPredictions]) -> bool:
    """Whether rows can be compared: enough speakers, and the same test clips in all."""
    clips = {(*each.test[0].clips, *each.test[0].truth.tolist()) for each in group}
    return len(clips) == 1 and group[0].counts.shape[1] >= LEAST_SPEAKERS


def one_seed_each(group: Sequence[FinalPredictions]) -> bool:
    """Whether no row has two trainings, so that what another one would give is not known."""
    return all(len(each.test) == 1 for each in group)


def _watched(each: FinalPredictions) -> AlarmInput:
    return AlarmInput(test=each.test, validation=each.validation, shares_speakers=each.row.shares_speakers, corpus=each.row.corpus,
                      history=each.history, best_epoch=each.best_epoch)
