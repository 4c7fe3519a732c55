"""Alarms on a row of a leaderboard, or on a whole table: what should make a reader doubt figures, computed from them, in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions, uar_with_interval
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.safe_text import plural
from harness.training.predictions import Predictions
from registry.corpora._listing import some

CREDIBLE = {("crema_d", False): 0.63, ("crema_d", True): 0.71}
"""(Corpus, whether speakers are shared) -> the highest published figure of a network from scratch, rounded up: on unseen
speakers an MFCC CNN-BiLSTM with .628 (13 actors), on shared ones SepTr with .705. Nothing is known of other corpora."""
CREDIBLE_PRETRAINED = {("crema_d", True): 0.77}
"""The same for frozen encoders: Whisper large-v3 with .765 on shared speakers, EmoBox (Ma et al. 2024)."""
LOSS_MARGIN = 0.02  # nats below ln(classes): a constant answer by CREMA-D's class frequencies gains .001
LEARNT = 0.05  # UAR above that of guessing: something was learnt, whatever the loss
LARGEST_GAP = 0.2  # WA of training above validation
FEWEST_CLIPS_A_CLASS = 30  # a recall near one half is then known to ±.18
FEWEST_CLIPS_A_SPEAKER = 5
NAMED = 10  # emotions at most in a sentence
WIDEST_HALF = 0.05  # of the interval of one network's validation UAR: the published test figures differ by about as much


def alarms(finals: FinalPredictions) -> dict[str, str]:
    """The alarms that ring for a row: a short name for a mark -> a sentence."""
    return {name: sentence for name, alarm in ALARMS.items() if (sentence := alarm(finals))}


def table_alarms(table: Sequence[FinalPredictions]) -> dict[str, str]:
    """The alarms that ring for the test and validation parts, which all rows of a table share: short name -> sentence."""
    if not table:
        return {}
    sentences = {"emotion missing in test": without_emotions("test", table[0].test[0]),
                 "emotion missing in validation": without_emotions("validation", least_emotions(table[0].validation)),
                 "too few to rank": too_few(table[0].test[0]),
                 "noisy selection": noisy_selection([predictions for finals in table for predictions in finals.validation])}
    return {name: sentence for name, sentence in sentences.items() if sentence}


def never_predicted(finals: FinalPredictions) -> str:
    """An emotion that the test part has, and that no test clip was taken for."""
    seeds = Counter(emotion for test in finals.test for i, emotion in enumerate(test.emotions)
                    if (test.truth == i).any() and not (test.predicted == i).any())
    many, untrained = len(finals.test) > 1, {emotion for emotion, clips in finals.row.training_classes.items() if not clips}
    sentences = [f"{emotion} is never predicted" + (f" in {n} of {len(finals.test)} seeds" if many else "")
                 + (", since training had no clip of it" if emotion in untrained else "") for emotion, n in seeds.items()]
    left = len(sentences) - NAMED
    more = [f"nor {'is' if left == 1 else 'are'} {plural(left, 'more emotion')}"] if left > 0 else []
    return _sentence("; ".join(sentences[:NAMED] + more))


def above_validation(finals: FinalPredictions) -> str:
    """Test UAR above the best validation UAR by more than their joint interval.

    The joint interval is √(a² + b²): a the distance from test UAR down to its lower 95 % bound, b from validation UAR up to
    its upper one, both over speakers. Best validation is the mean of the kept weights, or the highest epoch of the history
    (mean over folds, where these are pooled) if that is higher.
    Rings for no part of fewer than five speakers: nothing is then known of its interval.
    """
    (test, low, _), (validation, _, high) = finals.test_uar, finals.validation_uar
    best = max(validation, float(np.mean([max(part.history.get("validation_uar", ()), default=0.0) for part in finals.parts])))
    joint = math.hypot(test - low, high - validation)
    if not test - best > joint:  # NaN rings for nothing
        return ""
    return (f"Test UAR {test:.3f} lies {test - best:.3f} above the best validation UAR {best:.3f}, "
            f"more than the ±{joint:.3f} that sampling explains.")


def loss_of_chance(finals: FinalPredictions) -> str:
    """Test loss no better than that of equal probabilities, ln(classes), or better by no more than `LOSS_MARGIN`."""
    classes, loss, uar = len(finals.test[0].emotions), np.mean([test.scores.loss for test in finals.test]), finals.test_uar[0]
    if loss < math.log(classes) - LOSS_MARGIN:
        return ""
    guessing = 1 / np.unique(finals.test[0].truth).size
    why = f", though UAR is {uar:.3f}: it is far too sure where it is wrong" if uar > guessing + LEARNT else ": it has learnt nothing"
    return f"Test loss {loss:.3f} is no better than chance (ln {classes} = {math.log(classes):.3f}){why}."


def beyond_credible(finals: FinalPredictions) -> str:
    """Test UAR above `CREDIBLE`, what networks of its kind have reached; quiet on corpora of which nothing is known.

    And quiet on rows that standardise by known clips of the test speakers, which no published figure does.
    """
    row, uar = finals.row, finals.test_uar[0]
    if row.knows_speakers:
        return ""
    most = (CREDIBLE_PRETRAINED if row.pretrained else CREDIBLE).get((row.corpus, row.shares_speakers), math.inf)
    if not uar > most:
        return ""
    kind = "of a frozen encoder" if row.pretrained else "from scratch"
    return (f"Test UAR {uar:.3f} is beyond what is credible {kind} on {'shared' if row.shares_speakers else 'unseen'} speakers of "
            f"{row.corpus} ({most:.2f}): look for a leak before believing it.")


def training_gap(finals: FinalPredictions) -> str:
    """Training WA above validation WA by more than `LARGEST_GAP` at the kept epoch of the first seed.

    Training WA is the mean over the batches of the epoch, with dropout and augmentation on: the true gap is rather larger.
    Quiet on rows that were trained on votes: their training WA is on what listeners heard, their validation WA on what was intended.
    """
    if finals.row.target:
        return ""
    gaps = [text for part in finals.parts if (text := _gap(part))]
    if not gaps:
        return ""
    return gaps[0] + (f" So in {len(gaps)} of {len(finals.folds)} folds." if finals.folds else "")


def _gap(finals: FinalPredictions) -> str:
    epoch, history = finals.row.best_epoch, finals.history
    if not 0 < epoch <= min(len(history.get(f"{part}_wa", ())) for part in ("train", "validation")):
        return ""
    train, validation = (history[f"{part}_wa"][epoch - 1] for part in ("train", "validation"))
    if train - validation <= LARGEST_GAP:
        return ""
    return (f"Training WA {train:.3f} is {train - validation:.3f} above validation WA {validation:.3f} at the kept epoch "
            f"{epoch}: it has learnt its clips by heart.")


def too_few(test: Predictions) -> str:
    """Too few test clips of an emotion, or of most speakers, or too few speakers, for a rank to mean much."""
    few = shortages(test.truth, test.speakers, test.emotions)
    return _sentence(f"too few to rank: test {few}" if few else "")


def shortages(truth: np.ndarray, speakers: np.ndarray, emotions: Sequence[str]) -> str:
    """What a test part has too little of, in words; empty where it has enough.

    Args: truth: of each clip, an index into `emotions`. speakers: of each clip.
    """
    small = [f"{n} of {emotion}" for i, emotion in enumerate(emotions) if 0 < (n := int((truth == i).sum())) < FEWEST_CLIPS_A_CLASS]
    _, clips = np.unique(speakers, return_counts=True)
    few = [f"clips of an emotion ({some(small, most=NAMED)}; {FEWEST_CLIPS_A_CLASS} needed)"] if small else []
    known = bool((speakers != "").any())  # else there are no intervals and ranks at all, which is said elsewhere
    if known and np.median(clips) < FEWEST_CLIPS_A_SPEAKER:
        few.append(f"clips a speaker (median {np.median(clips):g}; {FEWEST_CLIPS_A_SPEAKER} needed)")
    if known and len(clips) < LEAST_SPEAKERS:
        few.append(f"speakers ({len(clips)}; {LEAST_SPEAKERS} needed)")
    return " and ".join(few)


def missing_emotions(part: Predictions) -> list[str]:
    """The emotions of which a part has no clips."""
    return [emotion for i, emotion in enumerate(part.emotions) if not (part.truth == i).any()]


def least_emotions(parts: Sequence[Predictions]) -> Predictions:
    """The part that lacks most emotions, the first of equals; the validation parts of pooled folds differ in that."""
    return max(parts, key=lambda part: len(missing_emotions(part)))


def without_emotions(part: str, predictions: Predictions) -> str:
    """A part that lacks clips of an emotion, so that its figures are over the others."""
    absent, emotions = missing_emotions(predictions), len(predictions.emotions)
    if not absent:
        return ""
    left, named = emotions - len(absent), some(absent, most=NAMED) if len(absent) > NAMED else " or ".join(absent)
    figures = "UAR and macro-F1 are" if part == "test" else "UAR, by which epochs, trials and rows are chosen, is"
    return (f"The {part} part has no clips of {named}: its {figures} over {left} of {emotions} emotions"
            f"{', and a constant answer reaches 1.000' if left == 1 else ''}.")


def noisy_selection(validation: Sequence[Predictions]) -> str:
    """A validation part so small that one network's UAR has a 95 % interval of a half-width above `WIDEST_HALF`, median over networks.

    The interval is over speakers alone; of fewer than five speakers it is that of the clips, which is the least that it can be.
    Args: validation: predictions of some networks on one validation part, or on those of several folds.
    """
    speakers = [np.unique(predictions.speakers).size for predictions in validation]
    half = float(np.median([(_half_by_clips if number < LEAST_SPEAKERS else _half_by_speakers)(predictions)
                            for number, predictions in zip(speakers, validation, strict=True)]))
    if half <= WIDEST_HALF:
        return ""
    how_well = "to no better than" if min(speakers) < LEAST_SPEAKERS else "to about"
    clips = plural(len(validation[0].truth), "clip") + (f" of {plural(speakers[0], 'speaker')}" if validation[0].knows_speakers else "")
    return (f"The validation part is small ({clips}): one network's UAR on it is known {how_well} ±{half:.3f}, "
            "so luck had a part in choosing among trials and epochs that are closer.")


ALARMS: dict[str, Callable[[FinalPredictions], str]] = {
    "class never predicted": never_predicted, "test above validation": above_validation, "loss of chance": loss_of_chance,
    "beyond credible": beyond_credible, "train–validation gap": training_gap}


def _half_by_speakers(predictions: Predictions) -> float:
    _, low, high = uar_with_interval([predictions])
    return (high - low) / 2


def _half_by_clips(predictions: Predictions) -> float:
    """Half of the normal 95 % interval of UAR, clips being independent; recalls as if one more clip had been right and one wrong."""
    confusion = predictions.counts_by(np.zeros(len(predictions.truth)))[0]
    clips = confusion.sum(axis=1)
    present = clips > 0
    recall = (np.diagonal(confusion) + 1) / (clips + 2)
    return float(1.96 * math.sqrt((recall * (1 - recall) / np.maximum(clips, 1))[present].sum()) / present.sum())


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
