"""A study is checked as a whole when it is made: fields, components, recipes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from listed_recipes import LISTED, QUICK
from tiny_study import STUDY

from harness.study.files import parse_component
from harness.study.trial import Training
from registry.errors import BenchError, UsageError
from registry.feature_spaces.mel import Mel


@pytest.mark.parametrize(("make", "meant"), [
    (lambda: Training(lerning_rate=0.1), "learning_rate"), (lambda: Training(optimizer="adm"), "adam"),  # type: ignore[call-arg,arg-type]
    (lambda: Mel(n_mel=40), "n_mels"), (lambda: dataclasses.replace(STUDY, trails=3), "trials"),  # type: ignore[call-arg]
    (lambda: parse_component("architectures", "plain1d"), "plain_1d"), (lambda: parse_component("splits", "random_8020"), "random_80_20")])
def test_a_typo_in_a_component_or_a_field_is_an_error_that_names_what_was_meant(make: Any, meant: str) -> None:
    with pytest.raises(BenchError, match=f"Did you mean.*{meant!r}"):
        make()


@pytest.mark.parametrize(("changes", "reason"), [
    ({"trials": -1}, "trials must be 0 or more, not -1"), ({"seeds": ()}, "at least one seed"), ({"seeds": (1, 1)}, "seeds must differ"),
    ({"splits": ()}, "at least one of splits"), ({"trials": "4"}, "trials must be int, not '4'")])
def test_a_study_that_cannot_be_run_is_refused_when_it_is_made(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BenchError, match=reason):
        dataclasses.replace(STUDY, **changes)


def test_a_component_listed_twice_or_not_made_is_refused() -> None:
    with pytest.raises(UsageError, match="listed twice"):
        dataclasses.replace(STUDY, splits=(STUDY.splits[0], STUDY.splits[0]))
    with pytest.raises(UsageError, match="must hold components"):
        dataclasses.replace(STUDY, splits=(type(STUDY.splits[0]),))


def test_a_baseline_is_one_of_the_recipes() -> None:
    assert dataclasses.replace(LISTED, baseline="quick").baseline == "quick"
    with pytest.raises(UsageError, match="baseline must be the name of a recipe, one of quick, noisy, not 'slow'"):
        dataclasses.replace(LISTED, baseline="slow")
    with pytest.raises(UsageError, match="one of none, not 'quick'"):
        dataclasses.replace(STUDY, baseline="quick")


def test_a_study_lists_recipes_or_components_but_not_both() -> None:
    with pytest.raises(UsageError, match="recipes or feature_spaces and architectures and splits, not recipes and splits"):
        dataclasses.replace(LISTED, splits=STUDY.splits)
    with pytest.raises(UsageError, match="one is listed twice"):
        dataclasses.replace(LISTED, recipes=(QUICK, QUICK))
