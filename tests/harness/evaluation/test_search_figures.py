"""The pictures of searches: one strip a cell, logarithmic axes where it is searched so, pruned trials apart."""

from __future__ import annotations

from typing import Any

from searched_cells import search_of, trial

from harness.evaluation.search_figures import MOST_CELLS, search_pictures
from harness.evaluation.search_results import CellSearch, cell_searches


def pictures(cells: int, trials: int = 4) -> tuple[list[CellSearch], dict[str, tuple[str, Any]]]:
    runs = [run for cell in range(cells) for run in search_of(f"c{cell}", trials)]
    settings = {"training.learning_rate": 0.001, "training.label_smoothing": 0.1, "training.batch_size": 16}
    runs.append(trial("c0", trials, settings, 0.2, "pruned"))
    searches = list(cell_searches(runs).values())
    return searches, search_pictures(searches, [search.label for search in searches])


def test_a_strip_has_the_trials_and_each_setting_on_the_axis_that_it_is_searched_on() -> None:
    _, found = pictures(1)
    over_trials, rate, smoothing, size = found["trials"][1].axes
    assert (rate.get_xlabel(), rate.get_xscale(), smoothing.get_xscale()) == ("learning_rate", "log", "linear")
    assert rate.get_xlim()[0] < 3e-4 and rate.get_xlim()[1] > 1e-2
    assert [label.get_text() for label in size.get_xticklabels()] == ["16", "32"]
    marks = {line.get_marker(): len(line.get_xdata()) for line in rate.get_lines()}
    assert marks == {"x": 1, "o": 3, "*": 1, "s": 1}
    step, = (line for line in over_trials.get_lines() if line.get_drawstyle() == "steps-post")
    assert len(step.get_xdata()) == 5


def test_many_cells_stay_two_pictures_of_the_best_twelve() -> None:
    _, found = pictures(MOST_CELLS + 2, trials=2)
    assert list(found) == ["trials", "parallel"]
    assert [len(figure.axes) for _, figure in found.values()] == [MOST_CELLS * 4, MOST_CELLS]
    assert found["trials"][0] == "Validation UAR over trials and settings, the best 12 of 14 cells"


def test_nothing_is_drawn_of_a_search_of_one_trial() -> None:
    searches = list(cell_searches(search_of("a", 1)).values())
    assert search_pictures(searches, ["a"]) == {}


def test_a_search_whose_other_trials_were_all_pruned_has_its_pictures_too() -> None:
    _, found = pictures(1, trials=1)
    axes, = found["parallel"][1].axes
    assert [len(lines.get_segments()) for lines in axes.collections] == [1]  # the pruned one; the best is a line of its own
