"""The pictures of reports show what they are drawn from, and are the same bytes each time."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from counts_of_rows import DEMSAR

from harness.evaluation.calibration import Bin
from harness.evaluation.folds import compare_over_folds
from harness.evaluation.pareto import Point
from harness.reports.figures import critical_difference_figure, joined, pareto_figure, reliability_figure
from harness.training.figures import save


def test_the_picture_shows_every_bin_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    bins = [Bin(0.3, 0.4, 1, 0.4, 1.0), Bin(0.5, 0.6, 1, 0.6, 0.0), Bin(0.9, 1.0, 2, 0.925, 1.0)]
    figure = reliability_figure(bins, "ECE")
    upper, lower = figure.axes
    assert [bar.get_height() for bar in upper.patches] == [b.accuracy for b in bins]
    assert sum(bar.get_height() for bar in lower.patches) == 4
    for name in ("one", "other"):
        save(reliability_figure(bins, "ECE"), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_the_diagram_joins_rows_within_the_critical_difference_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    found = compare_over_folds(DEMSAR)
    assert joined(np.sort(found.average_ranks), found.critical_difference) == [(0, 3)]
    assert joined(np.array([1.0, 1.5, 3.0, 3.2, 5.0]), 0.6) == [(0, 1), (2, 3)]
    for name in ("one.png", "two.png"):
        figure = critical_difference_figure(["C4.5", "+m", "+cf", "+m+cf"], found.average_ranks, found.critical_difference, "Demšar")
        save(figure, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_in_the_picture_no_name_lies_on_another_and_none_is_lost(tmp_path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    points = [Point(f"mel image × network {i}", 5 + i % 3, 0.5 + 0.001 * (i % 4), (0.45, 0.55)) for i in range(24)]
    figure = pareto_figure(points, "Test UAR against latency")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    names = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = sorted((super(type(name), name).get_window_extent(canvas.get_renderer()) for name in names), key=lambda box: box.y0)
    assert len(names) == 24 and all(lower.y1 <= upper.y0 + 1 for lower, upper in itertools.pairwise(boxes))
    assert all(box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)
