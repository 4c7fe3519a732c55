"""The cells of a study: every combination or recipe in order, with settings that are fixed or searched in it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from listed_recipes import LISTED, NOISY, RANDOM, UNSEEN
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from tiny_study import STUDY

from harness.study.cells import chosen_cells, plan
from harness.study.definition import Study
from harness.study.settings import setting_value
from harness.study.trial import Training
from registry.architectures.plain_1d import Plain1D
from registry.augmentation import Augmentation
from registry.errors import BenchError, UsageError


def test_every_combination_is_a_cell_in_the_order_of_the_study_file() -> None:
    cells = plan(STUDY, "clips")
    assert [(type(c.base.split).__name__, type(c.base.architecture).__name__) for c in cells] == [
        ("Random8020", "Plain1D"), ("Random8020", "Plain2D"), ("UnseenSpeakers8020", "Plain1D"), ("UnseenSpeakers8020", "Plain2D")]
    assert len({c.key for c in cells}) == 4
    assert cells[0].label == "zcr+energy duration_s=1.0 × plain_1d[filters=(4,), dense=()]"


@pytest.mark.parametrize(("wrong", "meant"), [
    ("training.epoch", "training.epochs"), ("training.learnig_rate", "training.learning_rate"), ("zrc.hop_length", "zcr.hop_length"),
    ("plain_1d.filter", "plain_1d.filters"), ("feature_space.duration", "feature_space.duration_s")])
def test_a_typo_in_a_setting_or_a_search_key_is_an_error_that_names_what_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(BenchError, match=f"{wrong!r}.*Did you mean.*{meant!r}"):
        plan(STUDY, "clips", {wrong: 3})
    with pytest.raises(BenchError, match=f"{wrong!r}.*Did you mean.*{meant!r}"):
        plan(dataclasses.replace(STUDY, search={wrong: IntDistribution(1, 3)}), "clips")


def test_a_search_value_that_is_no_distribution_is_refused() -> None:
    with pytest.raises(BenchError, match=r"search\['training.epochs'\] must be an Optuna distribution.*\[1, 2\]"):
        plan(dataclasses.replace(STUDY, search={"training.epochs": [1, 2]}), "clips")


@pytest.mark.parametrize(("setting", "distribution", "reason"), [
    ("training.optimizer", CategoricalDistribution(["adam", "adamm"]), "'adamm'.*Did you mean"),
    ("training.label_smoothing", FloatDistribution(0.0, 1.0), "label_smoothing must be in"),
    ("training.batch_size", IntDistribution(0, 64), "batch_size must be positive, not 0")])
def test_a_searched_value_that_a_field_does_not_allow_is_found_before_the_first_trial(setting: str, distribution: Any, reason: str) -> None:
    with pytest.raises(BenchError, match=reason):
        plan(dataclasses.replace(STUDY, search={setting: distribution}), "clips")


def test_a_setting_that_only_some_cells_have_is_searched_in_those() -> None:
    study = dataclasses.replace(STUDY, search={"plain_2d.pool_stride": IntDistribution(1, 2)})
    assert [sorted(cell.search) for cell in plan(study, "clips")] == [[], ["plain_2d.pool_stride"]] * 2


def test_a_setting_fixed_by_the_user_is_not_searched_and_holds_in_every_cell() -> None:
    cells = plan(STUDY, "clips", {"training.learning_rate": 0.5, "zcr.hop_length": 256})
    assert {cell.base.training.learning_rate for cell in cells} == {0.5}
    assert {setting_value(cell.base, "zcr.hop_length") for cell in cells} == {256}
    assert all(not cell.search for cell in cells)


def test_the_votes_of_listeners_are_part_of_the_cells_that_may_be_trained_on_them() -> None:
    def noted(study: Study, **settings: Any) -> set[str]:
        return {cell.base.votes_fingerprint for cell in plan(study, "clips", {f"training.{k}": v for k, v in settings.items()}, "votes")}

    searched = dataclasses.replace(STUDY, search={"training.target": CategoricalDistribution(["intent", "votes"])})
    assert noted(STUDY) == noted(searched, target="intent") == {""}
    assert noted(STUDY, target="votes") == noted(searched) == {"votes"}
    assert plan(STUDY, "clips", None, "votes") == plan(STUDY, "clips")


def test_a_study_has_defaults_that_can_be_run() -> None:
    study = Study(corpus=STUDY.corpus, feature_spaces=STUDY.feature_spaces, architectures=STUDY.architectures, splits=STUDY.splits,
                  search={"training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True)})
    assert [cell.base.training for cell in plan(study, "clips")] == [Training()] * 4


def test_a_split_is_listed_and_never_searched() -> None:
    with pytest.raises(UsageError, match="a split is not searched"):
        plan(dataclasses.replace(STUDY, search={"split.seed": IntDistribution(1, 9)}), "clips")


def test_threads_are_the_same_in_a_whole_study_and_never_searched() -> None:
    with pytest.raises(UsageError, match="threads are not searched"):
        plan(dataclasses.replace(STUDY, search={"training.threads": IntDistribution(1, 2)}), "clips")
    row = STUDY.rows[0]
    recipes = (dataclasses.replace(row, name="one"), dataclasses.replace(row, name="two", training=Training(threads=2)))
    listed = dataclasses.replace(STUDY, feature_spaces=(), architectures=(), splits=(), recipes=recipes)
    with pytest.raises(UsageError, match=r"training.threads must be the same in a whole study, .*not \[1, 2\]"):
        plan(listed, "clips")
    assert {cell.base.training.threads for cell in plan(listed, "clips", {"training.threads": 3})} == {3}


def test_a_precision_that_is_to_be_measured_is_not_searched() -> None:
    with pytest.raises(UsageError, match="auto is chosen before the search; list float32 and mixed_bfloat16"):
        plan(dataclasses.replace(STUDY, search={"training.precision": CategoricalDistribution(["float32", "auto"])}), "clips")


def test_a_choice_that_optuna_can_not_store_is_refused_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="a choice must be a number"):
        plan(dataclasses.replace(STUDY, search={"architecture.filters": CategoricalDistribution([(4,), (8,)])}), "clips")


def test_settings_that_make_two_cells_the_same_are_refused_unless_one_cell_is_chosen() -> None:
    study = dataclasses.replace(STUDY, architectures=(Plain1D(filters=(4,)), Plain1D(filters=(8,))), splits=STUDY.splits[:1])
    cells = plan(study, "clips", {"plain_1d.filters": (4,)})
    with pytest.raises(UsageError, match=r"are the same cell with these settings; choose one with --cell"):
        chosen_cells(cells, None)
    assert [cell.key for cell in chosen_cells(cells, cells[0].label)] == [plan(study, "clips")[0].key]


def test_each_recipe_is_a_cell_in_each_of_its_own_splits() -> None:
    cells = plan(LISTED, "clips")
    assert [(c.label, c.base.split, c.base.training.epochs) for c in cells] == [
        ("quick", RANDOM, 1), ("noisy", RANDOM, 2), ("noisy", UNSEEN, 2)]
    assert cells[1].base.cell_label.endswith(
        "plain_1d[filters=(4,), dense=()] × copies of noise+gain, on the fly frequency_mask[width=1]+mixup")


def test_augmentations_are_choices_of_a_study_like_any_other() -> None:
    study = dataclasses.replace(STUDY, augmentations=(Augmentation(), NOISY.augmentation))
    cells = plan(study, "clips")
    assert len(cells) == 2 * len(plan(STUDY, "clips")) and len({c.key for c in cells}) == len(cells)
