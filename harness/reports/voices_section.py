"""The part of a report on known clips: the same rows with clips of their test speakers, whose labels nobody used, and without."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.evaluation.voices import Voices, VoicesOfRow
from harness.reports.markdown import brief_interval, escape, plural, points, table, unbroken

DrawKnown = Callable[[Sequence[tuple[str, VoicesOfRow]], Voices], str]
Named = list[tuple[str, Voices, VoicesOfRow]]
HEADING = "Speakers of whom clips are known, without labels"


def known_markdown(pairs: Sequence[Voices], draw: DrawKnown | None = None) -> list[str]:
    """A picture and a table of rows that know the test speakers beside those that do not; empty without such rows.

    Args: draw: gives the path of the picture of named rows, of which the pair is one.
    """
    named = _named(pairs)
    if not named:
        return []
    picture = [f"![Test UAR without and with known clips]({draw([(name, row) for name, _, row in named], named[0][1])})"] if draw else []
    lines = [[escape(pair.new.rows[0].split), escape(_short(pair, row)), brief_interval(*row.new), brief_interval(*row.heard),
              unbroken(points(row.gain))] for _, pair, row in named]
    one = len({line[1] for line in lines}) == 1
    heads = ["protocol", "network", "nothing known", "speaker known", "points gained"]
    return [table([head for head in heads if head != "network"], [[*line[:1], *line[2:]] for line in lines]) if one
            else table(heads, lines, "llrrr"), *picture]


def known_finding(pairs: Sequence[Voices]) -> str:
    """How many rows gain and lose by known clips, and which of them most, in a sentence or two; empty without such rows."""
    named = _named(pairs)
    told = sorted(((name, row) for name, _, row in named if row.is_told), key=lambda each: each[1].gain[0])
    if not named:
        return ""
    gaining = sum(row.gain[0] > 0 for _, row in told)
    ends = [*(told[-1:] if gaining else []), *(told[:1] if gaining < len(told) else [])]
    most = "; ".join(f"{escape(name)} {'gains' if row.gain[0] > 0 else 'loses'} most, {points(row.gain)} points" for name, row in ends)
    return (f"**Clips of a speaker that are known without labels**, by which features are standardised: of {plural(len(named), 'row')} "
            f"{gaining} gain, {len(told) - gaining} lose, {len(named) - len(told)} can't be told. {most}{'.' if most else ''}").rstrip()


def _named(pairs: Sequence[Voices]) -> Named:
    """Each row with what distinguishes it from the others, its protocol, its name, or both; by the numbers in the protocols' names."""
    ordered = sorted(pairs, key=lambda pair: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", pair.new.rows[0].split)])
    rows = [(pair, row) for pair in ordered for row in pair.rows]
    one_name = len({row.name for _, row in rows}) == 1

    def name(pair: Voices, row: VoicesOfRow) -> str:
        short = _short(pair, row)
        return pair.new.rows[0].split if one_name else short if len(ordered) == 1 else f"{short}, {pair.new.rows[0].split}"

    return [(name(pair, row), pair, row) for pair, row in rows]


def _short(pair: Voices, row: VoicesOfRow) -> str:
    return next((pair.new.short(each) for each in pair.new.finished if each.name == row.name), row.name)
