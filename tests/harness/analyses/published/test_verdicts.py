"""Claims are weighed against runs by the rule that the report states."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from made_finals import said
from published_comparisons import collapsed, compared

from harness.analyses.published.verdicts import Comparison, of_predictions, verdict


@pytest.mark.parametrize(("comparison", "words"), [
    (compared(0.45, 0.46), "reproduced"),
    (compared(0.45, 0.478), "reproduced"),  # 0.028 < √(0.02² + 0.0206²)
    (compared(0.45, 0.48), "not reproduced: the claim lies below what was measured"),
    (compared(0.50, 0.46), "not reproduced: the claim lies above what was measured"),
    (compared(0.45, 0.46, coverage="5,885 of 7,442 clips: partial"),
     "can't tell on a partial corpus: the claim lies within what was measured"),
    (compared(0.55, 0.46, epochs="10"), "can't tell after 10 of 30 epochs: the claim lies above what was measured"),
    (compared(0.45, 0.46, epochs="60"), "can't tell after 60 of 30 epochs: the claim lies within what was measured"),
    (compared(0.45, 0.46, settings="--set training.optimizer=sgd"),
     "can't tell with training.optimizer=sgd: the claim lies within what was measured"),
    (compared(0.45, 0.46, ours="layers"), "can't tell with layers of our own: the claim lies within what was measured"),
    (compared(0.45, 0.46, half=math.nan), "can't tell by so few speakers"),
    (collapsed(compared(0.51, 0.17)), "can't tell after a training that collapsed, to one emotion for every clip: another seed may not "
     "(--seeds 1): the claim lies above what was measured"),
    (compared(0.55, 0.16, coverage="72 clips: synthetic"), "can't tell on synthetic clips: the claim lies above what was measured"),
])
def test_the_verdict_follows_the_rule_that_the_report_states(comparison: Comparison, words: str) -> None:
    assert verdict(comparison) == words


def test_of_several_seeds_those_that_take_every_clip_for_one_emotion_are_named_and_count_in_no_figure() -> None:
    learnt, other = said(0.8, seed=1), said(0.6, seed=2)
    stuck = dataclasses.replace(learnt, probabilities=np.tile([1.0, 0.0, 0.0], (len(learnt.truth), 1)))
    row = dataclasses.replace(compared(0.7, 0.7).shown.row, seed_numbers=("0", "1", "2"), test=dict.fromkeys(("wa", "uar"), (0.5, 0.1)))
    result = of_predictions(row, [stuck, learnt, other], [0.3, 0.8, 0.6])
    assert result.left_out == ("0",) and not result.never_predicted and result.best_validation_wa == pytest.approx(0.7)
    assert result.figures["wa"][0] == pytest.approx((learnt.scores.wa + other.scores.wa) / 2)
    alone = of_predictions(dataclasses.replace(row, seed_numbers=("0",)), [stuck], [0.3])
    assert alone.left_out == () and len(alone.never_predicted) == 2, "where none has learnt anything, its figures are those"
