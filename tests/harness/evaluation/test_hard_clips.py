"""What no row hears is found whatever single seeds say, and set beside what listeners heard."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from made_records import final

from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.hard_clips import hard_clips
from harness.evaluation.rows import rows
from harness.training.predictions import Predictions

VOTES = np.array(["ANG", "DIS", "ANG/DIS", "FEA"])
TRUTH = np.array([0, 0, 1, 2])


def row(cell: str, *seeds: list[int]) -> FinalPredictions:
    """A row whose seeds give these answers for four clips."""
    said = [Predictions(("ANG", "DIS", "FEA"), np.array(list("abcd")), TRUTH, np.eye(3)[answers] * 0.7 + 0.1,
                        {"speaker": np.array(["S1", "S1", "S2", "S2"]), "human": VOTES}) for answers in seeds]
    return FinalPredictions(rows(final(cell, (0.5,) * len(seeds), 0.1))[0], said, said, {})


def test_a_clip_is_hard_when_most_seeds_of_every_row_are_wrong() -> None:
    found = hard_clips([row("one", [1, 1, 0, 2], [1, 0, 0, 2], [1, 0, 1, 2]), row("two", [2, 2, 2, 2])])
    assert found and [(clip.clip, clip.truth, dict(clip.answers), clip.listeners) for clip in found.clips] == [
        ("a", "ANG", {"DIS": 1, "FEA": 1}, "ANG"), ("c", "DIS", {"ANG": 1, "FEA": 1}, "ANG/DIS")]
    assert (found.of, found.rows, found.by_emotion) == (4, 2, {"ANG": (1, 2), "DIS": (1, 1), "FEA": (0, 1)})
    assert found.by_chance == pytest.approx(4 * 2 / 4 * 3 / 4) and found.heard_otherwise == (0, 2)


def test_the_surest_errors_come_first_and_listeners_who_heard_another_emotion_are_counted() -> None:
    sure = row("one", [1, 2, 0, 2])
    sure.test[0].probabilities[1] = [0.01, 0.01, 0.98]
    found = hard_clips([sure])
    assert found and [clip.clip for clip in found.clips] == ["b", "a", "c"] and found.heard_otherwise == (1, 3)


def test_rows_of_different_clips_have_none_in_common() -> None:
    other = row("two", [0, 0, 1, 2])
    moved = dataclasses.replace(other, test=[dataclasses.replace(other.test[0], clips=np.array(list("wxyz")))])
    assert hard_clips([]) is None and hard_clips([row("one", [0, 0, 1, 2]), moved]) is None
