"""Names begin with what differs, and are as short as they can be; runs of one architecture have one colour."""

from __future__ import annotations

import dataclasses
from typing import Any

from tiny_study import STUDY

from harness.execution.run_labels import COLOURS, RunLabels
from harness.study.cells import Cell, plan
from registry.architectures.plain_1d import Plain1D
from registry.architectures.residual_1d import Residual1D
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel

PLAIN, WIDE, RESIDUAL = Plain1D(filters=(4,), dense=()), Plain1D(filters=(8,), dense=()), Residual1D()


def cells(**changes: Any) -> list[Cell]:
    study = {"architectures": (PLAIN, RESIDUAL), "splits": STUDY.splits[:1], **changes}
    return plan(dataclasses.replace(STUDY, **study), "clips")


def names(found: list[Cell], rest: str = "") -> list[str]:
    labels = RunLabels.of(found, ())
    return [labels.name(cell, rest) for cell in found]


def test_a_name_is_what_differs_without_fields_then_which_run_it_is() -> None:
    assert names(cells(), "seed 0") == ["plain_1d seed 0", "residual_1d seed 0"] and names(cells()) == ["plain_1d", "residual_1d"]


def test_the_protocol_comes_last_and_only_where_there_are_several() -> None:
    assert names(cells(splits=STUDY.splits, architectures=(PLAIN,)), "trial 3") == [
        "plain_1d trial 3 · random_80_20", "plain_1d trial 3 · unseen_speakers_80_20"]


def test_fields_are_told_where_only_they_differ() -> None:
    assert names(cells(architectures=(PLAIN, WIDE))) == ["plain_1d[filters=(4,), dense=()]", "plain_1d[filters=(8,), dense=()]"]


def test_features_are_told_only_where_they_differ() -> None:
    mel = FeatureSpace(features=(Mel(n_mels=24),), join="channels", duration_s=1.0)
    both = cells(architectures=(PLAIN,), feature_spaces=(*STUDY.feature_spaces, mel))
    assert names(both, "trial 1") == ["zcr+energy duration_s=1.0 trial 1", "mel duration_s=1.0 trial 1"]


def test_a_study_of_one_network_is_named_by_it() -> None:
    assert names(cells(architectures=(PLAIN,)), "trial 1") == ["plain_1d trial 1"]


def test_parameters_always_have_features_network_and_protocol() -> None:
    found = cells(architectures=(PLAIN,))
    assert RunLabels.of(found, ()).parameters(found[0]) == {
        "feature_space": "zcr+energy duration_s=1.0", "architecture": "plain_1d[filters=(4,), dense=()]", "protocol": "random_80_20"}


def test_the_same_architecture_has_the_same_colour_in_every_protocol_whichever_cells_run() -> None:
    found = cells(splits=STUDY.splits)
    labels = RunLabels.of(found, ())
    colours = {cell.base.architecture.name: {labels.colour(other) for other in found
                                             if other.base.architecture == cell.base.architecture} for cell in found}
    assert colours == {"plain_1d": {COLOURS[0]}, "residual_1d": {COLOURS[1]}}
    assert RunLabels().colour(found[0]) == ""


def test_where_features_alone_differ_they_have_the_colours() -> None:
    mel = FeatureSpace(features=(Mel(),), join="channels", duration_s=1.0)
    both = cells(architectures=(PLAIN,), feature_spaces=(*STUDY.feature_spaces, mel))
    assert [RunLabels.of(both, ()).colour(cell) for cell in both] == list(COLOURS[:2])
