"""A cell's results under each protocol, and the difference between two protocols: the figures behind `reports/leakage.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analyses.leakage.enrolment import Enrolment
from harness.evaluation.final_predictions import uar_with_interval
from harness.evaluation.intervals import Figure
from harness.evaluation.same_clips import OnSameClips, uar_on_same_clips
from harness.training.predictions import Predictions

PROTOCOLS = {"speakers": "unseen speakers", "copied": "unseen speakers, copies after the split", "sentences": "unseen sentences",
             "random": "random clips", "after": "random clips, copies after the split", "before": "copies before the split (WRONG)"}


@dataclass(frozen=True, eq=False)
class ProtocolResult:
    """The result of one cell under one protocol.

    Args:
        test: the predictions of each seed on the test clips that are scored.
        clips: part -> how many. seeds: their numbers. corpus: with its fields. settings: of the command line.
    """

    test: Sequence[Predictions]
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
    def test_clips(self) -> int:
        """How many are scored."""
        return len(self.test[0].clips)

    @property
    def test_speakers(self) -> int:
        """Whose clips are scored."""
        return len(set(self.test[0].speakers))

    @property
    def uar(self) -> Figure:
        """Test UAR with its 95 % interval, NaN for too few speakers."""
        return uar_with_interval(self.test)


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
        same = difference(self.knowing, self.nothing)
        assert same, "both sides are of the same clips"
        return same.difference


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


def difference(one: ProtocolResult, other: ProtocolResult) -> OnSameClips | None:
    """UAR of one less that of the other, on the clips that both test; None where they test no clip alike."""
    return uar_on_same_clips(one.test, other.test)
