"""The part of the page of all studies on voices that were heard in training: what they are worth to each row, on the same clips."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence

from harness.evaluation.joint_voices import JointVoices
from harness.reports.highlights import FAMILIES
from harness.reports.joint_section import link_or_name
from harness.reports.markdown import escape, folded, plural, points, table, unbroken

HEADING = "What heard voices are worth"
MEANING = """Test UAR under random clips less that of the same row under unseen speakers, in points, on the clips that both protocols
test, with 95 % intervals over speakers and trainings; **bold** where that is more than chance explains. What settings and epoch add
that each protocol chose on its own validation part is in them. Each interval stands for itself, and one of 20 misses by chance. Of a
network of one seed it can't be told, for its interval knows nothing of other trainings. Rows whose networks take every clip for one
emotion are left out, as are those of which fewer than five speakers are in both test parts."""


def joint_voices_markdown(found: Sequence[JointVoices], pages: Mapping[str, str]) -> list[str]:
    """A heading, a finding for each corpus and pair of protocols, and their tables, folded; nothing without rows under both.

    Args: found: by corpus and pair. pages: study -> the file of its report; without it, it has no link.
    """
    groups = [list(group) for _, group in itertools.groupby(found, key=lambda each: each.pair)]
    if not groups:
        return []
    return [f"## {HEADING}", "\n>\n".join(f"> {finding(group)}" for group in groups), MEANING,
            *(folded(f"{escape(group[0].pair[1])} less {escape(group[0].pair[2])} on {escape(group[0].corpus)}: "
                     f"{plural(len(group), 'row')}", _table(group, pages)) for group in groups)]


def finding(group: Sequence[JointVoices]) -> str:
    """To how many rows of a pair of protocols voices are worth something, and how much to those of each kind."""
    gain, loss = ([each for each in group if each.is_told and (each.gain.difference[0] > 0) is gains] for gains in (True, False))
    left = len(group) - len(gain) - len(loss)
    clips, speakers = max((each.gain.clips, each.gain.speakers) for each in group)
    kinds = "; ".join(f"{kind} {statistics.median(gains):+.1f}" for kind in FAMILIES
                      if (gains := [100 * each.gain.difference[0] for each in group if each.kind == kind]))
    parts = [f"**{escape(group[0].pair[1])} on {escape(group[0].corpus)}**, {plural(clips, 'clip')} of {plural(speakers, 'speaker')}: "
             f"heard voices are worth something to {len(gain)} of {plural(len(group), 'row')}"
             + (f", most to {escape(gain[0].name)}, {points(gain[0].gain.difference)} points" if gain else ""),
             f"they cost {len(loss)}" if loss else "", f"of {left} it can't be told" if left else ""]
    synthetic = "Synthetic, no human speech. " if group[0].synthetic else ""
    return f"{synthetic}{'; '.join(filter(None, parts))}. Median of each kind, in points: {kinds}."


def _table(group: Sequence[JointVoices], pages: Mapping[str, str]) -> str:
    return table(["row", "kind", "points", "study", "marks"],
                 [[escape(each.name), each.kind, _bold(each), ", ".join(link_or_name(study, pages) for study in each.studies),
                   "one seed" if each.trained_once else ""] for each in group], "llrll")


def _bold(each: JointVoices) -> str:
    text = unbroken(points(each.gain.difference))
    return f"**{text}**" if each.is_told else text
