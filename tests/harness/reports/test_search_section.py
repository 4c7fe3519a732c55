"""What a reader is told of a search: the answer first, ranges to widen, and why there is no importance."""

from __future__ import annotations

from collections.abc import Sequence

from made_records import final
from searched_cells import RANGES, search_of, trial

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.evaluation.search_results import CellSearch, cell_searches
from harness.reports.search_section import search_markdown
from harness.tracking.run_record import RunRecord


def told(runs: list[RunRecord]) -> tuple[str, str]:
    """The visible text and the folded one."""
    def draw(protocol: str, searches: Sequence[CellSearch], names: Sequence[str]) -> dict[str, str]:
        return {"UAR over trials": f"{protocol}_{len(searches)}.png"}

    board, = leaderboards(rows(runs), {})
    return search_markdown(board, cell_searches(runs), draw)


def test_the_answer_stands_first_and_says_what_mattered_most() -> None:
    visible, folded = told([*search_of("a", 20), *search_of("b", 5)])
    assert visible.startswith("**unseen_speakers_80_20**, a: best of 20 trials: validation UAR 0.59")
    assert "; as written: 0." in visible and "learning_rate matters most (importance 0." in visible
    assert "b: importance of settings needs 16 trials with a validation UAR; these are 5." in folded
    assert "![UAR over trials](unseen_speakers_80_20_2.png)" in folded and "All 250 planned epochs were trained." in folded
    assert folded.count("Best trials of") == 2 and "completed, as written |" in folded


def test_a_range_whose_end_is_best_is_to_be_widened() -> None:
    runs = [trial("a", n, {"training.learning_rate": rate}, rate, ranges={"training.learning_rate": RANGES["training.learning_rate"]})
            for n, rate in enumerate((0.001, 0.0098))]
    visible, _ = told(runs)
    assert ("- Widen `training.learning_rate` of mel × a: the best of 2 lies at its upper end (0.0098 of 0.0003 … 0.01)."
            in visible.splitlines())


def test_settings_as_written_that_no_other_trial_beats_are_named_as_the_best() -> None:
    runs = [trial("a", n, {"training.learning_rate": 0.001 * (n + 1)}, 0.5 - n / 10, epochs=10 - n,
                  ranges={"training.learning_rate": RANGES["training.learning_rate"]}) for n in range(3)]
    visible, folded = told(runs)
    assert "the settings as written are the best of 3 trials: validation UAR 0.500 at learning_rate 0.001." in visible
    assert "Epochs: 27 of 30 were trained; pruning saved 0, early stopping 3. Importance compares settings, and one was searched." in folded


def test_rows_of_one_trial_say_that_nothing_was_searched() -> None:
    assert told([*search_of("a", 1), *final("b", (0.5,), 0.1)]) == ("Nothing was searched: each row has the settings as written.", "")
    assert "Not searched, with the settings as written: b." in told([*search_of("a", 3), *search_of("b", 1)])[1]


def test_a_cell_of_which_no_trial_completed_has_no_best() -> None:
    runs = [trial("a", n, {"training.learning_rate": 0.001 * (n + 1)}, 0.5, "failed",
                  ranges={"training.learning_rate": RANGES["training.learning_rate"]}) for n in range(2)]
    assert "none of 2 trials completed." in told(runs)[0]
