"""Rows are scored on the emotion that most listeners heard, ties in equal shares, and by how near their probabilities come to the votes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from made_records import final, known

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.references import RESOLVED, listeners
from harness.evaluation.report_data import board_data
from harness.evaluation.rows import rows
from harness.evaluation.voted_emotion import jensen_shannon, voted_board
from harness.training.predictions import Predictions
from registry.corpus import Clip

EMOTIONS = ("ANG", "HAP", "NEU")


def finals_of(predictions: Predictions, *others: Predictions) -> FinalPredictions:
    row, = rows(final("net", (0.5,), 0.1))
    return FinalPredictions(row, [predictions, *others], [predictions], {})


def predicted(answers: list[int], *votes: dict[str, int]) -> Predictions:
    clips = [Clip(id=f"{i}", emotion="ANG", speaker=f"{i // 2}", votes=tuple(of.items())) for i, of in enumerate(votes)]
    return Predictions.of(clips, EMOTIONS, np.eye(3)[answers])


def voting(votes: dict[int, str], *rows_of: str, **tags: Any) -> Leaderboard:
    """Rows of networks on 120 clips of six speakers, with votes for some of the clips by their number."""
    made = rows([each for cell in rows_of for each in final(cell, (0.6, 0.6), 0.1, **tags)])
    texts = np.array([votes.get(i, "") for i in range(120)])
    finals = {cell: dataclasses.replace(each, test=[dataclasses.replace(test, about={**test.about, "votes": texts}) for test in each.test])
              for cell, each in known(made).items()}
    return leaderboards(made, finals)[0]


def test_a_tie_counts_for_each_of_its_emotions_in_equal_shares_and_clips_without_votes_for_nothing() -> None:
    votes = {"ANG": 4}, {"ANG": 2, "HAP": 2}, {"NEU": 3}, {"ANG": 0}
    board = voted_board([finals_of(predicted([0, 1, 0, 0], *votes))], rankable=False)
    assert board is not None and (board.clips, board.tied, board.without) == (3, 1, 1)
    row = board.rows["net"]
    assert row.uar[0] == pytest.approx((1 / 1.5 + 0.5 / 0.5 + 0) / 3) and row.wa[0] == pytest.approx(1.5 / 3)
    assert math.isnan(row.uar[1]) and row.rank is None  # of two speakers
    of_the_tie = (math.log2(4 / 3) + 0.5 * math.log2(2) + 0.5 * math.log2(2 / 3)) / 2
    assert row.divergence[0] == pytest.approx((0 + of_the_tie + 1) / 3) and math.isnan(row.divergence[1])


def test_no_votes_no_board() -> None:
    assert voted_board([finals_of(predicted([0, 1], {}, {"ANG": 0}))], rankable=True) is None and voted_board([], rankable=False) is None


def test_the_figure_of_a_row_is_the_mean_over_its_seeds() -> None:
    votes = {"ANG": 4}, {"HAP": 1}
    board = voted_board([finals_of(predicted([0, 1], *votes), predicted([0, 0], *votes))], rankable=False)
    assert board is not None and board.rows["net"].uar[0] == pytest.approx((1 + 0.5) / 2)
    assert board.rows["net"].divergence == pytest.approx((0.25, math.sqrt(0.125)))


def test_the_intended_emotion_agrees_with_listeners_as_they_do_with_it_and_chance_says_nothing() -> None:
    rng = np.random.default_rng(0)
    clips = [Clip(id=f"{i}", emotion=EMOTIONS[i % 3], speaker=f"{i % 6}",
                  votes=tuple(zip(EMOTIONS, (1 + rng.integers(0, 3, 3)).tolist(), strict=True))) for i in range(90)]
    test = Predictions.of(clips, EMOTIONS, np.full((90, 3), 1 / 3))
    board = voted_board([finals_of(test)], rankable=True)
    assert board is not None and 0 < board.tied < 90
    resolved = next(row for row in listeners(test) if row.name == RESOLVED)
    assert board.references["the intended emotion"].wa[0] == pytest.approx(resolved.figures["wa"][0])
    assert (board.references["chance"].uar[0], board.references["chance"].wa[0]) == pytest.approx((1 / 3, 1 / 3))
    assert board.references["chance"].divergence == pytest.approx(board.rows["net"].divergence, nan_ok=True)


def test_rows_of_the_same_clips_are_ranked_and_programs_get_their_figures() -> None:
    votes = {i: "ANG 3/DIS 3" if i < 10 else f"{('ANG', 'DIS', 'FEA')[i // 40]} 5" for i in range(120)}
    board = voting(votes, "good", "weak")
    assert board.voted is not None and list(board.voted.rows) == ["good", "weak"]
    assert [row.rank for row in board.voted.rows.values()] == [1, 2]
    low, high = board.voted.rows["good"].uar[1:]
    assert low <= board.voted.rows["good"].uar[0] <= high
    of_good = next(row for row in board_data(board)["rows"] if row["cell"] == "good")["voted"]
    assert of_good["rank"] == 1 and of_good["uar"]["low"] == low and of_good["jensen_shannon_bits"]["sd"] == 0
    assert {row["voted"] for row in board_data(voting({}, "good"))["rows"]} == {None}


def test_divergence_is_symmetric_and_lies_between_equal_and_nothing_in_common() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.dirichlet(np.ones(6), 50), rng.dirichlet(np.ones(6) * 0.1, 50)
    assert jensen_shannon(one, other) == pytest.approx(jensen_shannon(other, one))
    assert ((jensen_shannon(one, other) > 0) & (jensen_shannon(one, other) < 1)).all() and not jensen_shannon(one, one).any()
