"""`bench compare` tells what differs between two runs or rows, and its exit code whether the second is significantly worse."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
from calls import bench
from made_finals import a_side, said

from harness.evaluation.comparison import compare, verdict


def test_a_weaker_row_ends_with_code_1_and_everything_that_differs_is_told(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    worse = bench("compare", ids["good"], ids["weak"], "--home", folder)
    assert worse.code == 1 and "B is significantly worse than A in UAR.\n" in worse.out, worse.err
    assert "240 test clips of 12 speakers; by fingerprint: same corpus, same split" in worse.out
    assert "training.learning_rate" in worse.out and "0.001" in worse.out and "training.epochs" not in worse.out
    better = bench("compare", ids["weak"], ids["good"], "--home", folder)
    assert better.code == 0 and "B is significantly better" in better.out


def test_one_seed_on_each_side_ends_with_code_1_only_when_that_is_asked_for(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    asked = bench("compare", ids["good seed"], ids["weak seed"], "--one-seed", "--home", folder)
    assert asked.code == 1 and "One seed each" in asked.out and "exit code is 0" not in asked.out
    assert json.loads(bench("compare", ids["good seed"], ids["weak seed"], "--json", "--home", folder).out)["one_seed_each"]
    assert bench("compare", ids["good"], ids["weak seed"], "--home", folder).code == 1, "two seeds on one side tell the luck of training"


def test_changed_clips_are_those_that_most_seeds_are_right_on_in_one_side_only() -> None:
    one, other = said(0.7), said(0.5)
    right = [p.predicted == p.truth for p in (one, other)]
    found = compare(a_side("a", one), a_side("b", other, one, other))
    assert found.only_right_in_a == tuple(one.clips[right[0] & ~right[1]]) and len(found.only_right_in_a) > 20
    assert found.only_right_in_b == ()


def test_clips_and_emotions_in_another_order_are_the_same(compared: tuple[Path, dict[str, str]]) -> None:
    folder, ids = compared
    outcome = bench("compare", ids["plain"], ids["turned"], "--home", folder, "--json")
    told = json.loads(outcome.out)
    assert outcome.code == 0 and told["wronged"] == told["righted"] == [] and told["scores"]["uar"]["p"] == 1.0
    assert told["parameters"] == {}


def test_fewer_than_five_speakers_tell_nothing() -> None:
    found = compare(a_side("a", said(0.9, clips=80)), a_side("b", said(0.1, clips=80)))
    assert not found.scores["uar"].worse and verdict(found).startswith("Can't tell: 4 test speakers, and 5 is the least.")
    assert found.as_json()["scores"]["uar"]["p"] is None and found.as_json()["scores"]["uar"]["difference"] < -0.5


def test_where_nobody_says_who_speaks_nothing_can_be_told() -> None:
    one, other = (dataclasses.replace(said(share), about={"speaker": np.full(len(said(share).truth), "")}) for share in (0.9, 0.1))
    found = compare(a_side("a", one), a_side("b", other))
    assert found.speakers == 0 and verdict(found).startswith("Can't tell: who speaks is not known.")


def test_parameters_that_only_one_side_has_are_told() -> None:
    found = compare(a_side("a", said(0.7), epochs="3", batch="8"), a_side("b", said(0.7), epochs="5", batch="8", seed="1"))
    assert found.parameters == {"epochs": ("3", "5"), "seed": ("–", "1")}
