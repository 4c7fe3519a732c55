"""Where a model fails: figures by sex, age, race, ethnicity, sentence, intensity, corpus and speaker, with counts and intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.markdown import escape, table, with_interval
from harness.predictions import Predictions
from harness.statistics import LEAST_SPEAKERS, figures_of, speaker_intervals
from registry.errors import BenchError

ATTRIBUTES = {"sex": "sex", "age": "age band", "race": "race", "ethnicity": "ethnicity", "sentence": "sentence", "level": "intensity",
              "corpus": "corpus"}
LEAST_CLIPS = 20  # of a group that is ranked: a random split of CREMA-D at 70/30 tests some 25 clips of each speaker
WORST = 10  # speakers that are shown
RESAMPLES = 2_000  # bounds are printed to three places
NOTE = f"""Worst UAR first; […] are 95 % intervals over speakers, [–] stands for none: fewer than {LEAST_SPEAKERS} speakers.
Groups of fewer than {LEAST_CLIPS} clips or {LEAST_SPEAKERS} speakers have no rank (–), nor have groups with other emotions than most:
UAR is over the emotions that occur in the group, so they do not compare. Groups differ in their speakers too, and many are compared at
once: a difference here is a question, not a finding."""


@dataclass(frozen=True)
class GroupRow:
    """One group of test clips.

    Args:
        attribute: what groups, in words. clips: different ones, however many seeds. emotions: those that occur.
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


def groups(said: Sequence[Predictions]) -> list[GroupRow]:
    """The groups of every attribute that has at least two, worst first within it, those without a rank last.

    Args:
        said: what one row's finals said of the same test clips, one a seed.
    Raises: BenchError when they are of different clips.
    """
    made = []
    for attribute, words in ATTRIBUTES.items():
        texts = _texts(said, attribute)
        names = sorted({text for text in texts if text})
        if len(names) > 1:
            made += _ranked([_row(said, texts == name, words, name) for name in names], LEAST_SPEAKERS)
    return made


def worst_speakers(said: Sequence[Predictions], most: int = WORST) -> list[GroupRow]:
    """The speakers of lowest UAR among those with enough clips of the same emotions, worst first. Raises BenchError as `groups` does."""
    return [row for row in _speakers(said) if row.rank][:most]


def _speakers(said: Sequence[Predictions]) -> list[GroupRow]:
    texts = _texts(said, "speaker")
    return _ranked([_row(said, texts == name, "speaker", name) for name in sorted(set(texts))], 1)


def speaker_spread(said: Sequence[Predictions]) -> tuple[float, float]:
    """The standard deviation of WA over speakers with enough clips, and that which equal speakers would show by the draw of clips alone.

    NaN for fewer than five such speakers.
    """
    right = np.mean([one.predicted == one.truth for one in said], axis=0)
    own = [right[said[0].speakers == name] for name in np.unique(said[0].speakers)]
    own = [share for share in own if len(share) >= LEAST_CLIPS]
    if len(own) < LEAST_SPEAKERS:
        return math.nan, math.nan
    chance = np.mean([share.var(ddof=1) / len(share) for share in own])
    return float(np.std([share.mean() for share in own], ddof=1)), float(np.sqrt(chance))


def render(said: Sequence[Predictions]) -> str:
    """Groups, worst speakers and what they mean, as Markdown; empty where there is nothing to tell apart."""
    made, speakers, all_emotions = groups(said), _speakers(said), said[0].emotions
    shown = [row for row in speakers if row.rank][:WORST]
    if not made and not shown:
        return ""
    heads = ["by", "group", "rank from worst", "clips", "speakers", "emotions", "WA", "UAR"]
    parts = [NOTE, table(heads, [_line(row, all_emotions) for row in made], left=2) if made else "",
             table(["speaker", "rank from worst", "clips", "emotions", "WA", "UAR"], [_speaker_line(row, all_emotions) for row in shown])
             if shown else "", *_about_speakers(said, speakers), *_unknown(said)]
    return "\n\n".join(part for part in parts if part)


def _about_speakers(said: Sequence[Predictions], speakers: Sequence[GroupRow]) -> list[str]:
    in_all, shown = len(speakers), min(sum(row.rank > 0 for row in speakers), WORST)
    others = sum(row.rank == 0 and row.clips >= LEAST_CLIPS for row in speakers)
    if not shown:
        return [f"No speaker of {in_all} has {LEAST_CLIPS} test clips: none is ranked."]
    spread, chance = speaker_spread(said)
    unlike = f"; {others} with other emotions than most are not ranked" if others else ""
    about = f"The {shown} worst of {in_all} speakers are shown{unlike}."
    if not math.isnan(spread):
        about += (f" WA varies over speakers with a standard deviation of {spread:.3f}; were all speakers equally hard, "
                  f"the draw of their clips alone would give {chance:.3f}.")
    return [about]


def _unknown(said: Sequence[Predictions]) -> list[str]:
    """How many clips of a partly known attribute are in none of its groups."""
    lacking = {words: int((texts == "").sum()) for attribute, words in ATTRIBUTES.items() for texts in [_texts(said, attribute)]}
    told = [f"{words} of {n:,}" for words, n in lacking.items() if 0 < n < len(said[0].truth)]
    return [f"Not known, and in no group: {', '.join(told)} clips."] if told else []


def _texts(said: Sequence[Predictions], attribute: str) -> np.ndarray:
    """The group of each clip, shape (clips,), empty where it is not known."""
    first = said[0]
    if any(not np.array_equal(first.clips, other.clips) for other in said[1:]):
        raise BenchError("groups are those of one row: its seeds must have scored the same test clips; start the study's finals again")
    texts = first.about.get(attribute, np.full(len(first.truth), ""))
    return np.array([age_band(text) for text in texts]) if attribute == "age" else texts


def _row(said: Sequence[Predictions], own: np.ndarray, attribute: str, group: str) -> GroupRow:
    parts = [Predictions(one.emotions, one.clips[own], one.truth[own], one.probabilities[own],
                         {"speaker": one.speakers[own]}) for one in said]
    counts = np.array([part.counts_by(part.speakers) for part in parts])  # (seeds, speakers, truth, predicted)
    few = counts.shape[1] < LEAST_SPEAKERS
    bounds = dict.fromkeys(("wa", "uar"), (math.nan, math.nan)) if few else speaker_intervals(counts, RESAMPLES)
    values = figures_of(counts.sum(axis=1))
    wa, uar = ((float(values[score].mean()), *bounds[score]) for score in ("wa", "uar"))
    return GroupRow(attribute, group, int(own.sum()), counts.shape[1], tuple(said[0].emotions[i] for i in np.unique(parts[0].truth)),
                    wa, uar)


def _ranked(made: list[GroupRow], least_speakers: int) -> list[GroupRow]:
    """Worst first; last, without a rank, groups that are too small or have other emotions than most of the large ones."""
    large = [row for row in made if row.clips >= LEAST_CLIPS and row.speakers >= least_speakers]
    sets = Counter(row.emotions for row in large)
    common = max(sets, key=lambda emotions: (sets[emotions], len(emotions)), default=())
    alike = [row for row in large if row.emotions == common]
    ranked = [replace(row, rank=place) for place, row in enumerate(sorted(alike, key=lambda row: (row.uar[0], row.group)), 1)]
    return ranked + [row for row in made if row not in alike]


def _line(row: GroupRow, all_emotions: Sequence[str]) -> list[str]:
    return [row.attribute, escape(row.group), str(row.rank or "–"), f"{row.clips:,}", str(row.speakers), _emotions(row, all_emotions),
            with_interval(*row.wa), with_interval(*row.uar)]


def _speaker_line(row: GroupRow, all_emotions: Sequence[str]) -> list[str]:
    """A speaker's line; of one speaker there is no interval over speakers."""
    return [escape(row.group), str(row.rank), f"{row.clips:,}", _emotions(row, all_emotions), f"{row.wa[0]:.3f}", f"{row.uar[0]:.3f}"]


def _emotions(row: GroupRow, all_emotions: Sequence[str]) -> str:
    """`5 (no NEU)`; how many alone where more than two lack."""
    lacking = [escape(emotion) for emotion in all_emotions if emotion not in row.emotions]
    return f"{len(row.emotions)}" + (f" (no {', '.join(lacking)})" if 0 < len(lacking) <= 2 else "")
