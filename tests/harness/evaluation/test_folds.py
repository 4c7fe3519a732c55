"""Rows are compared over folds as published, and where folds are too few a sentence says why."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from counts_of_rows import DEMSAR

from harness.evaluation.folds import compare_over_folds, critical_difference, folds
from harness.evaluation.rows import Row


def test_average_ranks_and_critical_difference_are_those_of_demsars_example() -> None:
    found = compare_over_folds(DEMSAR)
    assert found.average_ranks.tolist() == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)  # his page 15
    assert found.friedman < 0.05 and found.reason_missing == ""
    assert critical_difference(2, 10) == pytest.approx(1.960 * math.sqrt(1 / 10), abs=1e-3)  # his table 5
    assert critical_difference(10, 10) == pytest.approx(3.164 * math.sqrt(110 / 60), abs=2e-3)


def test_signed_ranks_of_six_blocks_with_one_winner_have_p_of_2_in_64() -> None:
    figures = np.array([[0.5 + 0.01 * i, 0.4, 0.4 + 0.001 * i] for i in range(1, 7)])
    found = compare_over_folds(figures)
    assert found.corrected[0, 1] == found.corrected[1, 0] == pytest.approx(3 * 2 / 64)
    assert compare_over_folds(np.full((6, 3), 0.5)).friedman == 1.0


@pytest.mark.parametrize(("blocks", "rows", "said"), [(3, 4, "there are 3"), (1, 3, "there is 1"),
                                                      (4, 3, "there are 4"), (9, 2, "of two rows")])
def test_where_blocks_are_too_few_a_sentence_says_why(blocks: int, rows: int, said: str) -> None:
    found = compare_over_folds(np.random.default_rng(0).random((blocks, rows)))
    assert math.isnan(found.critical_difference)
    assert re.search(said, found.reason_missing)


def row(label: str, split: str, uar: float, seeds: int = 1) -> Row:
    """A row of a leaderboard with little in it."""
    empty = {field.name: "" for field in dataclasses.fields(Row)}
    return Row(**empty | {"recipe": label, "split": split, "seeds": seeds, "corpus": "crema_d",  # type: ignore[arg-type]
                          "corpus_fingerprint": "ab", "test": {"uar": (uar, math.nan)}})


def test_folds_of_one_protocol_are_the_blocks_of_the_rows_that_have_them_all() -> None:
    made = [row(label, f"speaker_folds[folds=3, fold={fold}]", 0.1 * fold + (label == "b")) for label in "ab" for fold in range(3)]
    made += [row("c", "speaker_folds[folds=3, fold=0]", 0.5), row("a", "random_80_20", 0.5), row("a", "speaker_folds[fold=1]", 0.5)]
    (protocol, (labels, figures)), = folds(made).items()
    assert protocol == "speaker_folds[folds=3] on crema_d (ab)" and labels == ["a", "b"]
    assert folds([dataclasses.replace(each, shares_speakers=True) for each in made]) == {}
    assert figures == pytest.approx(np.array([[0.0, 1.0], [0.1, 1.1], [0.2, 1.2]]))
