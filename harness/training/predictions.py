"""One part's predictions, a row a clip, with the attributes of each clip: the data of every statistic after a run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from harness.training.scores import Scores, score
from registry.corpus import Clip
from registry.errors import BenchError

if TYPE_CHECKING:
    import pandas as pd

ABOUT = ("corpus", "speaker", "sentence", "level", "sex", "age", "race", "ethnicity", "human", "votes")
"""Attributes of a clip; `human` is the emotion that most listeners chose for the voice alone, ties as `HAP/NEU`; `votes` are how many chose
each, as `HAP 3/NEU 6`."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities of one trained network for the clips of one part.

    Args:
        emotions: in the order of the outputs. clips: ids, shape (clips,).
        truth: indices into `emotions`, shape (clips,), int64. probabilities: shape (clips, classes), rows sum to one.
        about: one of `ABOUT` -> texts of shape (clips,), empty where it is not known; `speaker` is always present.
    """

    emotions: tuple[str, ...]
    clips: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    about: dict[str, np.ndarray]

    @classmethod
    def of(cls, clips: Sequence[Clip], emotions: tuple[str, ...], probabilities: np.ndarray) -> Predictions:
        """The predictions of these clips, in their order."""
        about = {key: np.array([_attribute(clip, key) for clip in clips]) for key in ABOUT}
        return cls(emotions, np.array([clip.id for clip in clips]), np.array([emotions.index(clip.emotion) for clip in clips], np.int64),
                   np.asarray(probabilities, np.float64), {key: texts for key, texts in about.items() if any(texts) or key == "speaker"})

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest emotion of each clip: indices of shape (clips,); the earlier one of equals."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def speakers(self) -> np.ndarray:
        """The speaker of each clip, shape (clips,); empty where speakers are not known."""
        return self.about["speaker"]

    @property
    def knows_speakers(self) -> bool:
        """Whether it is known who speaks: without that, clips of a speaker count as independent of each other nowhere."""
        return bool((self.speakers != "").any())

    @cached_property
    def votes(self) -> np.ndarray:
        """How many listeners chose each emotion of each clip, (clips, classes), int64; 0 everywhere where that is not known.

        Votes for emotions that are none of the outputs are left out. Raises: BenchError for what are no votes.
        """
        counts = np.zeros((len(self.clips), len(self.emotions)), np.int64)
        for row, text in zip(counts, self.about.get("votes", ()), strict=False):
            for emotion, number in _votes(str(text)):
                if emotion in self.emotions:
                    row[self.emotions.index(emotion)] = number
        return counts

    @cached_property
    def scores(self) -> Scores:
        """WA, UAR, macro-F1, loss and the confusion matrix."""
        return score(self.truth, self.probabilities, self.emotions)

    def counts_by(self, groups: np.ndarray) -> np.ndarray:
        """Confusion counts of each group, groups sorted: (groups, truth, predicted), int64."""
        names, place = np.unique(groups, return_inverse=True)
        counts = np.zeros((len(names), len(self.emotions), len(self.emotions)), dtype=np.int64)
        np.add.at(counts, (place, self.truth, self.predicted), 1)
        return counts

    def of_clips(self, clips: np.ndarray) -> Predictions:
        """Those of the clips with these ids, in the order that they have here."""
        chosen = np.isin(self.clips, clips)
        return Predictions(self.emotions, self.clips[chosen], self.truth[chosen], self.probabilities[chosen],
                           {key: texts[chosen] for key, texts in self.about.items()})

    def with_clips(self, clips: Mapping[str, Clip]) -> Predictions:
        """The same with missing attributes from a corpus (id -> clip); its clips of another speaker or emotion are ignored."""
        nothing = np.full(len(self.clips), "")
        same_id = [clips.get(str(name)) for name in self.clips]
        speakers = self.about.get("speaker", nothing)
        known = [clip if clip and clip.emotion == self.emotions[truth] and speaker in ("", clip.speaker) else None
                 for clip, truth, speaker in zip(same_id, self.truth, speakers, strict=True)]
        added = {key: np.array([_attribute(clip, key) if clip else "" for clip in known]) for key in ABOUT}
        about = {key: np.where(self.about.get(key, nothing) == "", texts, self.about.get(key, nothing)) for key, texts in added.items()}
        return replace(self, about={key: texts for key, texts in about.items() if any(texts) or key == "speaker"})

    def to_frame(self) -> pd.DataFrame:
        """A row a clip: `clip`, what is known of it, `truth`, `predicted`, and a column of probability for each emotion."""
        import pandas as pd

        emotions = np.array(self.emotions)
        return pd.DataFrame({"clip": self.clips, **self.about, "truth": emotions[self.truth], "predicted": emotions[self.predicted],
                             **dict(zip(self.emotions, self.probabilities.T, strict=True))})

    def write(self, path: Path | TextIO) -> None:
        """As a CSV file: `clip`, its attributes, `truth`, and the probability of each emotion."""
        self.to_frame().drop(columns="predicted").to_csv(path, index=False, float_format="%.9f", lineterminator="\n")


def speaker_counts(predictions: Sequence[Predictions]) -> np.ndarray:
    """Confusion counts of several networks on the same clips, speakers sorted: (networks, speakers, truth, predicted), int64."""
    return np.array([each.counts_by(each.speakers) for each in predictions])


def joined(parts: Sequence[Predictions]) -> Predictions:
    """The predictions of several parts of a corpus as one, clips sorted; what is not known of some of them is empty there.

    Raises: BenchError for parts of other emotions.
    """
    emotions = parts[0].emotions
    if any(part.emotions != emotions for part in parts):
        raise BenchError(f"predictions of the emotions {', '.join(emotions)} can't be joined with those of others: run the study again")
    clips = np.concatenate([part.clips for part in parts])
    order = np.argsort(clips, kind="stable")
    keys = [key for key in ABOUT if any(key in part.about for part in parts)]
    about = {key: np.concatenate([part.about.get(key, np.full(len(part.clips), "")) for part in parts])[order] for key in keys}
    return Predictions(emotions, clips[order], np.concatenate([part.truth for part in parts])[order],
                       np.concatenate([part.probabilities for part in parts])[order], about)


def read(path: Path) -> Predictions:
    """The predictions that `Predictions.write` wrote. Raises: BenchError for a damaged file."""
    with path.open(newline="", encoding="utf-8") as file:
        return parse(file, path.name)


def parse(file: Iterable[str], name: str) -> Predictions:
    """The same from lines of text. Args: name: of the file, for messages."""
    try:
        head, *lines = csv.reader(file)
        at = head.index("truth")
        emotions = tuple(head[at + 1 :])
        columns = np.array(lines, dtype=str).T
        predictions = Predictions(emotions, columns[0], np.array([emotions.index(text) for text in columns[at]], np.int64),
                                  columns[at + 1 :].T.astype(np.float64), dict(zip(head[1:at], columns[1:at], strict=True)))
    except (ValueError, IndexError, csv.Error) as error:
        raise _damaged(name, str(error)) from error
    if "speaker" not in predictions.about or len(emotions) < 2 or len(set(head)) < len(head):
        raise _damaged(name, "a column is missing or is there twice")
    if not np.allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-4) or predictions.probabilities.min() < 0:
        raise _damaged(name, "its probabilities do not sum to one")
    return predictions


def _damaged(name: str, reason: str) -> BenchError:
    return BenchError(f"{name} of a run is damaged: {reason}. Restore the file from a copy of the store, or delete the run in the "
                      "MLflow UI and run its study again")


def _attribute(clip: Clip, key: str) -> str:
    if key == "human":
        return "/".join(majority(clip.votes or ()))
    if key == "votes":
        return "/".join(f"{emotion} {count}" for emotion, count in clip.votes or () if count)
    value = getattr(clip, key)
    return "" if value is None else str(value)


def _votes(text: str) -> list[tuple[str, int]]:
    pairs = [part.rpartition(" ") for part in text.split("/") if part]
    try:
        return [(emotion, int(count)) for emotion, _, count in pairs]
    except ValueError as error:
        raise BenchError(f"{text!r} in the predictions of a run are no votes such as 'HAP 3/NEU 6': restore its predictions.csv from a "
                         "copy of the store, or delete the run in the MLflow UI and run its study again") from error


def majority(votes: Sequence[tuple[str, int]]) -> list[str]:
    """The emotions with most votes: several when they tie, none without votes.

    >>> majority((("ANG", 3), ("NEU", 5), ("SAD", 5)))
    ['NEU', 'SAD']
    """
    most = max((count for _, count in votes), default=0)
    return [emotion for emotion, count in votes if count == most > 0]
