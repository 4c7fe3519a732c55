"""When the search of a cell gives a trial up: after which epochs it looks, and what it compares."""

from __future__ import annotations

import bisect
import functools
from dataclasses import dataclass
from typing import Any, Literal

from registry.errors import require, unknown

Kind = Literal["auto", "halving", "median", "wilcoxon", "none"]
KINDS: tuple[Kind, ...] = ("auto", "halving", "median", "wilcoxon", "none")
RUNGS = 3  # at most, unless a study gives its first one
MEDIAN_FROM = 6  # the first epoch after which a trial is compared with the median
MEDIAN_STARTUP = 3  # trials of a cell that complete before any is compared with their median
OF_BOOLEANS: dict[bool, Kind] = {True: "median", False: "none"}


def kind_of(prune: Any) -> Kind:
    """What a study calls its pruning; True and False, as studies of earlier versions have it, are `median` and `none`."""
    if isinstance(prune, bool):
        return OF_BOOLEANS[prune]
    if prune not in KINDS:
        raise unknown("choice for Study.prune", str(prune), KINDS)
    kind: Kind = prune
    return kind


def resolved(prune: Kind, validation_folds: int, objectives: int = 1) -> Kind:
    """What `auto` stands for, with so many objectives.

    Raises: UsageError for epochs that are to be compared where folds are, or the other way round.
    """
    if objectives > 1:  # Optuna compares running trials by one figure alone
        return "none"
    if prune == "auto":
        return "wilcoxon" if validation_folds > 1 else "halving"
    require(prune != "wilcoxon" or validation_folds > 1,
            "prune='wilcoxon' compares trials fold by fold: give validation_folds=5 with it, or leave prune out")
    require(prune in ("wilcoxon", "none") or validation_folds == 1, f"prune={prune!r} compares trials epoch by epoch, but with "
            f"validation_folds={validation_folds} each is trained several times: leave prune out, which is 'wilcoxon' then, or give 'none'")
    return prune


@dataclass(frozen=True)
class Pruning:
    """When a trial of a cell is given up.

    Args:
        kind: `halving`: at each rung one of `reduction_factor` goes on; `median`: what lies below the median stops; `wilcoxon`: what is
            worse than the best fold by fold stops; `none`: nothing stops.
        grace_epochs: of the first rung; None gives three rungs. reduction_factor: also from one rung to the next.
    """

    kind: Kind = "none"
    grace_epochs: int | None = None
    reduction_factor: int = 3

    def __post_init__(self) -> None:
        require(self.grace_epochs is None or self.grace_epochs >= 1, f"grace_epochs must be 1 or more, or None, not {self.grace_epochs}")
        require(self.reduction_factor >= 2, f"reduction_factor must be 2 or more, not {self.reduction_factor}")

    def looks(self, epochs: int) -> tuple[int, ...]:
        """The epochs, or with `wilcoxon` the folds, after which a trial of at most so many is compared with others; never the last one.

        >>> Pruning("halving").looks(15), Pruning("halving").looks(30), Pruning("halving", grace_epochs=2).looks(15)
        ((1, 3, 9), (2, 6, 18), (2, 6))
        """
        if self.kind == "none":
            return ()
        if self.kind == "median":
            return tuple(range(MEDIAN_FROM, epochs))
        if self.kind == "wilcoxon":
            return tuple(range(2, epochs))
        rung, rungs = self.grace_epochs or -(-epochs // self.reduction_factor**RUNGS), []
        if not self.grace_epochs and epochs < self.reduction_factor:  # too short to save much
            return ()
        while rung < epochs:
            rungs.append(rung)
            rung *= self.reduction_factor
        return tuple(rungs)

    def expected_share(self, trials: int, epochs: int) -> float:
        """The share of the epochs of so many trials that is expected to be trained: of trials that come in an order by chance.

        >>> Pruning("none").expected_share(16, 15), round(Pruning("halving", grace_epochs=2).expected_share(16, 15), 2)
        (1.0, 0.36)
        """
        looks = self.looks(epochs)
        if not looks or not trials or self.kind == "wilcoxon":  # whether folds tell trials apart can't be foreseen
            return 1.0
        if self.kind == "halving":
            return _halved(trials, epochs, looks, self.reduction_factor)
        compared = max(0, trials - MEDIAN_STARTUP) / trials
        return 1 - compared * (1 - looks[0] / epochs) / 2  # half of them lie below the median of the others

    def reason(self, epoch: int) -> str:
        """Why a trial was given up after this epoch or fold."""
        if self.kind == "wilcoxon":
            return f"validation UAR below the best trial's in the first {epoch} folds, by Wilcoxon's test"
        if self.kind == "median":
            return f"validation UAR below the median of the cell's trials at epoch {epoch}"
        return f"not in the best 1/{self.reduction_factor} of the cell's trials by validation UAR at epoch {epoch}"

    def in_words(self, epochs: int) -> str:
        """For people who read a plan, of a cell with so many epochs, or folds.

        >>> Pruning("halving").in_words(15)
        'halving: after epochs 1, 3 and 9 the best 1/3 of the trials goes on'
        """
        looks = self.looks(epochs)
        if not looks:
            return "none: every trial is trained to its end"
        if self.kind == "median":
            return f"median: from epoch {MEDIAN_FROM} on, a trial below the median of the completed ones stops"
        if self.kind == "wilcoxon":
            return "wilcoxon: from its second fold on, a trial that is worse than the best one stops"
        first, last = ", ".join(map(str, looks[:-1])), str(looks[-1])
        return (f"halving: after epoch{'s' if first else ''} {f'{first} and ' if first else ''}{last} the best 1/{self.reduction_factor} "
                "of the trials goes on")


@functools.cache
def _halved(trials: int, epochs: int, rungs: tuple[int, ...], reduction_factor: int, searches: int = 500) -> float:
    """The share of epochs that halving trains, by as many searches of trials that are each as good at every epoch."""
    import numpy as np

    trained = 0
    for figures_of_search in np.random.default_rng(0).random((searches, trials)).tolist():
        came: list[list[float]] = [[] for _ in rungs]  # of each rung, the figures that came there, in order
        for figure in figures_of_search:
            for rung, figures in zip(rungs, came, strict=True):
                bisect.insort(figures, figure)
                if figure < figures[-max(1, len(figures) // reduction_factor)]:
                    trained += rung
                    break
            else:
                trained += epochs
    return trained / (searches * trials * epochs)


NEVER = Pruning("none")
