"""The search is repeatable, gives every cell the same budget from its own history alone, and survives being interrupted."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from calls import TINY
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState
from searches import cells_of, opened, rate
from tiny_study import STUDY

from harness.search.optuna_study import STARTUP_TRIALS, Search
from harness.study.cells import Cell
from registry.errors import BenchError


def played(search: Search, cell: Cell, rounds: int) -> list[float]:
    """The rates proposed in so many rounds in which a rate near 0.01 is best."""
    rates = []
    for _ in range(rounds):
        proposal = search.propose(cell)
        rates.append(rate(proposal))
        proposal.tell("finished", 1 - abs(rates[-1] - 0.01))
    return rates


def curve(search: Search, cell: Cell, uar: float, epochs: int = 8) -> list[bool]:
    """Whether a trial with a constant validation UAR would be pruned after each epoch; it is told as finished."""
    proposal = search.propose(cell)
    asked = [proposal.should_prune(epoch, uar) for epoch in range(1, epochs + 1)]
    proposal.tell("finished", uar)
    return asked


def test_a_cell_s_first_trial_is_the_study_as_it_is_written(tmp_path: Path) -> None:
    search = opened(tmp_path)
    for cell in cells_of():
        assert search.propose(cell).trial == cell.base


def test_the_same_history_gives_the_same_proposals_in_random_and_in_guided_search(tmp_path: Path) -> None:
    rounds = STARTUP_TRIALS + 3
    one, other = (played(opened(tmp_path / name), cells_of()[0], rounds) for name in ("a", "b"))
    assert one == other
    assert len(set(one)) == rounds and all(1e-4 <= r <= 1.0 for r in one)


def test_a_trial_that_is_tried_again_is_judged_by_what_is_new(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    search, cell = opened(tmp_path), cells_of()[0]
    for _ in range(3):
        curve(search, cell, 0.9)
    again = search.propose(cell)
    assert [again.should_prune(epoch, 0.1) for epoch in (*range(1, 6), 1, 2, 3)] == 8 * [False]
    assert again.should_prune(8, 0.1) and not recwarn.list


def test_the_same_history_gives_the_same_first_proposal_when_what_is_written_lies_outside_the_ranges(tmp_path: Path) -> None:
    study = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, learning_rate=5.0))
    one, other = (opened(tmp_path / name, cells_of(study)).propose(cells_of(study)[0]) for name in ("a", "b"))
    assert one.trial == other.trial
    assert 1e-4 <= rate(one) <= 1.0 and one.trial.training.optimizer == "adam"


def test_a_search_opened_again_goes_on_as_if_it_had_not_been_closed(tmp_path: Path) -> None:
    cell = cells_of()[0]
    whole = played(opened(tmp_path / "whole"), cell, 6)
    assert played(opened(tmp_path / "parts"), cell, 2) + played(opened(tmp_path / "parts"), cell, 4) == whole


def test_what_another_cell_does_changes_no_proposal(tmp_path: Path) -> None:
    first, second = cells_of()
    alone = played(opened(tmp_path / "alone"), first, 6)
    search, together = opened(tmp_path / "together"), []
    for _ in range(6):
        together += played(search, first, 1)
        played(search, second, 1)
    assert together == alone


def test_guided_search_comes_nearer_to_the_best_than_the_first_random_trials(tmp_path: Path) -> None:
    rates = played(opened(tmp_path), cells_of()[0], 24)
    assert min(abs(r - 0.01) for r in rates[STARTUP_TRIALS:]) < 0.01
    late = sum(r < 0.2 for r in rates[12:])
    assert late >= 9


def test_a_killed_trial_is_proposed_again_and_counts_for_nothing(tmp_path: Path) -> None:
    search, cell = opened(tmp_path), cells_of()[0]
    played(search, cell, 1)
    killed = search.propose(cell)
    killed.tell("killed", None, "stopped by the user")
    assert len(search.done(cell)) == 1
    assert search.propose(cell).trial == killed.trial


def test_failed_and_pruned_trials_count_as_done_but_are_never_the_best(tmp_path: Path) -> None:
    search, cell = opened(tmp_path), cells_of()[0]
    assert search.best(cell) is None
    search.propose(cell).tell("failed", None, "the loss was no longer finite")
    pruned = search.propose(cell)
    pruned.should_prune(1, 0.99)
    pruned.tell("pruned", None)
    assert len(search.done(cell)) == 2 and search.best(cell) is None
    search.propose(cell).tell("finished", 0.2)
    assert [t.state for t in search.done(cell)] == [TrialState.FAIL, TrialState.PRUNED, TrialState.COMPLETE]
    assert search.done(cell)[0].user_attrs["reason"] == "the loss was no longer finite"
    assert search.best(cell) is not None


def test_the_best_trial_has_the_highest_value_and_of_equals_is_the_earlier(tmp_path: Path) -> None:
    search, cell = opened(tmp_path), cells_of()[0]
    proposals = []
    for value in (0.3, 0.5, 0.5, 0.4):
        proposals.append(search.propose(cell))
        proposals[-1].tell("finished", value)
    assert search.best(cell) == proposals[1].trial


def test_a_trial_is_pruned_below_the_median_of_its_own_cell_only(tmp_path: Path) -> None:
    first, second = cells_of()
    search = opened(tmp_path)
    for uar in (0.8, 0.9, 0.85):
        assert not any(curve(search, first, uar))
    assert not any(curve(search, second, 0.1))
    asked = curve(search, first, 0.1)
    assert not any(asked[:4]) and all(asked[5:])
    assert not any(curve(search, first, 0.95))


def test_a_study_that_does_not_prune_never_does(tmp_path: Path) -> None:
    search, cell = opened(tmp_path, prune=False), cells_of()[0]
    for uar in (0.8, 0.9, 0.85, 0.1):
        assert not any(curve(search, cell, uar))


def test_what_a_dead_process_left_running_is_failed_and_proposed_again(tmp_path: Path) -> None:
    program = (f"import sys; sys.path.insert(0, {str(TINY.parent)!r})\nfrom pathlib import Path\nimport searches as t\n"
               f"print(t.rate(t.opened(Path({str(tmp_path)!r})).propose(t.cells_of()[0])))")
    left = float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120).stdout)
    search, cell = opened(tmp_path), cells_of()[0]
    assert [t.state for t in search.study.get_trials()] == [TrialState.RUNNING]
    assert search.reconcile() == 1
    assert [t.state for t in search.study.get_trials()] == [TrialState.FAIL]
    assert search.done(cell) == [] and rate(search.propose(cell)) == left


def test_what_a_living_process_has_running_is_left_alone(tmp_path: Path) -> None:
    search = opened(tmp_path)
    search.propose(cells_of()[0])
    assert search.reconcile() == 0
    assert [t.state for t in search.study.get_trials()] == [TrialState.RUNNING]


def test_other_ranges_are_another_search(tmp_path: Path) -> None:
    cells = cells_of()
    played(opened(tmp_path, cells), cells[0], 2)
    wider = [dataclasses.replace(cell, search={"training.learning_rate": FloatDistribution(1e-6, 1.0, log=True)}) for cell in cells]
    assert opened(tmp_path, wider).done(wider[0]) == []
    assert len(opened(tmp_path, cells).done(cells[0])) == 2


def test_a_damaged_store_is_refused_with_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "optuna.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(BenchError, match=r"optuna\.db is damaged.*nothing was written to it.*move it away"):
        opened(tmp_path)
