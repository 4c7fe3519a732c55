"""What two rows differ by on the clips that both are tested on, speaker by speaker.

Test parts of two protocols hold other clips, of other speakers, of whom some are easier than others. What both test differs in nothing but
in what the networks were trained on.
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
        difference: with its 95 % interval over speakers and trainings, whose bounds are NaN for too few speakers; on no clips it is
            that of the two test parts, without bounds. clips, speakers: how many both are tested on.
    """

    difference: Figure
    clips: int
    speakers: int


def uar_on_same_clips(one: Sequence[Predictions], other: Sequence[Predictions]) -> OnSameClips:
    """Compare two rows. Args: one, other: the test predictions of their seeds."""
    common = np.intersect1d(one[0].clips, other[0].clips)
    if not len(common):
        value = float(np.mean([seed.scores.uar for seed in one]) - np.mean([seed.scores.uar for seed in other]))
        return OnSameClips((value, np.nan, np.nan), 0, 0)
    counts = [speaker_counts([seed.of_clips(common) for seed in side]) for side in (one, other)]
    speakers = counts[0].shape[1]
    ours, theirs = (sampled(side, speaker_draws(speakers))["uar"] for side in counts)
    return OnSameClips(difference_of(ours, theirs), len(common), speakers)
