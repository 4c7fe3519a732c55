"""The part of a report on voices: the same rows on speakers that they have heard in training and on new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.voices import Voices, VoicesOfRow, voices
from harness.reports.markdown import escape, table, with_interval

Draw = Callable[[Voices], str]


def voices_markdown(boards: Iterable[Leaderboard], draw: Draw | None = None) -> list[str]:
    """A finding, a picture and a table for each pair of protocols; empty without one. Args: draw: gives the path of a pair's picture."""
    parts = [part for pair in voices(boards) for part in _pair(pair, draw)]
    return ["## New speakers beside heard ones", *parts] if parts else []


def _pair(pair: Voices, draw: Draw | None) -> list[str]:
    protocols = f"{escape(pair.heard.rows[0].split)} less {escape(pair.new.rows[0].split)}"
    picture = [f"![Test UAR on new and heard speakers]({draw(pair)})"] if draw else []
    lines = [[escape(row.name), with_interval(*row.new), with_interval(*row.heard), _points(row)] for row in pair.rows]
    return [f"{_finding(pair.chosen)} Test UAR, {protocols}:", *picture,
            table(["row", "new speakers", "heard speakers", "points gained"], lines, "lrrr")]


def _finding(row: VoicesOfRow) -> str:
    """What the chosen row owes to voices that it knows, in a sentence."""
    if not row.is_told:
        return (f"**{escape(row.name)}**, which validation chooses for new speakers, can't be told to gain from heard voices: "
                f"{_points(row)} points of UAR.")
    return f"**About {abs(100 * row.gain[0]):.0f} of {100 * row.heard[0]:.0f} points of {escape(row.name)} " + (
        "come from voices that it has heard in training**" if row.gain[0] > 0 else "are lost on voices that it has heard**") + (
        f": {_points(row)} points of UAR.")


def _points(row: VoicesOfRow) -> str:
    """Points of UAR with their interval: `+6.7 [+1.1, +12.2]`."""
    value, low, high = (100 * figure for figure in row.gain)
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]" if low == low else f"{value:+.1f} [–]"
