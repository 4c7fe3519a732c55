"""Where a model fails, as Markdown: groups of clips and the worst speakers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.evaluation.groups import LEAST_CLIPS, GroupRow, group_rows, speaker_rows, speaker_spread, unknown_groups
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.markdown import escape, plural, table, with_interval
from harness.training.predictions import Predictions

WORST = 10  # speakers that are shown
NOTE = f"""Worst UAR first; […] are 95 % intervals over speakers, [–] stands for none: fewer than {LEAST_SPEAKERS} speakers.
Groups of fewer than {LEAST_CLIPS} clips or {LEAST_SPEAKERS} speakers have no rank (–), nor have groups with other emotions than most:
UAR is over the emotions that occur in the group, so they do not compare. Groups differ in their speakers too, and many are compared at
once: a difference here is a question, not a finding."""


def groups_markdown(seeds: Sequence[Predictions]) -> str:
    """Groups, worst speakers and what they mean, as Markdown; empty where there are no groups to compare."""
    groups, speakers, emotions = group_rows(seeds), speaker_rows(seeds), seeds[0].emotions
    worst = [row for row in speakers if row.rank][:WORST]
    if not groups and not worst:
        return ""
    group_table = table(["by", "group", "rank from worst", "clips", "speakers", "emotions", "WA", "UAR"], [
        [row.attribute, escape(row.group), str(row.rank or "–"), f"{row.clips:,}", str(row.speakers or "–"), _emotions(row, emotions),
         with_interval(*row.wa), with_interval(*row.uar)] for row in groups], "llr")
    speaker_table = table(["speaker", "rank from worst", "clips", "emotions", "WA", "UAR"], [  # no intervals over one speaker
        [escape(row.group), str(row.rank), f"{row.clips:,}", _emotions(row, emotions), f"{row.wa[0]:.3f}", f"{row.uar[0]:.3f}"]
        for row in worst])
    unknown = ", ".join(f"{words} of {clips:,}" for words, clips in unknown_groups(seeds).items())
    parts = [NOTE, group_table if groups else "", speaker_table if worst else "", _speaker_sentences(seeds, speakers),
             f"Not known, and in no group: {unknown} clips." if unknown else ""]
    return "\n\n".join(part for part in parts if part)


def _speaker_sentences(seeds: Sequence[Predictions], speakers: Sequence[GroupRow]) -> str:
    if not speakers:
        return "Who speaks is not known: no speaker is shown."
    shown = min(sum(row.rank > 0 for row in speakers), WORST)
    if not shown:
        return f"No speaker of {len(speakers)} has {LEAST_CLIPS} test clips: none is ranked."
    others = sum(row.rank == 0 and row.clips >= LEAST_CLIPS for row in speakers)
    unranked = f"; {others} with other emotions than most are not ranked" if others else ""
    sentences = f"The {shown} worst of {plural(len(speakers), 'speaker')} {'is' if shown == 1 else 'are'} shown{unranked}."
    spread, chance = speaker_spread(seeds)
    if math.isnan(spread):
        return sentences
    return (f"{sentences} WA varies over speakers with a standard deviation of {spread:.3f}; were all speakers equally hard, "
            f"the draw of their clips alone would give {chance:.3f}.")


def _emotions(row: GroupRow, emotions: Sequence[str]) -> str:
    """`5 (no NEU)`; how many alone where more than two are missing."""
    missing = [escape(emotion) for emotion in emotions if emotion not in row.emotions]
    return f"{len(row.emotions)}" + (f" (no {', '.join(missing)})" if 0 < len(missing) <= 2 else "")
