"""The search is repeatable, gives every cell the same budget from its own history alone, and survives being interrupted."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from calls import TINY
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState
from outbox_entries import entry, files
from searches import cells_of, long_cells, opened, rate
from tiny_study import STUDY

from harness.search.budget import STARTUP_TRIALS
from harness.search.optuna_study import Proposal, Search
from harness.search.storage import storage
from harness.study.cells import Cell
from harness.study.pruning import Pruning
from harness.study.settings import with_settings
from harness.tracking.outbox import Outbox


def played(search: Search, rounds: int) -> list[float]:
    """The rates proposed in so many rounds in which a rate near 0.01 is best."""
    rates = []
    for _ in range(rounds):
        proposal = search.propose()
        rates.append(rate(proposal))
        proposal.record_end("finished", 1 - abs(rates[-1] - 0.01))
    return rates


def curve(search: Search, uar: float, epochs: int = 8) -> list[bool]:
    """Whether a trial with a constant validation UAR would be pruned after each epoch; it ends as finished."""
    proposal = search.propose()
    prunes = [proposal.should_prune(epoch, uar) for epoch in range(1, epochs + 1)]
    proposal.record_end("finished", uar)
    return prunes


def test_a_cell_s_first_trial_is_the_study_as_it_is_written(tmp_path: Path) -> None:
    for search in opened(tmp_path):
        assert search.propose().trial == search.cell.base


def test_the_same_history_gives_the_same_proposals_in_random_and_in_guided_search(tmp_path: Path) -> None:
    rounds = STARTUP_TRIALS + 3
    one, other = (played(opened(tmp_path / name)[0], rounds) for name in ("a", "b"))
    assert one == other
    assert len(set(one)) == rounds and all(1e-4 <= r <= 1.0 for r in one)


def test_a_trial_that_is_tried_again_gets_the_decision_that_was_made(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    search = opened(tmp_path, long_cells(), Pruning("median"))[0]
    for _ in range(3):
        curve(search, 0.9)
    again = search.propose()
    assert [again.should_prune(epoch, 0.1) for epoch in (*range(1, 6), 1, 2, 3)] == 8 * [False]
    assert again.should_prune(6, 0.1) and again.should_prune(6, 0.1) and not again.should_prune(3, 0.1) and not recwarn.list


def test_the_same_history_gives_the_same_first_proposal_when_what_is_written_lies_outside_the_ranges(tmp_path: Path) -> None:
    study = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, learning_rate=5.0))
    one, other = (opened(tmp_path / name, cells_of(study))[0].propose() for name in ("a", "b"))
    assert one.trial == other.trial
    assert 1e-4 <= rate(one) <= 1.0 and one.trial.training.optimizer == "adam"


def test_a_search_opened_again_goes_on_as_if_it_had_not_been_closed(tmp_path: Path) -> None:
    whole = played(opened(tmp_path / "whole")[0], 6)
    assert played(opened(tmp_path / "parts")[0], 2) + played(opened(tmp_path / "parts")[0], 4) == whole


def test_what_another_cell_does_changes_no_proposal(tmp_path: Path) -> None:
    alone = played(opened(tmp_path / "alone")[0], 6)
    (first, second), together = opened(tmp_path / "together"), []
    for _ in range(6):
        together += played(first, 1)
        played(second, 1)
    assert together == alone


def test_guided_search_comes_nearer_to_the_best_than_the_first_random_trials(tmp_path: Path) -> None:
    rates = played(opened(tmp_path)[0], 24)
    assert min(abs(r - 0.01) for r in rates[STARTUP_TRIALS:]) < 0.01
    late = sum(r < 0.2 for r in rates[12:])
    assert late >= 9


def test_a_killed_trial_is_proposed_again_and_counts_for_nothing(tmp_path: Path) -> None:
    search = opened(tmp_path)[0]
    played(search, 1)
    killed = search.propose()
    killed.record_end("killed", None, "stopped by the user")
    assert len(search.ended()) == 1
    assert search.propose().trial == killed.trial


def test_failed_and_pruned_trials_count_as_done_but_are_never_the_best(tmp_path: Path) -> None:
    search = opened(tmp_path)[0]
    assert search.best() is None
    search.propose().record_end("failed", None, "the loss was no longer finite")
    pruned = search.propose()
    pruned.should_prune(1, 0.99)
    pruned.record_end("pruned", None)
    assert len(search.ended()) == 2 and search.best() is None
    search.propose().record_end("finished", 0.2)
    assert [t.state for t in search.ended()] == [TrialState.FAIL, TrialState.PRUNED, TrialState.COMPLETE]
    assert search.ended()[0].user_attrs["reason"] == "the loss was no longer finite"
    assert search.best() is not None


def test_the_best_trial_has_the_highest_value_and_of_equals_is_the_earlier(tmp_path: Path) -> None:
    search = opened(tmp_path)[0]
    proposals = []
    for value in (0.3, 0.5, 0.5, 0.4):
        proposals.append(search.propose())
        proposals[-1].record_end("finished", value)
    assert search.best() == proposals[1].trial


def test_a_trial_is_pruned_below_the_median_of_its_own_cell_only(tmp_path: Path) -> None:
    first, second = opened(tmp_path, long_cells(), Pruning("median"))
    for uar in (0.8, 0.9, 0.85):
        assert not any(curve(first, uar))
    assert not any(curve(second, 0.1))
    prunes = curve(first, 0.1)
    assert not any(prunes[:4]) and all(prunes[5:])
    assert not any(curve(first, 0.95))


def rising(search: Search, final: float, epochs: int = 15) -> tuple[int, Proposal]:
    """The epochs that a trial gets whose curve rises to a final UAR, and the trial, open."""
    proposal = search.propose()
    assert proposal is not None
    return next((epoch for epoch in range(1, epochs + 1) if proposal.should_prune(epoch, final * epoch / 15)), epochs), proposal


def test_a_killed_trial_counts_for_nothing_in_halving_so_that_a_search_goes_on_as_it_would_have(tmp_path: Path) -> None:
    search = opened(tmp_path, long_cells())[0]
    for final, epochs in ((0.5, 15), (0.45, 2)):
        trained, proposal = rising(search, final)
        assert trained == epochs
        proposal.record_end("finished" if trained == 15 else "pruned", final if trained == 15 else None)
    for _ in range(2):
        rising(search, 0.6, epochs=3)[1].record_end("killed", None)
    again, other = opened(tmp_path, long_cells())
    assert rising(again, 0.55)[0] == 15  # the best: what was killed with 0.6 is not compared with
    assert rising(other, 0.2)[0] == 15 and rising(other, 0.1)[0] == 2  # nor is another cell's


def test_a_cell_s_first_trial_is_never_given_up_nor_is_one_after_its_last_epoch(tmp_path: Path) -> None:
    search = opened(tmp_path, long_cells(), Pruning("halving", grace_epochs=5))[0]
    written, other = search.propose(), search.propose()
    assert written is not None and other is not None
    assert not any(other.should_prune(epoch, 0.9) for epoch in (4, 5, 6, 15))
    assert not any(written.should_prune(epoch, 0.1) for epoch in (4, 5, 6, 15))
    assert rising(search, 0.5)[0] == 5


def test_a_study_that_does_not_prune_never_does(tmp_path: Path) -> None:
    search = opened(tmp_path, long_cells(), Pruning("none"))[0]
    for uar in (0.8, 0.9, 0.85, 0.1):
        assert not any(curve(search, uar))


def test_what_a_dead_process_left_running_is_failed_and_proposed_again(tmp_path: Path) -> None:
    program = (f"import sys; sys.path.insert(0, {str(TINY.parent)!r})\nfrom pathlib import Path\nimport searches as t\n"
               f"print(t.rate(t.opened(Path({str(tmp_path)!r}))[0].propose()))")
    left = float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120).stdout)
    search = opened(tmp_path)[0]
    assert [t.state for t in search.study.get_trials()] == [TrialState.RUNNING]
    assert search.reconcile() == 1
    failed, = search.study.get_trials()
    assert failed.state is TrialState.FAIL and failed.user_attrs["reason"] == "its process ended before it did; its slot was free again"
    assert search.ended() == [] and rate(search.propose()) == left


def test_what_a_living_process_has_running_is_left_alone(tmp_path: Path) -> None:
    search = opened(tmp_path)[0]
    search.propose()
    assert search.reconcile() == 0
    assert [t.state for t in search.study.get_trials()] == [TrialState.RUNNING]


def test_other_ranges_are_another_search(tmp_path: Path) -> None:
    cells = cells_of()
    played(opened(tmp_path, cells)[0], 2)
    wider = [dataclasses.replace(cell, search={"training.learning_rate": FloatDistribution(1e-6, 1.0, log=True)}) for cell in cells]
    assert opened(tmp_path, wider)[0].ended() == []
    assert len(opened(tmp_path, cells)[0].ended()) == 2


def of_earlier_versions(home: Path, cell: Cell, values: list[float], slots: bool = True) -> optuna.Study:
    """The study of all cells of a protocol that earlier versions kept, with trials of a cell, of another one, and one that was killed."""
    study = optuna.create_study(storage=storage(home), study_name="tiny random_80_20 clips 070b3f", direction="maximize")
    for slot, value in reversed(list(enumerate(values))) if slots else enumerate(values):
        for key, ended in ((cell.key, True), (cell.key, False), ("another", True)):
            attributes = {"cell": key, "ended": ended, "uid": f"{key} {slot}", **({"slot": slot} if slots else {})}
            state = TrialState.COMPLETE if ended else TrialState.FAIL
            study.add_trial(optuna.trial.create_trial(
                state=state, value=value if ended else None, params={"training.learning_rate": 0.1**slot, "training.optimizer": "adam"},
                distributions=cell.search, user_attrs=attributes))
    return study


@pytest.mark.parametrize("slots", [True, False], ids=["slots", "no slots yet"])
def test_what_earlier_versions_kept_of_a_cell_is_taken_over_once(tmp_path: Path, slots: bool) -> None:
    cell = cells_of()[0]
    of_earlier_versions(tmp_path, cell, [0.4, 0.6, 0.5], slots)
    search, other = opened(tmp_path)
    assert [(t.user_attrs["slot"], t.value) for t in search.ended()] == [(0, 0.4), (1, 0.6), (2, 0.5)]
    assert search.best() == with_settings(cell.base, {"training.learning_rate": 0.1, "training.optimizer": "adam"})
    assert other.ended() == [] and len(opened(tmp_path)[0].study.trials) == 3
    fresh = opened(tmp_path / "fresh")[0]
    assert rate(search.propose()) == [rate(fresh.propose()) for _ in range(4)][3]


def test_what_earlier_versions_left_running_is_settled_and_its_result_counts(tmp_path: Path) -> None:
    cell = cells_of()[0]
    attributes = {"cell": cell.key, "slot": 1, "coordinator": "gone"}
    study, box = of_earlier_versions(tmp_path, cell, [0.4]), Outbox(tmp_path)
    for uid in ("on disk", "lost"):
        study.add_trial(optuna.trial.create_trial(state=TrialState.RUNNING, user_attrs={**attributes, "uid": uid}))
    box.commit(entry("on disk", metrics={"validation/uar": 0.7}), files)
    search = opened(tmp_path)[0]
    assert search.reconcile() == 2 and [t.value for t in search.ended()] == [0.4, 0.7]
