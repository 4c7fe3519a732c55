"""The published systems stand as recipes with their exact sizes, and claims are weighed against runs by the stated rule."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from calls import bench

from harness.analyses.published.options import ReplicateOptions
from harness.analyses.published.report import learnt, table
from harness.analyses.published.run import _planned, scaled
from harness.analyses.published.systems import Claim, chosen, systems
from harness.analyses.published.verdicts import Comparison, Reproduced, comparisons, from_earlier_report, other_settings, verdict
from harness.data.corpora import Workspace
from harness.data.features import padded_samples
from harness.evaluation.intervals import figures_of, speaker_intervals
from harness.evaluation.rows import Row
from registry.architecture import decline
from registry.corpora.synthetic import Synthetic
from registry.errors import UsageError

pytestmark = pytest.mark.usefixtures("no_cost")

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


def test_a_share_of_the_epochs_is_at_least_one() -> None:
    assert [scaled(epochs, 0.1) for epochs in (5, 10, 30, 1000)] == [1, 1, 3, 100]


def speakers_counts(recalls: list[float], clips: int = 60) -> np.ndarray:
    """One seed, two classes: each speaker recognised at its own rate; (1, speakers, 2, 2)."""
    hits = np.array([[round(r * clips / 2)] * 2 for r in recalls])
    counts = np.zeros((1, len(recalls), 2, 2), dtype=np.int64)
    for c in range(2):
        counts[0, :, c, c], counts[0, :, c, 1 - c] = hits[:, c], clips // 2 - hits[:, c]
    return counts


def test_intervals_widen_when_speakers_differ_and_vanish_when_they_are_all_alike() -> None:
    rng = np.random.default_rng(0)
    alike = speaker_intervals(speakers_counts([0.5] * 20))["wa"]
    assert alike == (0.5, 0.5)
    recalls = rng.choice([0.3, 0.7], size=20).tolist()
    low, high = speaker_intervals(speakers_counts(recalls))["uar"]
    expected = 1.96 * float(np.std(recalls)) / math.sqrt(20)  # the mean of 20 speakers of equal weight
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    assert low < np.mean(recalls) < high
    assert speaker_intervals(speakers_counts(recalls)) == speaker_intervals(speakers_counts(recalls))


def test_figures_from_counts_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    figures = figures_of(confusion_matrix(truth, predicted))
    assert [float(figures[k]) for k in ("wa", "uar", "macro_f1")] == pytest.approx(
        [accuracy_score(truth, predicted), balanced_accuracy_score(truth, predicted), f1_score(truth, predicted, average="macro")])


def compared(claimed: float, measured: float, coverage: str = "7,442 of 7,442 clips: whole", epochs: str = "30",
             unseen: float | None = None, settings: str = "", ours: str = "", half: float = 0.02) -> Comparison:
    """One recipe whose reproduced WA has the interval ± 0.02."""
    def found(value: float) -> Reproduced:
        row = Row(**{f.name: "" for f in dataclasses.fields(Row)} | {  # type: ignore[arg-type]
            "coverage": coverage, "epochs": epochs, "synthetic": "synthetic" in coverage, "seeds": 1, "shares_speakers": True,
            "settings": settings, "epochs_trained": float(epochs), 
            "clips": {"train": 4948, "validation": 261, "test": 2233, "left_out": 0}, "speakers": {}})
        return Reproduced(row, dict.fromkeys(("wa", "uar", "macro_f1"), (value, value - half, value + half)), 0.5,
                          (("SAD", "ANG", 4, 1.0),), ("SAD",))
    return Comparison(SYSTEMS["000"], "000_1d", "000_1d", Claim(wa=claimed, ours=ours), 30, found(measured),
                      None if unseen is None else found(unseen))


@pytest.mark.parametrize(("comparison", "words"), [
    (compared(0.45, 0.46), "reproduced"),
    (compared(0.45, 0.478), "reproduced"),  # 0.028 < √(0.02² + 0.0206²)
    (compared(0.45, 0.48), "not reproduced: the claim lies below what was measured"),
    (compared(0.50, 0.46), "not reproduced: the claim lies above what was measured"),
    (compared(0.45, 0.46, coverage="5,885 of 7,442 clips: partial"),
     "can't tell on a partial corpus: the claim lies within what was measured"),
    (compared(0.55, 0.46, epochs="10"), "can't tell after 10 of 30 epochs: the claim lies above what was measured"),
    (compared(0.45, 0.46, epochs="60"), "can't tell after 60 of 30 epochs: the claim lies within what was measured"),
    (compared(0.45, 0.46, settings="--set training.optimizer=sgd"),
     "can't tell with training.optimizer=sgd: the claim lies within what was measured"),
    (compared(0.45, 0.46, ours="layers"), "can't tell with layers of our own: the claim lies within what was measured"),
    (compared(0.45, 0.46, half=math.nan), "can't tell by so few speakers"),
    (compared(0.55, 0.16, coverage="72 clips: synthetic"), "can't tell on synthetic clips: the claim lies above what was measured"),
])
def test_the_verdict_follows_the_rule_that_the_report_states(comparison: Comparison, words: str) -> None:
    assert verdict(comparison) == words


def test_the_report_tells_what_the_random_split_was_worth_from_the_figures_alone() -> None:
    other = dataclasses.replace(compared(0.45, 0.46, unseen=0.44), name="000_2d", of="000_2d")
    text = "\n".join(learnt([compared(0.45, 0.46, unseen=0.40), other]))
    assert "worth +4.0 points of UAR on average" in text and "000_1d +6.0 ± 2.8, 000_2d +2.0 ± 2.8" in text
    assert "Beyond what sampling explains: 000_1d." in text
    assert "the claim agrees with what was measured for 000_1d, 000_2d." in text and "part of the clips" not in text
    assert "| 0.450 | 0.460 [0.440, 0.480] | – | 0.460 [0.440, 0.480] |" in table([compared(0.45, 0.46)])
    assert learnt([]) == ["Nothing yet: no published recipe was trained on real clips under its own split."]
    assert "worth" not in "".join(learnt([compared(0.45, 0.46, unseen=0.40, half=math.nan)]))


def test_replicate_runs_a_recipe_and_its_twin_and_continues_where_it_stopped(tmp_path: Path) -> None:
    call = ("replicate", "000_1d", "--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.03", "--home", tmp_path)
    done = bench(*call)
    assert done.code == 0, done.err
    text = (tmp_path / "reports" / "published-systems.md").read_text()
    line, = (line for line in text.splitlines() if line.startswith("| 000_1d |"))
    assert "| 0.458 |" in line and "| 1 of 30 | 48 |" in line and "can't tell on synthetic clips and after 1 of 30 epochs" in line
    again = bench(*call)
    assert again.code == 0 and "seed 0" not in again.err
    assert (tmp_path / "reports" / "published-systems.md").read_text() == text


@pytest.mark.slow
def test_several_seeds_each_count_and_a_run_with_other_settings_or_of_another_corpus_does_not_take_the_rows_place(tmp_path: Path) -> None:
    small = ("--corpus", "synthetic[n_speakers=8,n_sentences=2]", "--home", tmp_path)
    assert bench("replicate", "000_1d", *small, "--epochs-scale", "0.03", "--seeds", "0", "1").code == 0
    before, = comparisons(tmp_path)
    assert before.shared is not None and before.unseen is not None and before.shared.row.seeds == 2
    measured, low, high = before.shared.figures["uar"]
    assert low <= measured <= high
    assert 0 < before.shared.confused[0][2] <= 2 * 29  # the 30 % of 96 clips, once a seed
    other = bench("replicate", "000_1d", *small, "--epochs-scale", "0.1", "--set", "training.optimizer=sgd")
    assert other.code == 0, other.err
    after, = comparisons(tmp_path)
    assert after.shared is not None and after.shared.row.seed_runs == before.shared.row.seed_runs
    assert other_settings(dataclasses.replace(after.shared.row, settings="--set training.optimizer=sgd --set training.epochs=3")) == \
        "training.optimizer=sgd"


@pytest.mark.slow
def test_what_was_trained_in_another_place_stays_in_the_page_and_is_marked(tmp_path: Path) -> None:
    small = ("--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.03", "--split", "random_70_30")
    there, here = tmp_path / "there", tmp_path / "here"
    assert bench("replicate", "000_1d", *small, "--home", there).code == 0
    (here / "reports").mkdir(parents=True)
    carried = here / "reports" / "published-systems.json"
    carried.write_text((there / "reports" / "published-systems.json").read_text())
    assert bench("replicate", "003_1d", *small, "--home", here).code == 0
    lines = [line for line in (here / "reports" / "published-systems.md").read_text().splitlines() if line.startswith("| 00")]
    earlier, = (line for line in (there / "reports" / "published-systems.md").read_text().splitlines() if line.startswith("| 000_1d"))
    assert [line.split(" | ")[0] for line in lines] == ["| 000_1d", "| 003_1d"]
    assert lines[0] == earlier.removesuffix(" |") + "; kept |" and "kept" not in lines[1]
    assert [each.kept for each in from_earlier_report(carried)] == [True, True]
    carried.write_text("[{}]")
    damaged = bench("report", "--home", here)
    assert damaged.code == 1 and "published-systems.json can't be read" in damaged.err and carried.read_text() == "[{}]"


def test_a_recipe_that_gives_nothing_is_named_with_code_1(tmp_path: Path) -> None:
    done = bench("replicate", "003_1d", "--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.003", "--home", tmp_path,
                 "--set", "training.learning_rate=1e30")
    assert done.code == 1 and "003_1d: no training finished" in done.err


def test_a_shorter_training_lowers_the_rate_at_the_same_share_of_it() -> None:
    asked = ReplicateOptions(["002_rezonet"], epochs_scale=0.1, corpus="synthetic")
    settings = _planned(asked, SYSTEMS["002"], "002_rezonet", Workspace(home=Path()))[-1]
    assert settings == {"training.epochs": 9, "training.drop_epochs": 5}


def test_a_wrong_share_or_system_is_told_before_anything_runs(tmp_path: Path) -> None:
    for words, said in ((["--epochs-scale", "0"], "must be in (0, 1], not 0.0"), (["005"], "no published system or recipe"),
                        (["000", "--set", "training.epoch=3", "--corpus", "synthetic"], "Did you mean 'training.epochs'"),
                        (["000", "--seeds", "0", "0"], "seeds must differ")):
        refused = bench("replicate", *words, "--home", tmp_path)
        assert refused.code == 2 and said in refused.err and not list(tmp_path.iterdir())
