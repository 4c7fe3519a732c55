"""Rows of a leaderboard against what listeners heard: scored on the voted emotion, and how near probabilities come to the votes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.intervals import LEAST_SPEAKERS, Figure, figures_of, mean_sd, table_intervals
from harness.evaluation.ranks import pairs
from harness.training.predictions import Predictions


@dataclass(frozen=True)
class VotedRow:
    """Figures of one row.

    Args:
        uar, wa: against the voted emotion, (mean over the seeds, low, high), bounds NaN where there are none.
        divergence: Jensen–Shannon divergence between probabilities and shares of votes, in bits, mean over clips: (mean, sd) over seeds.
        rank: by that UAR, as in the leaderboard; None where it has none.
    """

    uar: Figure
    wa: Figure
    divergence: tuple[float, float]
    rank: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        figures = {name: dict(zip(("value", "low", "high"), getattr(self, name), strict=True)) for name in ("uar", "wa")}
        return {"rank": self.rank, **figures, "jensen_shannon_bits": dict(zip(("mean", "sd"), self.divergence, strict=True))}


@dataclass(frozen=True)
class VotedBoard:
    """The rows of one leaderboard whose votes are known.

    Args:
        rows: cell -> figures, best UAR first. references: name -> the same of guessing and of the intended emotion.
        clips: that listeners voted on; tied: of these, clips for which several emotions have most votes, which count for each of them in
            equal shares, as if one was drawn; without: clips without votes, which are left out.
    """

    rows: Mapping[str, VotedRow]
    references: Mapping[str, VotedRow]
    clips: int
    tied: int
    without: int


def voted_board(finals: Sequence[FinalPredictions], rankable: bool) -> VotedBoard | None:
    """The finals of a leaderboard against votes; None where votes are known of no clip.

    Args: rankable: whether they are of the same clips, of enough speakers.
    """
    known = [each for each in finals if each.test[0].votes.any()]
    if not known:
        return None
    counts = [np.array([_counts(test, _answers(test.predicted, test)) for test in each.test]) for each in known]
    same = rankable and counts[0].shape[1] >= LEAST_SPEAKERS and len({each.sum(axis=-1)[0].tobytes() for each in counts}) == 1
    at_once = [each.row.at_once for each in known]
    ranks = (pairs(counts, at_once=at_once)["uar"].ranks if len(counts) > 1 else [1]) if same else [None] * len(counts)
    rows = {each.row.cell: _row(seeds, each.test, bounds, rank)
            for each, seeds, bounds, rank in zip(known, counts, table_intervals(counts, at_once=at_once), ranks, strict=True)}
    test = known[0].test[0]
    most = _most(test.votes[_voted(test)])
    return VotedBoard(dict(sorted(rows.items(), key=lambda row: -row[1].uar[0])), _references(test), len(most),
                      int((most.sum(axis=1) > 1).sum()), len(test.clips) - len(most))


def jensen_shannon(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jensen–Shannon divergence of distributions, (clips, classes), in bits: (clips,), 0 for equal ones, 1 for those that share nothing.

    Reference: Lin, "Divergence measures based on the Shannon entropy", 1991.

    >>> jensen_shannon(np.array([[0.5, 0.5], [1, 0]]), np.array([[0.5, 0.5], [0, 1]])).tolist()
    [0.0, 1.0]
    """
    middle = (one + other) / 2
    return (_divergence(one, middle) + _divergence(other, middle)) / 2


def _divergence(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kullback–Leibler divergence in bits, (clips,)."""
    return (one * np.log2(np.where(one > 0, one, 1) / np.where(one > 0, other, 1))).sum(axis=1)


def _voted(test: Predictions) -> np.ndarray:
    return np.asarray(test.votes.any(axis=1))


def _most(votes: np.ndarray) -> np.ndarray:
    """Which emotions have most of a clip's votes: (clips, classes), bool."""
    return np.asarray(votes == votes.max(axis=1, keepdims=True))


def _answers(predicted: np.ndarray, test: Predictions) -> np.ndarray:
    return np.eye(len(test.emotions), dtype=np.int64)[predicted]


def _counts(test: Predictions, answers: np.ndarray) -> np.ndarray:
    """Confusion counts against the voted emotion, (speakers, heard, answered), in units in which shares of ties are whole numbers.

    Args: answers: of each clip, in shares, (clips, classes).
    """
    voted = _voted(test)
    most = _most(test.votes[voted])
    ties = most.sum(axis=1, keepdims=True)
    heard = most * (math.lcm(*np.unique(ties).tolist()) // ties)
    speakers, place = np.unique(test.speakers[voted], return_inverse=True)
    counts = np.zeros((len(speakers), len(test.emotions), len(test.emotions)), answers.dtype)
    np.add.at(counts, place, heard[:, :, np.newaxis] * answers[voted][:, np.newaxis, :])
    return counts


def _row(counts: np.ndarray, seeds: Sequence[Predictions], bounds: Mapping[str, tuple[float, float]], rank: int | None = None) -> VotedRow:
    """Args: counts: of each seed, (seeds, speakers, heard, answered)."""
    figures = {score: float(np.mean(values)) for score, values in figures_of(counts.sum(axis=1)).items()}
    divergences = []
    for test in seeds:
        voted = _voted(test)
        votes = test.votes[voted]
        divergences.append(float(jensen_shannon(test.probabilities[voted], votes / votes.sum(axis=1, keepdims=True)).mean()))
    return VotedRow((figures["uar"], *bounds["uar"]), (figures["wa"], *bounds["wa"]), mean_sd(divergences), rank)


def _references(test: Predictions) -> dict[str, VotedRow]:
    """Guessing, and the emotion that was intended as if it was an answer."""
    classes = len(test.emotions)
    answers = {"chance": np.full((len(test.clips), classes), 1 / classes), "the intended emotion": _answers(test.truth, test)}
    rows = {}
    for name, shares in answers.items():
        counts = _counts(test, shares)[np.newaxis]
        said = Predictions(test.emotions, test.clips, test.truth, shares, test.about)
        rows[name] = _row(counts, [said], table_intervals([counts])[0])
    return rows
