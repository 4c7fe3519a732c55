"""What two rows differ by on the clips that both are tested on, speaker by speaker.

Test parts of two protocols hold different clips, of partly different speakers, of whom some are easier than others. On what both test, rows
differ by what their networks were trained on, and by the settings and epoch that each protocol chose on its own validation part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.evaluation.intervals import Figure, difference_of, sampled, speaker_draws
from harness.training.predictions import Predictions, speaker_counts


@dataclass(frozen=True)
class OnSameClips:
    """Test UAR of one row less that of another.

    Args:
        difference: with its 95 % interval over speakers and trainings, whose bounds are NaN for too few speakers.
        clips, speakers: how many both are tested on; no speakers where it is not known who speaks.
    """

    difference: Figure
    clips: int
    speakers: int


def uar_on_same_clips(one: Sequence[Predictions], other: Sequence[Predictions]) -> OnSameClips | None:
    """Compare two rows; None where both test no clip. Args: one, other: the test predictions of their seeds."""
    common = np.intersect1d(one[0].clips, other[0].clips)
    if not len(common):
        return None
    sides = [[seed.of_clips(common) for seed in side] for side in (one, other)]
    counts = [speaker_counts(side) for side in sides]
    ours, theirs = (sampled(side, speaker_draws(side.shape[1]))["uar"] for side in counts)
    return OnSameClips(difference_of(ours, theirs), len(common), len({*sides[0][0].speakers} - {""}))
