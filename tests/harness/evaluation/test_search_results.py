"""What a search found is read from the runs alone: the best, the best so far, epochs, importances, ends of ranges."""

from __future__ import annotations

import math

import pytest
from optuna.distributions import FloatDistribution
from searched_cells import RANGES, search_of, trial

from harness.evaluation.search_results import CellSearch, cell_searches
from harness.tracking.run_record import RunRecord

RATE = {"training.learning_rate": RANGES["training.learning_rate"]}


def search(*runs: RunRecord) -> CellSearch:
    found, = cell_searches(runs).values()
    return found


def rates(*figures: tuple[float, float, str, int]) -> CellSearch:
    """A search over the learning rate. Args: figures: rate, UAR, state and epochs of each trial."""
    return search(*(trial("a", number, {"training.learning_rate": rate}, uar, state, epochs, RATE)
                    for number, (rate, uar, state, epochs) in enumerate(figures)))


def test_pruned_trials_raise_no_best_and_the_earlier_of_equals_is_the_best() -> None:
    found = rates((0.001, 0.4, "finished", 10), (0.002, 0.7, "pruned", 3), (0.003, 0.5, "finished", 10), (0.004, 0.5, "finished", 10),
                  (0.005, 0.0, "failed", 1))
    assert found.best_so_far == [0.4, 0.4, 0.5, 0.5, 0.5]
    assert found.best is found.trials[2] and found.written is found.trials[0]
    assert [t.number for t in found.top] == [3, 4, 1, 2] and math.isnan(found.trials[4].uar)


def test_epochs_that_pruning_and_early_stopping_saved_are_counted_apart() -> None:
    count = rates((0.001, 0.4, "finished", 10), (0.002, 0.3, "pruned", 3), (0.003, 0.5, "finished", 8)).epochs
    assert (count.spent, count.pruned, count.stopped, count.unknown, count.planned) == (21, 7, 2, 0, 30)
    assert count.full == 28 and count.saved_share == 0.25 and rates((0.001, 0.4, "failed", 10)).epochs.saved_share == 0.0


def test_the_best_at_the_end_of_a_range_is_noticed_but_not_that_of_a_single_trial() -> None:
    assert rates((0.001, 0.4, "finished", 10), (0.0098, 0.5, "finished", 10)).edges == {"training.learning_rate": "upper"}
    assert rates((0.0098, 0.5, "finished", 10)).edges == {}


def test_trials_rank_by_their_end_then_by_the_epochs_that_halving_left_them_then_by_uar() -> None:
    found = rates((0.001, 0.4, "pruned", 1), (0.002, 0.3, "pruned", 3), (0.003, 0.2, "finished", 8), (0.004, 0.35, "pruned", 3),
                  (0.005, 0.25, "finished", 10))
    assert [t.number for t in found.ranked] == [5, 3, 4, 2, 1]


def test_importances_need_16_trials_and_pruned_ones_count_by_their_place() -> None:
    ended = search(*search_of("a", 16))
    assert next(iter(ended.importances)) == "training.learning_rate"
    best = [t.number for t in ended.ranked[:4]]
    halved = search(*(trial("a", t.number, t.settings, t.uar) if t.number in best else trial("a", t.number, t.settings, t.uar, "pruned", 1)
                      for t in ended.trials))
    assert len(halved.completed) == 4 and halved.importances == ended.importances
    few = search(*search_of("a", 15))
    assert few.importances == {} and few.why_no_importances == "importance of settings needs 16 trials with a validation UAR; these are 15"
    assert rates(*[(0.001 * n, 0.4, "finished", 10) for n in range(1, 9)]).why_no_importances.endswith("one was searched")


def test_trials_of_an_earlier_version_of_the_study_count_where_they_lie_in_its_present_ranges() -> None:
    wider = {"training.learning_rate": FloatDistribution(3e-4, 1e-1, log=True)}
    first, outside = (trial("a", n, {"training.learning_rate": rate}, 0.4, ranges=wider) for n, rate in enumerate((0.001, 0.05)))
    found = search(first, outside, trial("a", 2, {"training.learning_rate": 0.002}, 0.5, ranges=RATE))
    assert [t.settings["training.learning_rate"] for t in found.trials] == [0.001, 0.002]


def test_a_home_of_an_earlier_version_gives_settings_and_trials_without_ranges() -> None:
    found = search(*search_of("a", 20, ranges={}, settings="--set training.batch_size=32"))
    assert list(found.ranges) == ["training.learning_rate", "training.label_smoothing"] and found.searched and not found.noted
    assert found.why_no_importances == "the version that ran this noted no ranges" and found.edges == {}
    assert found.best and found.best.uar == pytest.approx(max(t.uar for t in found.trials))


def test_a_tag_that_was_changed_by_hand_counts_as_no_range() -> None:
    runs = search_of("a", 3)
    for run in runs:
        run.tags["bench.ranges"] = '{"training.learning_rate": 3}'
    assert not search(*runs).noted and search(*runs).searched
