"""Features standardised within each speaker, by clips of the speaker that are known without their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from registry.corpus import Corpus

PRIOR = 5  # clips that the usual variance within a speaker counts for beside the speaker's own, of which there may be one
LEAST_VARIANCE = 1e-10


class BySpeaker:
    """An array (clips, frames, bands) of which each clip is standardised, when it is taken, by what is known of its speaker.

    Args:
        array: the features of all clips. speaker: which of the speakers each clip is of, (clips,).
        mean, deviation: of each speaker, (speakers, bands). usual: the variance within a speaker of the training part, (bands,).
    """

    def __init__(self, array: np.ndarray, speaker: np.ndarray, mean: np.ndarray, deviation: np.ndarray, usual: np.ndarray) -> None:
        self.array, self.speaker, self.mean, self.deviation, self.usual = array, speaker, mean, deviation, usual
        self.shape, self.dtype = array.shape, array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, clips: Any) -> np.ndarray:
        """As NumPy's, along the clips."""
        of = self.speaker[clips]
        return (self.array[clips] - self.mean[of][..., None, :]) / self.deviation[of][..., None, :]


def by_speaker(array: np.ndarray, corpus: Corpus, known: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Features of a corpus standardised within each speaker.

    Args: known: indices of the clips whose statistics are used, of every speaker. train: of the training part.
    """
    names, speaker = np.unique(corpus.speakers, return_inverse=True)
    in_training = [moments(array[train[speaker[train] == each]])[1] for each in np.unique(speaker[train])]
    usual = np.mean(in_training, axis=0)
    figures = [standard(array[known[speaker[known] == each]], usual) for each in range(len(names))]
    mean, deviation = (np.array(each, np.float32) for each in zip(*figures, strict=True))
    return cast("np.ndarray", BySpeaker(array, speaker, mean, deviation, usual))


def standard(clips: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation by which a speaker's clips are standardised, (bands,) each.

    Args: clips: known ones, (clips, frames, bands). usual: the variance within a speaker, which counts for `PRIOR` clips.
    """
    mean, variance = moments(clips)
    return mean, np.sqrt(np.maximum((len(clips) * variance + PRIOR * usual) / (len(clips) + PRIOR), LEAST_VARIANCE))


def moments(clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each band over clips and frames, float64."""
    values = np.asarray(clips, np.float64)
    return values.mean(axis=(0, 1)), values.var(axis=(0, 1))
