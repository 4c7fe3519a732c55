"""One line says how far a run is, on terminals of 60 columns too, and its time left comes from what was measured."""

from __future__ import annotations

import re

import pytest

from harness.console import Console
from harness.execution.run_progress import RunProgress


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def begun(left: dict[str, tuple[int, int]]) -> tuple[RunProgress, Clock]:
    """The progress of a run with so many trials and seeds left of each cell."""
    progress = RunProgress(Console(), clock := Clock())
    progress.left = left
    return progress, clock


def train(progress: RunProgress, clock: Clock, cell: str, seconds: float, uar: float = 0.5, pruned: bool = False) -> None:
    """A trial that takes so long, of ten epochs."""
    progress.start("a", cell, "trial", 10)
    clock.now += seconds
    progress.end("a", uar, pruned)


def test_before_two_epochs_have_ended_the_time_left_is_not_guessed() -> None:
    progress, clock = begun({"c": (3, 2)})
    assert progress.left_s() is None and progress.line(80) == "0 of 5 trainings, 0:00 elapsed, time left not known yet"
    progress.start("a", "c", "trial", 10)
    clock.now += 12
    progress.step("a", 1)  # building the network took most of it
    assert progress.left_s() is None


def test_the_epochs_of_the_first_training_give_the_time_left_without_taking_its_start_for_an_epoch() -> None:
    """12 s to the end of the first epoch and 2 s for each other: 30 s a training of ten epochs, of which 14 s passed."""
    progress, clock = begun({"c": (3, 2)})
    progress.start("a", "c", "trial", 10)
    for epoch, seconds in ((1, 12), (2, 2)):
        clock.now += seconds
        progress.step("a", epoch)
    assert progress.left_s() == pytest.approx(30 - 14 + 5 * 30)


def test_pruned_trials_shorten_what_is_expected_of_trials_and_not_of_finals() -> None:
    progress, clock = begun({"c": (4, 2)})
    train(progress, clock, "c", 30.0)
    train(progress, clock, "c", 10.0, pruned=True)
    train(progress, clock, "c", 8.0, pruned=True)
    assert progress.left_s() == pytest.approx(4 * 16.0 + 2 * 30.0)


def test_two_workers_halve_what_waits_but_never_the_longest_training_that_runs() -> None:
    progress, clock = begun({"c": (8, 0)})
    train(progress, clock, "c", 20.0)
    progress.start("a", "c", "trial", 10)
    progress.start("b", "c", "trial", 10)
    assert progress.left_s() == pytest.approx((20 + 20 + 8 * 20) / 2)
    progress.left = {"c": (0, 0)}
    progress.drop("b")
    clock.now += 5
    assert progress.left_s() == pytest.approx(15.0)


def test_a_cell_that_nothing_is_known_of_is_taken_for_a_typical_one() -> None:
    progress, clock = begun({"c": (1, 0), "d": (1, 0), "e": (2, 0)})
    train(progress, clock, "c", 10.0)
    train(progress, clock, "d", 30.0)
    assert progress.left_s() == pytest.approx(10 + 30 + 2 * 20)


def test_a_training_that_is_given_up_is_not_waited_for() -> None:
    progress, clock = begun({"c": (0, 0)})
    train(progress, clock, "c", 10.0)
    progress.start("a", "c", "trial", 10)
    progress.drop("a")
    assert progress.left_s() == 0.0


@pytest.mark.parametrize("width", [60, 70, 80, 200])
def test_the_line_fits_narrow_terminals_with_elapsed_left_and_best_also_in_large_runs(width: int) -> None:
    progress, clock = begun({"c": (4000, 20)})
    for _ in range(128):
        train(progress, clock, "c", 75.0, uar=0.512)
    line = progress.line(width)
    assert len(line) <= width and re.search(r"128( of |/)4148.*2:40:00 elapsed.* 3\.5 days left, best .*UAR 0\.512", line), line
    assert ("validation UAR" in line) == (width == 200)


def test_a_run_of_usual_size_is_told_in_full_at_80_columns() -> None:
    progress, clock = begun({"c": (4, 2)})
    train(progress, clock, "c", 50.0, uar=0.4)
    train(progress, clock, "c", 50.0, uar=0.512)
    train(progress, clock, "c", 50.0, uar=0.3)
    assert progress.line(80) == "3 of 9 trainings, 2:30 elapsed, about 5 min left, best validation UAR 0.512"
    assert progress.line(60) == "3/9, 2:30 elapsed, 5 min left, best UAR 0.512"


def test_without_a_terminal_there_is_a_line_for_each_training_and_one_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    progress, clock = begun({"c": (3, 0)})
    with progress.shown():
        for left in (2, 1, 0):
            train(progress, clock, "c", 16.0)
            progress.left = {"c": (left, 0)}
            progress.tell(f"  trial: validation UAR 0.{left}")
    assert capsys.readouterr().err.splitlines() == [
        "1/3, 32 s left: trial: validation UAR 0.2", "2/3, 16 s left: trial: validation UAR 0.1", "3/3: trial: validation UAR 0.0",
        "3 of 3 trainings, 0:48 elapsed, best validation UAR 0.500"]


def test_quiet_drops_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(Console(quiet=True), clock := Clock())
    with progress.shown():
        train(progress, clock, "c", 100.0)
        progress.tell("trial")
    assert capsys.readouterr().err == ""
