"""`bench compare` tells what differs between two runs or rows, and its exit code whether the second is significantly worse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from calls import bench
from made_finals import a_side, record, said

from harness.evaluation.comparison import compare, verdict
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training.predictions import Predictions


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a good and a weak cell of two seeds, one of other test clips, a trial, and the run ids of all."""
    folder = tmp_path_factory.mktemp("compared")
    tracker = Store(folder).experiment("small")
    ids = {"trial": tracker.start("trial", "trial 0", None, RunTags(cell="good", synthetic=True, shares_speakers=True))}
    tracker.end(ids["trial"], "finished")
    for cell, rate, seeds in (("good", 0.001, [said(0.7, 0), said(0.7, 1)]), ("weak", 0.01, [said(0.5, 2), said(0.5, 3)]),
                              ("other", 0.01, [said(0.5, 2, clips=200)])):
        ids[cell], (ids[f"{cell} seed"], *_) = record(tracker, cell, rate, seeds, "halves" if cell == "other" else "random_80_20")
    for cell, predictions in (("plain", said(0.7)), ("turned", turned())):
        ids[cell], _ = record(Store(folder).experiment("orders"), cell, 0.1, [predictions])
    return folder, ids


def turned() -> Predictions:
    """The good network's predictions with clips and emotions in another order."""
    same = said(0.7, emotions=("SAD", "ANG", "HAP"))
    mixed = np.random.default_rng(0).permutation(len(same.clips))
    return Predictions(same.emotions, same.clips[mixed], same.truth[mixed], same.probabilities[mixed], {"speaker": same.speakers[mixed]})


def test_a_weaker_row_ends_with_code_1_and_everything_that_differs_is_told(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    worse = bench("compare", ids["good"], ids["weak"], "--home", folder)
    assert worse.code == 1 and "B is significantly worse than A in UAR.\n" in worse.out, worse.err
    assert "240 test clips of 12 speakers; by fingerprint: same corpus, same split" in worse.out
    assert "training.learning_rate" in worse.out and "0.001" in worse.out and "training.epochs" not in worse.out
    better = bench("compare", ids["weak"], ids["good"], "--home", folder)
    assert better.code == 0 and "B is significantly better" in better.out


def test_a_row_by_its_label_is_the_final_by_its_id(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    by_id = json.loads(bench("compare", ids["good"], ids["weak"], "--home", folder, "--json").out)
    by_label = json.loads(bench("compare", "small:mel × good@random_80_20", "small:weak@random_80_20", "--home", folder, "--json").out)
    assert by_id.pop("a") == "small: final" and by_label.pop("a") == "small:mel × good@random_80_20"
    by_id.pop("b"), by_label.pop("b")
    assert by_id == by_label and by_id["seeds"] == [["0", "1"], ["0", "1"]]
    uar = by_id["scores"]["uar"]
    assert uar["worse"] and uar["low"] < uar["difference"] < uar["high"] < 0 and uar["difference"] == pytest.approx(uar["b"] - uar["a"])
    assert uar["a"] == pytest.approx(np.mean([said(0.7, seed).scores.uar for seed in (0, 1)]))


def test_the_start_of_a_seeds_id_stands_for_that_seed_alone(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    outcome = bench("compare", ids["good seed"], ids["good"], "--home", folder)
    assert outcome.code == 0 and "(seeds 0)" in outcome.out and "(seeds 0, 1)" in outcome.out and "can't be told apart" in outcome.out
    single = bench("compare", ids["good seed"][:20], ids["weak seed"][:20], "--home", folder)
    assert single.code == 0 and "B is significantly worse" in single.out and "One seed each" in single.out
    assert "make one count by --one-seed" in single.out


def test_one_seed_on_each_side_ends_with_code_1_only_when_that_is_asked_for(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    asked = bench("compare", ids["good seed"], ids["weak seed"], "--one-seed", "--home", folder)
    assert asked.code == 1 and "One seed each" in asked.out and "exit code is 0" not in asked.out
    assert json.loads(bench("compare", ids["good seed"], ids["weak seed"], "--json", "--home", folder).out)["one_seed_each"]
    assert bench("compare", ids["good"], ids["weak seed"], "--home", folder).code == 1, "two seeds on one side tell the luck of training"


def test_what_is_no_row_no_test_or_has_other_clips_is_refused_with_code_2(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    for other, words in ((ids["other"], "different test clips (240 and 200, 200 in both)"),
                         ("xyz", "no study, row (STUDY:CELL@SPLIT) or run in the store is called 'xyz'"),
                         (ids["trial"], "which was never scored on test clips"), ("", "is the start of 13 runs' ids"),
                         ("small", "'small' is a study: compare two of its rows"),
                         ("small:mel × goood@random_80_20", "Did you mean 'small:mel × good@random_80_20'"),
                         ("smal:mel × good@random_80_20", "Did you mean 'small'")):
        outcome = bench("compare", ids["good"], other, "--home", folder)
        assert outcome.code == 2 and words in outcome.err and outcome.out == "", outcome.err


def test_where_nothing_was_run_nothing_is_compared_and_no_store_is_made(tmp_path: Path) -> None:
    outcome = bench("compare", "ab", "cd", "--home", tmp_path)
    assert outcome.code == 1 and "there are no runs" in outcome.err and list(tmp_path.iterdir()) == []


def test_changed_clips_are_those_that_most_seeds_are_right_on_in_one_side_only() -> None:
    one, other = said(0.7), said(0.5)
    right = [p.predicted == p.truth for p in (one, other)]
    found = compare(a_side("a", one), a_side("b", other, one, other))
    assert found.only_right_in_a == tuple(one.clips[right[0] & ~right[1]]) and len(found.only_right_in_a) > 20
    assert found.only_right_in_b == ()


def test_clips_and_emotions_in_another_order_are_the_same(home: tuple[Path, dict[str, str]]) -> None:
    folder, ids = home
    outcome = bench("compare", ids["plain"], ids["turned"], "--home", folder, "--json")
    told = json.loads(outcome.out)
    assert outcome.code == 0 and told["wronged"] == told["righted"] == [] and told["scores"]["uar"]["p"] == 1.0
    assert told["parameters"] == {}


def test_fewer_than_five_speakers_tell_nothing() -> None:
    found = compare(a_side("a", said(0.9, clips=80)), a_side("b", said(0.1, clips=80)))
    assert not found.scores["uar"].worse and verdict(found).startswith("Can't tell: 4 test speakers, and 5 is the least.")
    assert found.as_json()["scores"]["uar"]["p"] is None and found.as_json()["scores"]["uar"]["difference"] < -0.5


def test_parameters_that_only_one_side_has_are_told() -> None:
    found = compare(a_side("a", said(0.7), epochs="3", batch="8"), a_side("b", said(0.7), epochs="5", batch="8", seed="1"))
    assert found.parameters == {"epochs": ("3", "5"), "seed": ("–", "1")}
