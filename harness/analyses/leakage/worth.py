"""A cell's results under each protocol, and the difference between two protocols: the figures behind `reports/leakage.md`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.analyses.leakage.enrolment import Enrolment
from harness.evaluation.intervals import Figure, Sampled, difference_of, sampled, speaker_draws, speaker_intervals

PROTOCOLS = {"speakers": "unseen speakers", "copied": "unseen speakers, copies after the split", "sentences": "unseen sentences",
             "random": "random clips", "after": "random clips, copies after the split", "before": "copies before the split (WRONG)"}


@dataclass(frozen=True, eq=False)
class ProtocolResult:
    """The result of one cell under one protocol.

    Args:
        counts: confusion counts on test, shape (seeds, speakers, truth, predicted), speakers sorted. test: ids of the test clips, sorted.
        clips: part -> how many. seeds: their numbers. corpus: with its fields. settings: of the command line.
    """

    counts: np.ndarray
    test: tuple[str, ...]
    clips: dict[str, int]
    coverage: str
    synthetic: bool
    epochs: int
    seeds: tuple[str, ...]
    corpus: str = ""
    settings: str = ""
    augmentation: str = ""

    @property
    def training_clips(self) -> int:
        """How many clips the network was trained on, altered copies included."""
        return self.clips["train"] + self.clips.get("copies", 0)

    @property
    def uar(self) -> tuple[float, float, float]:
        """Test UAR with its 95 % interval, NaN for too few speakers."""
        return self.sampled_uar().value, *speaker_intervals(self.counts)["uar"]

    def sampled_uar(self, seed: int = 0) -> Sampled:
        """Test UAR, as measured and under draws of its speakers; the same seed draws the same speakers."""
        return sampled(self.counts, speaker_draws(self.counts.shape[1], seed=seed))["uar"]


@dataclass(frozen=True, eq=False)
class KnownResult:
    """The results of one cell on the same test clips.

    Args: knowing, nothing: with clips of the speakers, and without. emotions: of the corpus.
    """

    enrolment: Enrolment
    knowing: ProtocolResult
    nothing: ProtocolResult
    emotions: tuple[str, ...]

    @property
    def of_emotions(self) -> str:
        """Of which emotions known clips are: `any`, `NEU alone`, `all but ANG`."""
        known = self.enrolment.emotions
        missing = [emotion for emotion in self.emotions if emotion not in known]
        if not known:
            return "any"
        return f"all but {missing[0]}" if len(missing) == 1 < len(known) else f"{' '.join(known)} alone"

    @property
    def worth(self) -> Figure:
        """What the known clips are worth, as a difference of UAR with its interval."""
        return difference(self.knowing, self.nothing)


@dataclass(frozen=True, eq=False)
class CellUnderProtocols:
    """One cell of a study under those of `PROTOCOLS` that were trained.

    Args:
        under: protocol -> result; two protocols have the same one where the cell makes copies itself.
        study_file: the study's name or file, as it was given. known: with clips of the speakers, by number and composition.
    """

    study: str
    cell: str
    under: dict[str, ProtocolResult]
    study_file: str = ""
    known: tuple[KnownResult, ...] = ()

    @property
    def corpus(self) -> str:
        """The corpus with its fields; empty where only the wrong protocol was trained."""
        return next((result.corpus for protocol, result in self.under.items() if protocol != "before"), "")


def difference(one: ProtocolResult, other: ProtocolResult) -> Figure:
    """UAR of one less that of the other with a 95 % interval, NaN for too few speakers; paired by speaker on the same test clips."""
    paired = one.test == other.test
    return difference_of(one.sampled_uar(), other.sampled_uar(seed=0 if paired else 1), paired)
