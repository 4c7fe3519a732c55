"""Small plots as SVG, coloured by the page's style sheet: learning curves, reliability, and a row's figure with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.evaluation.calibration import Bin
from harness.evaluation.intervals import Figure

PARTS = ("train", "validation")


@dataclass(frozen=True)
class Panel:
    """A plot's frame, in pixels of the picture, and what its ends stand for; y grows upwards."""

    left: float
    top: float
    width: float
    height: float
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a point, cut off at the frame's ends."""
        across, up = (_share(value, ends) for value, ends in ((x, self.x_ends), (y, self.y_ends)))
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def frame(self, title: str, x_ticks: Sequence[str], y_ticks: Sequence[str]) -> Markup:
        """Its axes with a text at both ends, and a title above."""
        bottom, right = self.top + self.height, self.left + self.width
        texts = [(self.left, bottom + 13, "", x_ticks[0]), (right, bottom + 13, "end", x_ticks[-1]),
                 (self.left - 4, bottom, "end", y_ticks[0]), (self.left - 4, self.top + 8, "end", y_ticks[-1]),
                 (self.left + self.width / 2, self.top - 6, "middle", title)]
        axes = Markup('<path class="axis" d="M{:.0f} {:.0f}V{:.0f}H{:.0f}"/>').format(self.left, self.top, bottom, right)
        return axes + Markup().join(Markup('<text x="{:.0f}" y="{:.0f}"{}>{}</text>').format(
            x, y, Markup(' text-anchor="{}"').format(anchor) if anchor else "", text) for x, y, anchor, text in texts)

    def line(self, points: Iterable[tuple[float, float]], name: str) -> Markup:
        """A line through points, those that are no numbers left out. Args: name: its class in the style sheet."""
        places = [self.at(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        return Markup('<polyline class="{}" points="{}"/>').format(name, " ".join(f"{x:.1f},{y:.1f}" for x, y in places))


def learning_curves(history: Mapping[str, Sequence[float]], best_epoch: int, name: str) -> Markup:
    """UAR and loss by epoch, training beside validation, with the kept epoch; as `curves_figure` draws them.

    Args: history: `train_uar`, `validation_loss`, … -> a value an epoch. best_epoch: from 1; 0: none was kept.
    """
    epochs = max((len(values) for values in history.values()), default=0)
    loss = [value for part in PARTS for value in history.get(f"{part}_loss", []) if math.isfinite(value)]
    scales = {"uar": (0.0, 1.0), "loss": (0.0, max(loss, default=1.0) or 1.0)}
    parts, titles = [], {"uar": "UAR", "loss": "loss"}
    for place, (metric, ends) in enumerate(scales.items()):
        panel = Panel(36 + 205 * place, 20, 150, 96, (1, max(epochs, 2)), ends)
        parts.append(panel.frame(titles[metric], ("1", f"epoch {epochs}"), ("0", f"{ends[1]:.3g}")))
        if best_epoch:
            parts.append(panel.line([(best_epoch, ends[0]), (best_epoch, ends[1])], "kept"))
        parts += [panel.line(enumerate(history.get(f"{part}_{metric}", []), 1), part) for part in PARTS]
    last = {part: values[-1] for part in PARTS if (values := history.get(f"{part}_uar"))}
    words = ", ".join(f"{part} UAR {value:.3f}" for part, value in last.items())
    return _svg(400, 134, f"Learning curves of {name}: {epochs} epochs{f', at the end {words}' if words else ''}", parts)


def reliability_plot(bins: Sequence[Bin], error: float, name: str) -> Markup:
    """Share of right answers against confidence, the diagonal being perfect; grey bars: how many answers a bin has.

    Args: error: expected calibration error.
    """
    panel = Panel(36, 20, 150, 110, (0, 1), (0, 1))
    most = max((b.clips for b in bins), default=1)
    bars = [_bar(panel, b, 0.3 * b.clips / most) for b in bins]
    lines = [panel.line([(0, 0), (1, 1)], "perfect"), panel.line([(b.confidence, b.accuracy) for b in bins], "validation")]
    dots = [Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(*panel.at(b.confidence, b.accuracy)) for b in bins]
    frame = panel.frame("right answers", ("0", "confidence 1"), ("0", "1"))
    return _svg(196, 148, f"Reliability of {name}: expected calibration error {error:.3f}", [*bars, frame, *lines, *dots])


def interval_plot(figure: Figure, ends: tuple[float, float], lines: Sequence[float]) -> Markup:
    """A dot with its interval on a scale that all rows of a table share; its text stands beside it. Args: lines: such as chance."""
    panel = Panel(2, 1, 126, 14, ends, (0, 1))
    value, low, high = figure
    marks = [panel.line([(line, 0), (line, 1)], "perfect") for line in lines]
    reach = [] if math.isnan(low) else [panel.line([(low, 0.5), (high, 0.5)], "reach")]
    dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(*panel.at(value, 0.5))
    return Markup('<svg class="interval" viewBox="0 0 130 16" aria-hidden="true">{}</svg>').format(Markup().join([*marks, *reach, dot]))


def _bar(panel: Panel, b: Bin, height: float) -> Markup:
    (left, top), (right, bottom) = panel.at(b.low, height), panel.at(b.high, 0)
    return Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        left, top, max(right - left - 1, 0), bottom - top)


def _svg(width: int, height: int, words: str, parts: Iterable[Markup]) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        width, height, width, height, words, Markup().join(parts))


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5
