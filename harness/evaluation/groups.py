"""Where a model fails: figures by sex, age, race, ethnicity, sentence, intensity, corpus and speaker, with counts and intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.evaluation.intervals import LEAST_SPEAKERS, figures_of, speaker_intervals
from harness.training.predictions import Predictions, speaker_counts
from registry.errors import BenchError

ATTRIBUTES = {"sex": "sex", "age": "age band", "race": "race", "ethnicity": "ethnicity", "sentence": "sentence", "level": "intensity",
              "corpus": "corpus"}
LEAST_CLIPS = 20  # of a group that is ranked: a random split of CREMA-D at 70/30 tests some 25 clips of each speaker
RESAMPLES = 2_000  # bounds are printed to three places


@dataclass(frozen=True)
class GroupRow:
    """One group of test clips.

    Args:
        attribute: what groups, in words. clips: different ones, however many seeds. emotions: those that occur.
        speakers: how many; 0 where they are not known.
        wa, uar: (mean over the seeds, low, high), the bounds a 95 % interval over speakers, NaN for fewer than five of them.
        rank: from the worst, 1, within the attribute; 0 for groups that are too small or have other emotions than most of the others.
    """

    attribute: str
    group: str
    clips: int
    speakers: int
    emotions: tuple[str, ...]
    wa: tuple[float, float, float]
    uar: tuple[float, float, float]
    rank: int = 0


def age_band(years: str) -> str:
    """Four bands that CREMA-D fills evenly enough; empty where the age is not known.

    >>> [age_band(years) for years in ("29", "30", "59", "60", "")]
    ['under 30', '30–44', '45–59', '60 and over', '']
    """
    if not years:
        return ""
    return next((band for end, band in ((30, "under 30"), (45, "30–44"), (60, "45–59")) if int(years) < end), "60 and over")


def group_rows(seeds: Sequence[Predictions]) -> list[GroupRow]:
    """The groups of every attribute that has at least two, worst first within it, those without a rank last.

    Args:
        seeds: predictions of one row's finals on the same test clips.
    Raises: BenchError when they are of different clips.
    """
    rows = []
    for attribute, words in ATTRIBUTES.items():
        texts = _texts(seeds, attribute)
        names = sorted({text for text in texts if text})
        if len(names) > 1:
            rows += _ranked([_row(seeds, texts == name, words, name) for name in names], LEAST_SPEAKERS)
    return rows


def speaker_rows(seeds: Sequence[Predictions]) -> list[GroupRow]:
    """Every speaker that is known, that of lowest UAR first, those with few clips or other emotions than most last.

    Raises: as `group_rows`.
    """
    texts = _texts(seeds, "speaker")
    if not seeds[0].knows_speakers:
        return []
    return _ranked([_row(seeds, texts == name, "speaker", name) for name in sorted(set(texts))], 1)


def unknown_groups(seeds: Sequence[Predictions]) -> dict[str, int]:
    """Attribute in words -> clips of which it is not known, for attributes that are known of others."""
    unknown = {words: int((_texts(seeds, attribute) == "").sum()) for attribute, words in ATTRIBUTES.items()}
    return {words: clips for words, clips in unknown.items() if 0 < clips < len(seeds[0].truth)}


def speaker_spread(seeds: Sequence[Predictions]) -> tuple[float, float]:
    """The standard deviation of WA over speakers with enough clips, and that which equal speakers would show by the draw of clips alone.

    NaN for fewer than five such speakers.
    """
    right = np.mean([seed.predicted == seed.truth for seed in seeds], axis=0)
    by_speaker = [right[seeds[0].speakers == name] for name in np.unique(seeds[0].speakers)]
    by_speaker = [clips for clips in by_speaker if len(clips) >= LEAST_CLIPS]
    if len(by_speaker) < LEAST_SPEAKERS:
        return math.nan, math.nan
    chance = np.mean([clips.var(ddof=1) / len(clips) for clips in by_speaker])
    return float(np.std([clips.mean() for clips in by_speaker], ddof=1)), float(np.sqrt(chance))


def _texts(seeds: Sequence[Predictions], attribute: str) -> np.ndarray:
    """The group of each clip, shape (clips,), empty where it is not known."""
    first = seeds[0]
    if any(not np.array_equal(first.clips, other.clips) for other in seeds[1:]):
        raise BenchError("groups are those of one row: its seeds must have scored the same test clips; start the study's finals again")
    texts = first.about.get(attribute, np.full(len(first.truth), ""))
    return np.array([age_band(text) for text in texts]) if attribute == "age" else texts


def _row(seeds: Sequence[Predictions], chosen: np.ndarray, attribute: str, group: str) -> GroupRow:
    """The row of some clips. Args: chosen: which ones, shape (clips,), bool."""
    parts = [Predictions(seed.emotions, seed.clips[chosen], seed.truth[chosen], seed.probabilities[chosen],
                         {"speaker": seed.speakers[chosen]}) for seed in seeds]
    counts = speaker_counts(parts)  # (seeds, speakers, truth, predicted)
    few = counts.shape[1] < LEAST_SPEAKERS
    bounds = dict.fromkeys(("wa", "uar"), (math.nan, math.nan)) if few else speaker_intervals(counts, RESAMPLES)
    values = figures_of(counts.sum(axis=1))
    wa, uar = ((float(values[score].mean()), *bounds[score]) for score in ("wa", "uar"))
    emotions = tuple(seeds[0].emotions[i] for i in np.unique(parts[0].truth))
    speakers = counts.shape[1] if seeds[0].knows_speakers else 0
    return GroupRow(attribute, group, int(chosen.sum()), speakers, emotions, wa, uar)


def _ranked(rows: list[GroupRow], least_speakers: int) -> list[GroupRow]:
    """Worst first; last, without a rank, groups that are too small or have other emotions than most of the large ones."""
    large = [row for row in rows if row.clips >= LEAST_CLIPS and row.speakers >= least_speakers]
    sets = Counter(row.emotions for row in large)
    common = max(sets, key=lambda emotions: (sets[emotions], len(emotions)), default=())
    alike = [row for row in large if row.emotions == common]
    ranked = [replace(row, rank=place) for place, row in enumerate(sorted(alike, key=lambda row: (row.uar[0], row.group)), 1)]
    return ranked + [row for row in rows if row not in alike]
