"""The part of a report on voices: the same rows on speakers of whom they have heard something, and on new ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.voices import Voices, VoicesOfRow, known_voices, voices
from harness.reports.markdown import escape, points, table, with_interval

Draw = Callable[[Voices], str]
DrawKnown = Callable[[Sequence[tuple[str, VoicesOfRow]], Voices], str]


def voices_markdown(boards: Iterable[Leaderboard], draw: Draw | None = None) -> list[str]:
    """A finding, a picture and a table for each pair of protocols; empty without one. Args: draw: gives the path of a pair's picture."""
    parts = [part for pair in voices(boards) for part in _pair(pair, draw)]
    return ["## New speakers beside heard ones", *parts] if parts else []


def _pair(pair: Voices, draw: Draw | None) -> list[str]:
    protocols = f"{escape(pair.heard.rows[0].split)} less {escape(pair.new.rows[0].split)}"
    picture = [f"![Test UAR on new and heard speakers]({draw(pair)})"] if draw else []
    lines = [[escape(row.name), with_interval(*row.new), with_interval(*row.heard), points(row.gain)] for row in pair.rows]
    return [f"{_finding(pair.chosen)} Test UAR, {protocols}:", *picture,
            table(["row", "new speakers", "heard speakers", "points gained"], lines, "lrrr")]


def known_markdown(boards: Iterable[Leaderboard], draw: DrawKnown | None = None) -> list[str]:
    """A finding, a picture and a table of rows that know the test speakers beside those that do not; empty without such rows.

    Args: draw: gives the path of the picture of named rows, of which the pair is one.
    """
    pairs = sorted(known_voices(boards), key=lambda pair: [int(part) if part.isdigit() else part
                                                           for part in re.split(r"(\d+)", pair.new.rows[0].split)])
    rows = [(pair, row) for pair in pairs for row in pair.rows]
    if not rows:
        return []
    named = [(_name(pair, row, pairs), row) for pair, row in rows]
    picture = [f"![Test UAR without and with known clips]({draw(named, pairs[0])})"] if draw else []
    lines = [[escape(pair.new.rows[0].split), escape(row.name), with_interval(*row.new), with_interval(*row.heard), points(row.gain)]
             for pair, row in rows]
    return ["## Speakers of whom clips are known, without labels", _known_finding(named), *picture,
            table(["protocol", "row", "nothing known", "speaker known", "points gained"], lines, "llrrr")]


def _name(pair: Voices, row: VoicesOfRow, pairs: Sequence[Voices]) -> str:
    """What distinguishes a row from others: its name, its protocol, or both."""
    of_one_name = len({each.name for one in pairs for each in one.rows}) == 1
    return pair.new.rows[0].split if of_one_name else row.name if len(pairs) == 1 else f"{row.name}, {pair.new.rows[0].split}"


def _known_finding(named: Sequence[tuple[str, VoicesOfRow]]) -> str:
    """How many rows gain and lose by known clips, and which of them most, in a sentence or two."""
    told = sorted(((name, row) for name, row in named if row.is_told), key=lambda each: each[1].gain[0])
    gaining = sum(row.gain[0] > 0 for _, row in told)
    ends = [*(told[-1:] if gaining else []), *(told[:1] if gaining < len(told) else [])]
    most = "; ".join(f"**{escape(name)}** {'gains' if row.gain[0] > 0 else 'loses'} most, {points(row.gain)} points of UAR"
                     for name, row in ends)
    return (f"Features are standardised within each speaker, by clips of which no label is used. Of {len(named)} rows {gaining} gain by "
            f"it, {len(told) - gaining} lose, and of {len(named) - len(told)} neither can be told. {most}{'.' if most else ''}").rstrip()


def _finding(row: VoicesOfRow) -> str:
    """What the chosen row owes to voices that it knows, in a sentence."""
    if not row.is_told:
        return (f"**{escape(row.name)}**, which validation chooses for new speakers, can't be told to gain from heard voices: "
                f"{points(row.gain)} points of UAR.")
    return f"**About {abs(100 * row.gain[0]):.0f} of {100 * row.heard[0]:.0f} points of {escape(row.name)} " + (
        "come from voices that it has heard in training**" if row.gain[0] > 0 else "are lost on voices that it has heard**") + (
        f": {points(row.gain)} points of UAR.")
