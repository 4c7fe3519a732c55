"""Where a model fails, as Markdown: groups of clips and the worst speakers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.evaluation.groups import ATTRIBUTES, LEAST_CLIPS, WORST, GroupRow, _speakers, _texts, groups, speaker_spread
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.markdown import escape, table, with_interval
from harness.training.predictions import Predictions

NOTE = f"""Worst UAR first; […] are 95 % intervals over speakers, [–] stands for none: fewer than {LEAST_SPEAKERS} speakers.
Groups of fewer than {LEAST_CLIPS} clips or {LEAST_SPEAKERS} speakers have no rank (–), nor have groups with other emotions than most:
UAR is over the emotions that occur in the group, so they do not compare. Groups differ in their speakers too, and many are compared at
once: a difference here is a question, not a finding."""


def groups_markdown(said: Sequence[Predictions]) -> str:
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
