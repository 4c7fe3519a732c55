"""Pictures of a run show its counts and curves, and their bytes depend on nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.training.figures import confusion_figure, curves_figure, save

HISTORY = {f"{part}_{metric}": [0.25, 0.5, 0.4] for part in ("train", "validation") for metric in ("loss", "uar")}


@pytest.mark.parametrize(("emotions", "slanted"), [(("ANG", "SAD"), False), (("anger", "disappointment", "surprise", "boredom"), True)])
def test_a_confusion_matrix_shows_every_count_and_slants_long_names(emotions: tuple[str, ...], slanted: bool) -> None:
    counts = [[10 * i + j for j in range(len(emotions))] for i in range(len(emotions))]
    axes, = confusion_figure(counts, emotions, "test").axes
    assert [text.get_text() for text in axes.texts] == [str(count) for row in counts for count in row]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(emotions)
    assert (axes.get_xticklabels()[0].get_rotation() > 0) == slanted


def test_the_curves_have_a_point_for_each_epoch_and_the_kept_one_is_marked() -> None:
    for axes in curves_figure(HISTORY, 2, "cell").axes:
        *curves, kept = axes.get_lines()
        assert [curve.get_label() for curve in curves] == ["train", "validation"]
        assert all(list(curve.get_xdata()) == [1, 2, 3] for curve in curves) and list(kept.get_xdata()) == [2, 2]


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(curves_figure(HISTORY, 2, "cell"), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_many_emotions_are_shades_with_their_names_and_the_title_says_so() -> None:
    emotions = tuple(f"emotion {i:03d}" for i in range(150))
    figure = confusion_figure([[int(i == j) for j in range(150)] for i in range(150)], emotions, "test")
    axes, = figure.axes
    assert list(axes.texts) == [] and axes.get_title().endswith("no counts of 150 emotions")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(emotions)
    inches_a_name = axes.get_position().height * figure.get_figheight() / 150
    assert inches_a_name * 72 > axes.get_yticklabels()[0].get_fontsize()


def test_of_more_emotions_than_names_have_room_every_second_is_named() -> None:
    axes, = confusion_figure([[0] * 200] * 200, tuple(f"e{i}" for i in range(200)), "test").axes
    assert [label.get_text() for label in axes.get_yticklabels()[:3]] == ["e0", "e2", "e4"]
