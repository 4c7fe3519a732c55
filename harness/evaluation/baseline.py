"""What rows gain over one of them, the baseline, on the same test clips."""

from __future__ import annotations

from dataclasses import dataclass

from harness.evaluation.intervals import Figure, difference_of, is_told, sampled, speaker_draws
from harness.evaluation.leaderboard import Leaderboard


@dataclass(frozen=True)
class Gain:
    """Of one row, each as (value, low, high), bounds NaN for too few speakers.

    Args: uar: on test. gain: its UAR less that of the baseline.
    """

    name: str
    uar: Figure
    gain: Figure

    @property
    def is_told(self) -> bool:
        """Whether the gain, or the loss, is more than chance explains."""
        return is_told(self.gain)


def gains(board: Leaderboard, baseline: str) -> list[Gain]:
    """What each other row of a leaderboard gains over the baseline, most first; empty where that is not there, or rows
    can't be compared.

    The variance of training is pooled over all rows of a kind, as in the leaderboard: two rows of three seeds say little of it.
    """
    of = next((finals for finals in board.predictions if finals.row.label == baseline), None)
    if of is None or not board.rankable:
        return []
    drawn = {finals.row.cell: sampled(finals.counts, speaker_draws(finals.counts.shape[1]), finals.row.at_once)["uar"]
             for finals in board.predictions}
    rows = [Gain(board.name(finals.row), board.test_uar(finals),
                 difference_of(drawn[finals.row.cell], drawn[of.row.cell], among=[*drawn.values()]))
            for finals in board.predictions if finals is not of]
    return sorted(rows, key=lambda row: (-row.gain[0], row.name))
