"""Alarms on a row of a leaderboard, or on a whole table: what should make a reader doubt figures, computed from them and said in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness.evaluation.intervals import LEAST_SPEAKERS, speaker_intervals
from harness.training.predictions import Predictions, speaker_counts

CREDIBLE = {("crema_d", False): 0.63, ("crema_d", True): 0.71}
"""(Corpus, whether speakers are shared) -> the highest published figure of a network from scratch, rounded up: on unseen
speakers an MFCC CNN-BiLSTM with .628 (13 actors), on shared ones SepTr with .705. Nothing is known of other corpora."""
LOSS_MARGIN = 0.02  # nats below ln(classes): a constant answer by CREMA-D's class frequencies gains .001
LEARNT = 0.05  # UAR above that of guessing: something was learnt, whatever the loss
LARGEST_GAP = 0.2  # WA of training above validation
FEWEST_CLIPS_A_CLASS = 30  # a recall near one half is then known to ±.18
FEWEST_CLIPS_A_SPEAKER = 5
WIDEST_HALF = 0.05  # of the interval of one network's validation UAR: the published test figures differ by about as much
RESAMPLES = 2_000  # the bounds decide on alarms, and are printed to three places


@dataclass(frozen=True)
class AlarmInput:
    """What a row's alarms look at.

    Args:
        test, validation: what the finals said, one of each a seed; empty where the store no longer has it.
        history: metric -> one value an epoch, of one of the finals; best_epoch: its kept epoch, from 1.
        shares_speakers: whether the split does. corpus: its registered name.
    """

    test: Sequence[Predictions]
    validation: Sequence[Predictions]
    shares_speakers: bool
    corpus: str
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    best_epoch: int = 0

    @cached_property
    def test_uar(self) -> tuple[float, float, float]:
        """Mean over the seeds, low, high."""
        return _uar(self.test)

    @cached_property
    def validation_uar(self) -> tuple[float, float, float]:
        """Mean over the seeds, low, high."""
        return _uar(self.validation)


def alarms(row: AlarmInput) -> dict[str, str]:
    """The alarms that ring for a row: a short name for a mark -> a sentence."""
    return {name: sentence for name, alarm in ALARMS.items() if (sentence := alarm(row))}


def table_alarms(rows: Sequence[AlarmInput]) -> dict[str, str]:
    """The alarms that ring for the test and validation parts, which all rows of a table share: short name -> sentence."""
    if not rows:
        return {}
    found = {"too few to rank": too_few(rows[0]), "noisy selection": noisy_selection([one for row in rows for one in row.validation])}
    return {name: sentence for name, sentence in found.items() if sentence}


def never_predicted(row: AlarmInput) -> str:
    """An emotion that the test part has, and that no test clip was taken for."""
    never = Counter(emotion for one in row.test for i, emotion in enumerate(one.emotions)
                    if (one.truth == i).any() and not (one.predicted == i).any())
    told = [f"{emotion} is never predicted" + (f" in {n} of {len(row.test)} seeds" if len(row.test) > 1 else "")
            for emotion, n in never.items()]
    return _sentence("; ".join(told))


def above_validation(row: AlarmInput) -> str:
    """Test UAR above the best validation UAR by more than their joint interval.

    The joint interval is √(a² + b²): a the distance from test UAR down to its lower 95 % bound, b from validation UAR up to
    its upper one, both over speakers. Best validation is the mean of the kept weights, or the highest epoch of the history
    if that is higher. Rings for no part of fewer than five speakers: nothing is then known of its interval.
    """
    (test, low, _), (validation, _, high) = row.test_uar, row.validation_uar
    best = max([validation, *row.history.get("validation_uar", ())])
    joint = math.hypot(test - low, high - validation)
    if not test - best > joint:  # NaN rings for nothing
        return ""
    return (f"Test UAR {test:.3f} lies {test - best:.3f} above the best validation UAR {best:.3f}, "
            f"more than the ±{joint:.3f} that sampling explains.")


def loss_of_chance(row: AlarmInput) -> str:
    """Test loss no better than that of equal probabilities, ln(classes), or better by no more than `LOSS_MARGIN`."""
    if not row.test:
        return ""
    classes, loss = len(row.test[0].emotions), _mean_loss(row.test)
    if loss < math.log(classes) - LOSS_MARGIN:
        return ""
    guessing = 1 / np.unique(row.test[0].truth).size
    learnt = row.test_uar[0] > guessing + LEARNT
    why = f", though UAR is {row.test_uar[0]:.3f}: it is far too sure where it is wrong" if learnt else ": it has learnt nothing"
    return f"Test loss {loss:.3f} is no better than chance (ln {classes} = {math.log(classes):.3f}){why}."


def beyond_credible(row: AlarmInput) -> str:
    """Test UAR above `CREDIBLE`, what networks from scratch have reached; quiet on corpora of which nothing is known."""
    most = CREDIBLE.get((row.corpus, row.shares_speakers), math.inf)
    if not row.test_uar[0] > most:
        return ""
    speakers = "shared" if row.shares_speakers else "unseen"
    return (f"Test UAR {row.test_uar[0]:.3f} is beyond what is credible from scratch on {speakers} speakers of {row.corpus} "
            f"({most:.2f}): look for a leak before believing it.")


def training_gap(row: AlarmInput) -> str:
    """Training WA above validation WA by more than `LARGEST_GAP` at the kept epoch.

    Training WA is the mean over the batches of the epoch, with dropout and augmentation on: the true gap is rather larger.
    """
    if not 0 < row.best_epoch <= min(len(row.history.get(f"{part}_wa", ())) for part in ("train", "validation")):
        return ""
    train, validation = (row.history[f"{part}_wa"][row.best_epoch - 1] for part in ("train", "validation"))
    if train - validation <= LARGEST_GAP:
        return ""
    return (f"Training WA {train:.3f} is {train - validation:.3f} above validation WA {validation:.3f} at the kept epoch "
            f"{row.best_epoch}: it has learnt its clips by heart.")


def too_few(row: AlarmInput) -> str:
    """Too few test clips of an emotion, or of most speakers, or too few speakers, for a rank to mean much."""
    if not row.test:
        return ""
    one = row.test[0]
    small = [f"{n} of {emotion}" for i, emotion in enumerate(one.emotions)
             if 0 < (n := int((one.truth == i).sum())) < FEWEST_CLIPS_A_CLASS]
    _, clips = np.unique(one.speakers, return_counts=True)
    told = [f"clips of an emotion ({', '.join(small)}; {FEWEST_CLIPS_A_CLASS} wanted)"] if small else []
    if np.median(clips) < FEWEST_CLIPS_A_SPEAKER:
        told.append(f"clips a speaker (median {np.median(clips):g}; {FEWEST_CLIPS_A_SPEAKER} wanted)")
    if len(clips) < LEAST_SPEAKERS:
        told.append(f"speakers ({len(clips)}; {LEAST_SPEAKERS} wanted)")
    return _sentence(f"too few to rank: test {' and '.join(told)}" if told else "")


def noisy_selection(said: Sequence[Predictions]) -> str:
    """A validation part so small that one network's UAR has a 95 % interval of a half-width above `WIDEST_HALF`, median over networks.

    The interval is over speakers alone; of fewer than five speakers it is that of the clips, and said to be at least so wide.
    Args: said: what networks said of one validation part.
    """
    if not said:
        return ""
    speakers = np.unique(said[0].speakers).size
    few = speakers < LEAST_SPEAKERS
    half = float(np.median([_half_by_clips([one]) if few else (high - low) / 2 for one in said for _, low, high in [_uar([one])]]))
    if half <= WIDEST_HALF:
        return ""
    how_well = "to no better than" if few else "to about"
    return (f"The validation part is small ({len(said[0].truth):,} clips of {speakers} speakers): one network's UAR on it is known "
            f"{how_well} ±{half:.3f}, so luck had a part in choosing among trials and epochs that are closer.")


ALARMS: dict[str, Callable[[AlarmInput], str]] = {
    "class never predicted": never_predicted, "test above validation": above_validation, "loss of chance": loss_of_chance,
    "beyond credible": beyond_credible, "train–validation gap": training_gap}


def _uar(said: Sequence[Predictions]) -> tuple[float, float, float]:
    if not said:
        return math.nan, math.nan, math.nan
    return float(np.mean([one.scores.uar for one in said])), *speaker_intervals(speaker_counts(said), RESAMPLES)["uar"]


def _mean_loss(said: Sequence[Predictions]) -> float:
    return float(np.mean([one.scores.loss for one in said]))


def _half_by_clips(said: Sequence[Predictions]) -> float:
    """Half of the normal 95 % interval of UAR, clips being independent; recalls as if one more clip had been right and one wrong."""
    confusion = np.mean([one.counts_by(np.zeros(len(one.truth)))[0] for one in said], axis=0)
    clips = confusion.sum(axis=1)
    present = clips > 0
    recall = (np.diagonal(confusion) + 1) / (clips + 2)
    return float(1.96 * math.sqrt((recall * (1 - recall) / np.maximum(clips, 1))[present].sum()) / present.sum())


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
