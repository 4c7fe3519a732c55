"""The part of the page of all studies on voices that were heard in training: what they are worth to each network, on the same clips."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence

from harness.evaluation.joint_voices import JointVoices
from harness.reports.highlights import FAMILIES
from harness.reports.joint_section import link_or_name
from harness.reports.markdown import escape, folded, plural, points, table, unbroken

HEADING = "What heard voices are worth"
MEANING = """Test UAR under random clips less that of the same network under unseen speakers, in points, on the clips that both protocols
test, compared speaker by speaker; **bold** where that is more than chance explains. Each interval stands for itself, and one of 20 misses
by chance. Networks that take every clip for one emotion are left out."""


def joint_voices_markdown(found: Sequence[JointVoices], pages: Mapping[str, str]) -> list[str]:
    """A heading, a finding for each pair of protocols, and their tables, folded; nothing without networks under both.

    Args: found: by pair of protocols. pages: study -> the file of its report; without it, it has no link.
    """
    groups = [(protocols, list(group)) for protocols, group in itertools.groupby(found, key=lambda each: each.protocols)]
    if not groups:
        return []
    return [f"## {HEADING}", "\n>\n".join(f"> {finding(group)}" for _, group in groups), MEANING,
            *(folded(f"{escape(heard)} less {escape(new)}: {plural(len(group), 'network')}", _table(group, pages))
              for (heard, new), group in groups)]


def finding(group: Sequence[JointVoices]) -> str:
    """To how many networks of a pair of protocols voices are worth something, and how much to those of each kind."""
    gain = [each for each in group if each.is_told and each.gain.difference[0] > 0]
    loss = [each for each in group if each.is_told and each.gain.difference[0] < 0]
    clips, speakers = max((each.gain.clips, each.gain.speakers) for each in group)
    kinds = "; ".join(f"{kind} {statistics.median(gains):+.1f}" for kind in FAMILIES
                      if (gains := [100 * each.gain.difference[0] for each in group if each.kind == kind]))
    most = f", most to {escape(gain[0].name)}, {points(gain[0].gain.difference)} points" if gain else ""
    return (f"**{escape(group[0].protocols[0])}**, {plural(clips, 'clip')} of {plural(speakers, 'speaker')}: heard voices are worth "
            f"something to {len(gain)} of {plural(len(group), 'network')}{most}"
            + (f"; they cost {len(loss)}" if loss else "")
            + (f"; of {len(group) - len(gain) - len(loss)} it can't be told" if len(gain) + len(loss) < len(group) else "")
            + f". Median of each kind, in points: {kinds}.")


def _table(group: Sequence[JointVoices], pages: Mapping[str, str]) -> str:
    return table(["network", "kind", "points", "study"],
                 [[escape(each.name), each.kind, _bold(each), ", ".join(link_or_name(study, pages) for study in each.studies)]
                  for each in group], "llrl")


def _bold(each: JointVoices) -> str:
    text = unbroken(points(each.gain.difference))
    return f"**{text}**" if each.is_told else text
