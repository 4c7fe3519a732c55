"""What searching was worth: finals of the best trial against finals of the settings as written, on the same test clips and seeds.

Figures, intervals and p are those of `ranks`: speakers are resampled on both sides together, and the variance of training is pooled over
the finals of the table, of networks and of estimators apart. Over several rows the differences are averaged
under each draw, since rows share their test speakers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.evaluation.bundled_runs import StoredRuns
from harness.evaluation.final_predictions import FinalPredictions, MissingFiles, seed_predictions
from harness.evaluation.intervals import (
    LEAST_SPEAKERS,
    LEVEL,
    Sampled,
    Variance,
    sampled,
    speaker_draws,
    standard_error,
    training_variance,
    trainings,
)
from harness.evaluation.leaderboard import Leaderboard
from harness.tracking.run_record import RunRecord
from harness.training.predictions import Predictions, joined, speaker_counts

SCORE = "uar"


@dataclass(frozen=True)
class RowWorth:
    """Of one row: test UAR of the best trial and of the settings as written, means over seeds, and the first less the second.

    Args: low, high: 95 % interval, NaN for fewer than five speakers. same: whether the settings as written are the best trial.
    """

    best: float
    written: float
    difference: float
    low: float
    high: float
    same: bool = False


@dataclass(frozen=True)
class SearchWorth:
    """Of one leaderboard. Args: rows: cell -> its worth. overall: mean difference over the rows, low, high."""

    rows: Mapping[str, RowWorth]
    overall: tuple[float, float, float]


def read_worth(tracker: StoredRuns, records: Sequence[RunRecord], board: Leaderboard) -> SearchWorth | None:
    """What searching was worth on a leaderboard; None where no row has finals of the settings as written."""
    if not any(record.kind in ("seed", "final") and record.about.as_written for record in records):
        return None
    pairs = {finals.row.cell: (written, finals.test) for finals in board.predictions if (written := _written(tracker, records, finals))}
    if all(written is best for written, best in pairs.values()) and len(pairs) < len(board.predictions):
        return None  # the study does not train them: of some rows it is known all the same, and these would stand for all
    return worth(pairs, {finals.row.cell for finals in board.predictions if finals.row.at_once})


def worth(pairs: Mapping[str, tuple[Sequence[Predictions], Sequence[Predictions]]], at_once: Collection[str] = ()) -> SearchWorth | None:
    """None without any pair.

    Args:
        pairs: cell -> predictions on test of each seed, of the settings as written and of the best trial; the same object twice where
            these are the same.
        at_once: the cells that are fitted at once.
    """
    if not pairs:
        return None
    counts = {cell: [speaker_counts(side) for side in sides] for cell, sides in pairs.items()}
    same = [written is best for written, best in pairs.values()]
    truth = [side.sum(axis=-1)[0] for sides in counts.values() for side in sides]
    alike = all(each.shape == truth[0].shape and (each == truth[0]).all() for each in truth)
    draws = speaker_draws(truth[0].shape[0]) if alike else None
    if draws is None or truth[0].shape[0] < LEAST_SPEAKERS:
        means = [[float(np.mean([seed.scores.uar for seed in side])) for side in sides] for sides in pairs.values()]
        differences = [best - written for written, best in means]
        nothing = (math.nan, math.nan)
        rows = {cell: RowWorth(best, written, best - written, *((0.0, 0.0) if is_same else nothing), is_same)
                for cell, (written, best), is_same in zip(pairs, means, same, strict=True)}
        return SearchWorth(rows, (float(np.mean(differences)), *nothing))
    both = [[sampled(side, draws, cell in at_once)[SCORE] for side in sides] for cell, sides in counts.items()]
    pooled = training_variance([row for sides, is_same in zip(both, same, strict=True) for row in (sides[:1] if is_same else sides)])
    rows = {cell: RowWorth(best.value, written.value, *_mean([(written, best)], [is_same], pooled), is_same)
            for cell, (written, best), is_same in zip(pairs, both, same, strict=True)}
    return SearchWorth(rows, _mean([(written, best) for written, best in both], same, pooled))


def _mean(pairs: Sequence[tuple[Sampled, Sampled]], same: Sequence[bool], pooled: Mapping[bool, Variance]) -> tuple[float, float, float]:
    """The mean difference of these pairs and its 95 % interval; a pair of the same networks adds 0 and no variance."""
    from scipy.special import stdtrit

    drawn = np.mean([best.drawn - written.drawn for written, best in pairs], axis=0)
    added = [trainings(*sides) for sides, is_same in zip(pairs, same, strict=True) if not is_same]
    multiplied = {at_once: sum(each[at_once] for each in added) / len(pairs) ** 2 for at_once in pooled}
    value = float(np.mean([best.value - written.value for written, best in pairs]))
    error, freedom = standard_error(drawn.var(), pairs[0][0].speakers, pooled, multiplied)
    half = float(stdtrit(freedom, 1 - LEVEL / 2) * error)
    return value, value - half, value + half


def _written(tracker: StoredRuns, records: Sequence[RunRecord], finals: FinalPredictions) -> Sequence[Predictions] | None:
    """The predictions of the settings as written for each seed of a row, `finals.test` itself where they are the best trial; else None."""
    parts = [_of_part(tracker, records, part) for part in finals.parts]
    if any(part is None for part in parts):
        return None
    if all(written is part.test for written, part in zip(parts, finals.parts, strict=True)):
        return finals.test
    if not finals.folds:
        return parts[0]
    return [joined([written[part.row.seed_numbers.index(seed)] for written, part in zip(parts, finals.folds, strict=True) if written])
            for seed in finals.row.seed_numbers]


def _of_part(tracker: StoredRuns, records: Sequence[RunRecord], part: FinalPredictions) -> Sequence[Predictions] | None:
    """The same of one cell: of a row, or of one of its folds."""
    runs = [record for record in records if record.about.cell == part.row.cell and record.state == "finished"]
    latest = max((run for run in runs if run.kind == "final"), key=lambda run: run.about.requested_at, default=None)
    if latest and latest.about.as_written:
        return part.test
    by_seed = {run.seed: run.run_id for run in runs if run.kind == "seed" and run.about.as_written}
    if not set(part.row.seed_numbers) <= by_seed.keys():
        return None
    found = seed_predictions(tracker, [by_seed[seed] for seed in part.row.seed_numbers], part.row.seed_numbers)
    return None if isinstance(found, MissingFiles) else found
