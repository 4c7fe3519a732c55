"""Small plots have their points where the figures say, and words for those who can't see them."""

from __future__ import annotations

import math
import re

from harness.evaluation.calibration import Bin
from harness.reports.html.plots import Panel, interval_plot, learning_curves, reliability_plot


def test_a_point_lies_in_its_share_of_the_frame_and_never_outside() -> None:
    panel = Panel(10, 20, 100, 50, (0, 2), (0, 1))
    assert panel.at(1, 0.25) == (60, 57.5) and panel.at(5, -1) == (110, 70)
    assert panel.line([(0, 0), (1, math.nan), (2, 1)], "reach") == '<polyline class="reach" points="10.0,70.0 110.0,20.0"/>'


def test_a_row_s_dot_lies_on_its_scale_and_without_an_interval_alone() -> None:
    plot = interval_plot((0.5, 0.25, 0.75), (0.0, 1.0), [0.25])
    assert 'cx="65.0"' in plot and 'class="reach" points="33.5,8.0 96.5,8.0"' in plot
    assert 'class="perfect" points="33.5,15.0 33.5,1.0"' in plot
    assert "reach" not in interval_plot((0.5, math.nan, math.nan), (0.0, 1.0), [])


def test_learning_curves_have_every_epoch_and_the_kept_one() -> None:
    history = {"train_uar": [0.2, 0.4, 0.6], "validation_uar": [0.2, 0.3, 0.25], "train_loss": [2.0, 1.0, 0.5],
               "validation_loss": [2.0, 1.5, 4.0]}
    plot = learning_curves(history, 2, "<net>")
    assert "Learning curves of &lt;net&gt;: 3 epochs, at the end train UAR 0.600, validation UAR 0.250" in plot and ">4<" in plot
    lines = re.findall(r'class="(train|validation|kept)" points="([^"]*)"', plot)
    assert [name for name, _ in lines] == ["kept", "train", "validation"] * 2
    assert [len(points.split()) for name, points in lines if name != "kept"] == [3, 3, 3, 3] and lines[0][1].startswith("111.0,")


def test_reliability_has_a_bar_and_a_dot_for_each_bin() -> None:
    plot = reliability_plot([Bin(0.4, 0.5, 10, 0.45, 0.4), Bin(0.9, 1.0, 40, 0.95, 0.7)], 0.123, "net")
    assert plot.count("<rect") == plot.count("<circle") == 2 and "expected calibration error 0.123" in plot
    assert [float(height) for height in re.findall(r'<rect[^>]*height="([^"]*)"', plot)] == [8.2, 33.0]
