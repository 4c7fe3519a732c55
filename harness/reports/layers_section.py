"""The part of a report on the layers of pretrained encoders: at which of them heard voices are worth something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.evaluation.voices import Voices, by_layer
from harness.reports.markdown import escape, points

Draw = Callable[[Voices, str], str]
HEADING = "Layer by layer"


def layers_markdown(pairs: Sequence[Voices], draw: Draw | None = None) -> list[str]:
    """Where the gain from heard voices lies among the layers of each encoder, with a picture; pairs of folds, which test every clip, first.

    Args: draw: gives the path of the picture of a pair's rows of this name.
    """
    return [part for pair in sorted(pairs, key=lambda pair: not pair.new.folds) for part in _pair(pair, draw)]


def _pair(pair: Voices, draw: Draw | None) -> list[str]:
    parts = []
    protocols = f"{escape(pair.heard.rows[0].split)} less {escape(pair.new.rows[0].split)}"
    for name, series in by_layer(pair).items():
        most, least = (choose(series, key=lambda each: each[1].gain[0]) for choose in (max, min))
        told = [str(layer) for layer, row in series if row.is_told and row.gain[0] > 0]
        which = f"layer{'s'[: len(told) > 1]} {', '.join(told)}" if told else "no layer"
        parts.append(f"**{escape(name)}**, {protocols}: heard voices are worth most at layer {most[0]}, {points(most[1].gain)} points of "
                     f"UAR, and least at layer {least[0]}, {points(least[1].gain)}; more than chance explains at {which}.")
        parts += [f"![Test UAR by layer on new and heard speakers]({draw(pair, name)})"] if draw else []
    return parts
