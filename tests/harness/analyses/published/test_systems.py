"""The published systems stand as recipes with their exact sizes, each with its claim, and are chosen by name."""

from __future__ import annotations

import pytest

from harness.analyses.published.systems import chosen, systems
from harness.data.features import padded_samples
from registry.architecture import decline
from registry.corpora.synthetic import Synthetic
from registry.errors import UsageError

SYSTEMS = {system.number: system for system in systems()}
PUBLISHED = [name for system in SYSTEMS.values() for name in system.claims]
SIZES = {"000_1d": ((432, 1), 595_430), "000_2d": ((216, 128, 1), 2_428_038), "003_1d": ((314, 1), 318_438),
         "003_2d": ((157, 128, 1), 1_175_174), "004_1d": ((880, 1), None), "002_dummynet_zcr": ((690, 1), None),
         "002_dummynet_both": ((1380, 1), None), "002_dummynet_mel": ((27_600, 1), None), "002_rezonet": ((690, 40, 1), None),
         "002_exponet": ((28_980, 1), None)}


def test_thirteen_published_models_of_five_systems_are_registered_each_with_its_claim() -> None:
    assert sorted(SYSTEMS) == ["000", "001", "002", "003", "004"] and len(PUBLISHED) == 13
    for system in SYSTEMS.values():
        names = [recipe.name for recipe in system.study.recipes]
        assert len(set(names)) == len(names) and set(names) == {*system.claims, *system.variants}
        assert set(system.variants.values()) <= set(system.claims)


@pytest.mark.parametrize("name", [recipe.name for system in SYSTEMS.values() for recipe in system.study.recipes])
def test_every_recipe_fits_its_features_and_has_a_twin_of_unseen_speakers(name: str) -> None:
    (system, _), = chosen([name])
    recipe = system.recipe(name)
    assert [split.shares_speakers for split in recipe.splits] == [True, False]
    assert {split.name.replace("random", "").replace("unseen_speakers", "") for split in recipe.splits} in ({"_70_30"}, {"_80_20"})
    shape = recipe.feature_space.silent_shape(padded_samples(Synthetic().load(), recipe.feature_space))
    assert decline(recipe.architecture, shape) is None


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_published_inputs_and_parameter_counts_are_exact(name: str, size: tuple[tuple[int, ...], int | None]) -> None:
    (system, _), = chosen([name])
    recipe, (shape, parameters) = system.recipe(name), size
    assert recipe.feature_space.silent_shape(padded_samples(Synthetic().load(), recipe.feature_space)) == shape
    if parameters is not None:
        assert recipe.architecture(shape, 6).count_params() == parameters


def test_systems_and_recipes_are_chosen_by_name_and_variants_only_on_request() -> None:
    assert [name for _, name in chosen([])] == PUBLISHED
    assert [name for _, name in chosen(["003", "002_exponet", "003_1d"])] == ["003_1d", "003_2d", "002_exponet"]
    assert len(chosen(["002"])) == 6 and len(chosen(["system_002"], with_variants=True)) == 18
    with pytest.raises(UsageError, match="Did you mean '002_exponet'"):
        chosen(["002_exponett"])
