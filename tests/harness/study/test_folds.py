"""A study runs all folds of its protocols, and its cells know the row that pools them."""

from __future__ import annotations

import dataclasses

import pytest
from listed_recipes import LISTED
from tiny_study import STUDY

from harness.study.cells import plan
from harness.study.folds import pool_of, protocol_label, with_all_folds
from registry.corpora.synthetic import Synthetic
from registry.errors import Declined, UsageError
from registry.splits.leave_one_speaker_out import LeaveOneSpeakerOut
from registry.splits.random_80_20 import Random8020
from registry.splits.random_folds import RandomFolds
from registry.splits.speaker_folds import SpeakerFolds

CORPUS = Synthetic(n_speakers=6, n_sentences=2).load()


def test_protocols_with_folds_are_run_in_all_of_them_and_each_fold_once() -> None:
    study = dataclasses.replace(STUDY, splits=(SpeakerFolds(fold=3), Random8020(), SpeakerFolds(), LeaveOneSpeakerOut()))
    splits = with_all_folds(study, CORPUS).splits
    assert splits == (*(SpeakerFolds(fold=fold) for fold in range(1, 6)), Random8020(),
                      *(LeaveOneSpeakerOut(fold=fold) for fold in range(1, 7)))


def test_recipes_are_run_in_all_folds_too() -> None:
    recipes = tuple(dataclasses.replace(recipe, splits=(RandomFolds(folds=3),)) for recipe in LISTED.recipes)
    expanded = with_all_folds(dataclasses.replace(LISTED, recipes=recipes), CORPUS)
    assert {recipe.splits for recipe in expanded.recipes} == {tuple(RandomFolds(fold=fold, folds=3) for fold in (1, 2, 3))}


def test_a_study_without_folds_is_told_which_protocols_have_them() -> None:
    with pytest.raises(UsageError, match=r"random_80_20, unseen_speakers_80_20 have none; give .* --split speaker_folds, "):
        with_all_folds(STUDY, CORPUS)


def test_a_protocol_whose_folds_can_not_be_counted_declines() -> None:
    with pytest.raises(Declined, match=r"leave_one_speaker_out does not fit synthetic .*at least 3 speakers, found 2"):
        with_all_folds(dataclasses.replace(STUDY, splits=(LeaveOneSpeakerOut(),)), Synthetic(n_speakers=2, n_sentences=2).load())


def test_the_folds_of_a_cell_share_one_row_and_other_cells_have_others() -> None:
    study = with_all_folds(dataclasses.replace(STUDY, splits=(RandomFolds(folds=3), Random8020())), CORPUS)
    cells = plan(study, CORPUS.fingerprint)
    pools = [pool_of(cell.base, CORPUS) for cell in cells]
    labels = [protocol_label(cell.base, CORPUS) for cell in cells]
    assert labels == ["random_folds[folds=3] (3 folds)"] * 6 + ["random_80_20"] * 2 and pools[6:] == [None, None]
    keys = {pool.key for pool in pools if pool}
    assert len(keys) == 2 and not keys & {cell.key for cell in cells}
    assert protocol_label(cells[1].base, None) == "random_folds[folds=3]"
    longer = plan(study, CORPUS.fingerprint, {"training.epochs": 7})
    assert {pool_of(cell.base, CORPUS).key for cell in longer[:6]} & keys == set()  # type: ignore[union-attr]
