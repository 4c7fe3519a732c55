"""Pictures of the first screen take rows without an interval and many emotions, and give the same bytes again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.reports.answer_figures import confusions_figure, rows_figure
from harness.training.figures import save

NAN = float("nan")


def test_rows_without_an_interval_or_a_kind_of_speakers_are_drawn_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    panels = {"70:30": {"net": {"new speakers": (0.5, 0.4, 0.6), "heard speakers": (0.6, NAN, NAN)}}, "80:20": {
        "net": {"new speakers": (0.5, NAN, NAN)}, "tree": {"heard speakers": (0.4, 0.3, 0.5)}}}
    for name in ("one.png", "two.png"):
        save(rows_figure(panels, {"chance": 1 / 6}, "net"), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_row_to_take_is_bold() -> None:
    figure = rows_figure({"": {name: {"new speakers": (0.5, 0.4, 0.6)} for name in ("net", "tree")}}, {}, "tree")
    assert {label.get_text(): label.get_fontweight() for label in figure.axes[0].get_yticklabels()} == {"net": "normal", "tree": "bold"}


def test_shares_are_per_cent_of_each_true_emotion() -> None:
    figure = confusions_figure({"net": np.array([[1, 3], [0, 2]]), "listeners": np.array([[0.5, 0.5], [1, 0]])}, ("ANG", "SAD"))
    assert [text.get_text() for text in figure.axes[0].texts] == ["25", "75", "0", "100"]
    assert [axes.get_title() for axes in figure.axes] == ["net", "listeners"]


@pytest.mark.parametrize("emotions", [7, 60])
def test_many_emotions_fill_more_lines_of_a_picture_and_never_more_than_a_page(emotions: int) -> None:
    names = tuple(f"e{i}" for i in range(emotions))
    figure = confusions_figure({f"net {i}": np.eye(emotions) for i in range(4)}, names)
    assert figure.get_size_inches()[0] <= 11.2 and bool(figure.axes[0].texts) == (emotions < 15)
