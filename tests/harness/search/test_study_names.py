"""Searches have names for people, are found again under whatever words, and earlier versions' names are replaced."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna
from searches import HALVING, cells_of, opened

from harness.search.optuna_study import open_searches
from harness.search.storage import storage
from harness.search.study_names import LONGEST, METRIC, identity, readable
from harness.study.cells import Cell

CELLS = [dataclasses.replace(cell, base=dataclasses.replace(cell.base, corpus_fingerprint="0a1b2c3d4e5f6071")) for cell in cells_of()]


def earlier(home: Path, cell: Cell, study: str = "tiny") -> optuna.Study:
    """A search with one ended trial, as versions before kept it."""
    name = identity(study, [cell], "tpe", cell.key)
    kept = optuna.create_study(storage=storage(home), study_name=name, direction="maximize")
    kept.set_user_attr("cell", cell.label)
    kept.add_trial(optuna.trial.create_trial(value=0.5, params={"training.learning_rate": 0.1, "training.optimizer": "adam"},
                                             distributions=cell.search, user_attrs={"slot": 0, "ended": True, "uid": "a"}))
    return kept


def test_a_search_is_named_by_its_study_protocol_and_cell_and_says_which_corpus_and_score_it_is_of(tmp_path: Path) -> None:
    search, other = opened(tmp_path)
    assert search.name.startswith(f"tiny · random_80_20 · {search.cell.label} · {search.cell.key} ") and search.name != other.name
    assert search.study.user_attrs == {"cell": search.cell.label, "protocol": "random_80_20",
                                       "corpus": "synthetic[n_speakers=4, n_sentences=2]"}
    assert search.study.metric_names == [METRIC] == ["validation UAR"]


def test_what_earlier_versions_named_by_hashes_is_renamed_with_all_its_trials_and_goes_on(tmp_path: Path) -> None:
    cell = CELLS[0]
    before = earlier(tmp_path, cell)
    search = opened(tmp_path, CELLS)[0]
    assert search.study._study_id == before._study_id and [t.value for t in search.ended()] == [0.5]
    assert sorted(optuna.get_all_study_names(search.storage)) == sorted(s.name for s in opened(tmp_path, CELLS))
    proposal = search.propose()
    assert proposal is not None and search.claims.get(f"slot {before.study_name} 1") is not None


def test_other_studies_keep_their_names(tmp_path: Path) -> None:
    """One is called `tiny b`, another is not bench's."""
    other = earlier(tmp_path, CELLS[0], "tiny b").study_name
    optuna.create_study(storage=storage(tmp_path), study_name="tiny random_80_20 by hand")
    searches = opened(tmp_path, CELLS)
    assert {other, "tiny random_80_20 by hand"} < set(optuna.get_all_study_names(searches[0].storage))
    assert searches[0].ended() == []


def test_a_recipe_under_another_name_is_the_same_search(tmp_path: Path) -> None:
    one, other = (opened(tmp_path, [dataclasses.replace(CELLS[0], recipe=name)])[0] for name in ("as published", "paper"))
    assert one.study._study_id == other.study._study_id and one.name == other.name and " · as published · " in one.name
    assert other.study.user_attrs["cell"] == "paper"


def test_the_same_cell_in_another_study_is_another_search(tmp_path: Path) -> None:
    search = opened(tmp_path, CELLS)[0]
    second = open_searches(tmp_path, "tiny2", CELLS, search.storage, search.claims, HALVING)[0]
    assert second.study._study_id != search.study._study_id and second.name.startswith("tiny2 · ")


def test_the_longest_name_fits_optuna_s_column_and_still_ends_with_what_identifies_it() -> None:
    name = readable("s" * 300, "p" * 300, "c" * 300, "a b 0a1b2c3d 1234abcd 56789a")
    assert len(name) == LONGEST + len(" · 1234abcd 56789a") < 512 and name.endswith(" · 1234abcd 56789a")
