"""A study can list recipes, each with its own training, augmentation and splits, and can train its finals without a search."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from calls import bench, study_file
from tiny_study import STUDY

from harness.data.corpora import Workspace, open_corpus
from harness.study.cells import plan
from harness.study.definition import Recipe, Study
from harness.study.files import chosen_study
from harness.study.settings import with_settings
from harness.study.trial import Training
from harness.tracking.store import Store
from harness.training.fit import fit, optimizer
from harness.training.network import augmented, build
from harness.training.run_trial import run_trial
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.gain import Gain
from registry.augmentations.mixup import Mixup
from registry.augmentations.noise import Noise
from registry.corpora.combined import Combined
from registry.errors import UsageError
from registry.splits.speaker_folds import SpeakerFolds

SPACE, NET, (RANDOM, UNSEEN) = STUDY.feature_spaces[0], STUDY.architectures[0], STUDY.splits
QUICK = Recipe(name="quick", feature_space=SPACE, architecture=NET, splits=(RANDOM,), training=Training(epochs=1))
NOISY = Recipe(name="noisy", feature_space=SPACE, architecture=NET, splits=(UNSEEN, RANDOM), training=Training(epochs=2, keep="last"),
               augmentation=Augmentation(copies=(Noise(), Gain()), on_the_fly=(FrequencyMask(width=1), Mixup())))
LISTED = Study(corpus=STUDY.corpus, recipes=(QUICK, NOISY), trials=0, seeds=(0,), measure_cost=False)
RECIPES = """
from harness.study.definition import Recipe, Study
from harness.study.trial import Training
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
LISTED = Study(corpus=STUDY.corpus, trials=0, seeds=(0,), measure_cost=False, recipes=tuple(
    Recipe(name=name, feature_space=STUDY.feature_spaces[0], architecture=STUDY.architectures[0], splits=STUDY.splits[:n],
           training=Training(epochs=n), augmentation=Augmentation(copies=(Gain(),) * (n - 1)))
    for n, name in ((1, "quick"), (2, "louder"))))
STUDY = LISTED
"""


def ignore(epoch: int, metrics: dict[str, float]) -> None:
    """Listen to no epoch."""


def test_each_recipe_is_a_cell_in_each_of_its_own_splits() -> None:
    cells = plan(LISTED, "clips")
    assert [(c.label, c.base.split, c.base.training.epochs) for c in cells] == [
        ("quick", RANDOM, 1), ("noisy", RANDOM, 2), ("noisy", UNSEEN, 2)]
    assert cells[1].base.cell_label.endswith(
        "plain_1d[filters=(4,), dense=()] × copies of noise+gain, on the fly frequency_mask[width=1]+mixup")


def test_a_study_lists_recipes_or_components_but_not_both() -> None:
    with pytest.raises(UsageError, match="recipes or feature_spaces and architectures and splits, not recipes and splits"):
        dataclasses.replace(LISTED, splits=STUDY.splits)
    with pytest.raises(UsageError, match="one is listed twice"):
        dataclasses.replace(LISTED, recipes=(QUICK, QUICK))


def test_augmentations_are_choices_of_a_study_like_any_other() -> None:
    study = dataclasses.replace(STUDY, augmentations=(Augmentation(), NOISY.augmentation))
    cells = plan(study, "clips")
    assert len(cells) == 2 * len(plan(STUDY, "clips")) and len({c.key for c in cells}) == len(cells)


def test_a_setting_reaches_the_fields_of_an_augmentation() -> None:
    changed = with_settings(plan(LISTED, "clips")[1].base, {"noise.highest_snr_db": 20.0, "mixup.alpha": 0.4})
    assert changed.augmentation.copies[0] == Noise(highest_snr_db=20.0) and changed.augmentation.on_the_fly[1] == Mixup(alpha=0.4)


@pytest.mark.slow
def test_recipes_are_run_by_name_without_a_search_and_only_their_finals_are_trained(tmp_path: Path) -> None:
    path = study_file(tmp_path, "trials=0", preamble=RECIPES)
    done = bench("run", "--study", path, "--home", tmp_path)
    assert done.code == 0, done.err
    records = Store(tmp_path).experiment("own").records("trial", "seed")
    assert sorted(r.name for r in records) == ["seed 0 louder random_80_20", "seed 0 louder unseen_speakers_80_20",
                                               "seed 0 quick random_80_20"]
    assert all(r.kind == "seed" and set(r.params) == {"recipe", "split", "seed"} for r in records)
    assert "**louder**: plain_1d" in (tmp_path / "reports" / "own.md").read_text()
    again = bench("run", "--study", path, "--home", tmp_path, "--cell", "louder", "--split", "random_80_20")
    assert again.code == 0 and len(Store(tmp_path).experiment("own").records("seed")) == 3  # known already


def test_another_split_takes_the_place_of_every_recipes_own(tmp_path: Path) -> None:
    path = study_file(tmp_path, "trials=0", preamble=RECIPES)
    study = chosen_study(str(path), splits=["speaker_folds[fold=2]"]).study
    assert [[split.fold for split in recipe.splits] for recipe in study.recipes] == [[2], [2]]


def test_copies_enlarge_the_training_part_alone_and_the_last_epoch_is_kept_where_asked(tmp_path: Path) -> None:
    trial = dataclasses.replace(plan(LISTED, open_corpus(STUDY.corpus, None).fingerprint)[1].base, opens_test=True)
    result = run_trial(trial, Workspace(home=tmp_path, workers=1), ignore)
    split = trial.split(open_corpus(STUDY.corpus, None))
    assert result.state == "finished" and result.best_epoch == 2
    assert result.counts == {**split.counts, "copies": 2 * len(split.train)}
    assert [len(result.predictions[part].clips) for part in ("validation", "test")] == [len(split.validation), len(split.test)]


def test_what_acts_on_the_fly_is_in_the_learner_and_not_in_the_kept_model() -> None:
    trial = plan(LISTED, "clips")[1].base
    x = np.random.default_rng(0).normal(size=(16, 31, 2)).astype(np.float32)
    model, _ = build(trial, x, 6)
    learner = augmented(model, trial)
    assert not {"FrequencyMask", "Mix"} & {type(layer).__name__ for layer in model.layers}
    assert np.allclose(learner.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    once, twice = (np.asarray(learner(x, training=True)) for _ in range(2))
    assert not np.allclose(once, twice)


def test_training_with_everything_on_the_fly_repeats_and_its_kept_model_is_clean() -> None:
    trial = plan(LISTED, "clips")[1].base
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(48, 31, 2)).astype(np.float32), np.arange(48) % 6
    first, second = (fit(trial, x, y, x[:12], y[:12], 6, ignore) for _ in range(2))
    assert first.history == second.history and len(first.history["train_loss"]) == 2
    assert np.array_equal(first.model.predict(x, verbose=0), second.model.predict(x, verbose=0))
    without = fit(dataclasses.replace(trial, augmentation=Augmentation()), x, y, x[:12], y[:12], 6, ignore)
    assert without.history["train_loss"] != first.history["train_loss"]


def test_the_step_schedule_multiplies_the_rate_after_every_so_many_epochs() -> None:
    training = Training(learning_rate=1e-2, schedule="step", drop_epochs=50, drop_factor=0.1, epochs=120)
    rate = optimizer(training, steps=3)._learning_rate
    assert [float(rate(3 * epoch)) for epoch in (0, 50, 51, 101)] == pytest.approx([1e-2, 1e-2, 1e-3, 1e-4])
    short = Training(learning_rate=1e-2, schedule="step", drop_epochs=50, epochs=10)
    assert float(optimizer(short, steps=3).learning_rate) == pytest.approx(1e-2)


def test_mixed_precision_computes_in_half_the_bits_and_leaves_nothing_behind() -> None:
    trial = plan(LISTED, "clips")[0].base
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 31, 2)).astype(np.float32), np.arange(24) % 6
    mixed = fit(dataclasses.replace(trial, training=Training(epochs=1, precision="mixed_bfloat16")), x, y, x, y, 6, ignore).model
    full = fit(trial, x, y, x, y, 6, ignore).model
    inner = [[layer.compute_dtype for layer in model.layers[-1].layers if "conv" in layer.name] for model in (mixed, full)]
    assert inner == [["bfloat16"], ["float32"]]
    assert mixed.predict(x, verbose=0).dtype == np.float32 and np.allclose(mixed.predict(x, verbose=0).sum(axis=1), 1, atol=1e-5)


def test_predictions_on_a_union_of_corpora_tell_the_corpus_of_each_clip(tmp_path: Path, real_corpora: Path) -> None:
    loader = Combined(corpora=("savee", "synthetic"))
    trial = dataclasses.replace(plan(LISTED, "clips")[0].base, corpus=loader, split=SpeakerFolds(),
                                corpus_fingerprint=open_corpus(loader, real_corpora).fingerprint)
    result = run_trial(trial, Workspace(home=tmp_path, data=real_corpora, workers=1), ignore)
    assert result.state == "finished", result.reason
    about = result.predictions["validation"].about
    assert all(speaker.startswith(f"{corpus}/") for corpus, speaker in zip(about["corpus"], about["speaker"], strict=True))
