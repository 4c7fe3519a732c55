"""A study is checked as a whole before anything runs, and a trial's signature covers all that changes its numbers and no more."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from calls import TINY
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from tiny_study import STUDY

from harness.data.corpora import Workspace
from harness.study.cells import plan
from harness.study.definition import Study
from harness.study.files import chosen_study, load, parse_component, parse_value
from harness.study.seeds import seed_for
from harness.study.settings import setting_value, settings_of, with_settings
from harness.study.trial import Training, Trial
from registry.architectures.residual_2d import Residual2D
from registry.errors import BenchError, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc

TRIAL = plan(STUDY, "clips")[0].base


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


@pytest.mark.parametrize(("field", "value"), [
    ("learning_rate", 0.0), ("batch_size", 0), ("epochs", -1), ("early_stopping", 0), ("label_smoothing", 1.0), ("weight_decay", -0.1)])
def test_training_refuses_values_that_mean_nothing_and_names_the_setting(field: str, value: float) -> None:
    with pytest.raises(BenchError, match=f"training.{field}.*{value}"):
        Training(**{field: value})  # type: ignore[arg-type]


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


def test_a_setting_is_reached_by_its_part_or_by_its_component_s_name() -> None:
    for setting, value in (("training.epochs", 7), ("feature_space.trim_db", 30.0), ("architecture.filters", (9,)),
                           ("plain_1d.filters", (9,)), ("split.seed", 7), ("random_80_20.seed", 7), ("energy.hop_length", 256)):
        changed = with_settings(TRIAL, {setting: value})
        assert setting_value(changed, setting) == value and setting in settings_of(TRIAL)
        assert changed.signature != TRIAL.signature
    assert with_settings(TRIAL, {"mel.n_mels": 40}) == TRIAL


@pytest.mark.parametrize("change", [
    {"corpus_fingerprint": "other clips"}, {"seed": 1}, {"opens_test": True}, {"backend": "jax"}, {"architecture": Residual2D()},
    {"corpus": dataclasses.replace(STUDY.corpus, seed=1)}, {"split": STUDY.splits[1]},
    {"training": dataclasses.replace(STUDY.training, epochs=3)}, {"training": dataclasses.replace(STUDY.training, class_weights=True)},
    {"training": dataclasses.replace(STUDY.training, optimizer="sgd")},
    {"feature_space": dataclasses.replace(TRIAL.feature_space, normalise="none")}])
def test_whatever_changes_a_trial_s_numbers_changes_its_signature(change: dict[str, Any]) -> None:
    assert dataclasses.replace(TRIAL, **change).signature != TRIAL.signature


def test_an_equal_trial_has_the_same_signature_also_in_another_process_and_after_pickling() -> None:
    program = f"import sys; sys.path.insert(0, {str(TINY.parent)!r})\nfrom tiny_study import STUDY\nfrom harness.study import plan\n" \
              "print(plan(STUDY, 'clips')[0].base.signature)"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120).stdout.strip()
    assert other == TRIAL.signature == plan(STUDY, "clips")[0].base.signature
    again = pickle.loads(pickle.dumps(TRIAL))
    assert again == TRIAL and again.signature == TRIAL.signature and len(TRIAL.signature) == 16


def test_where_and_how_the_work_is_done_is_no_part_of_a_trial() -> None:
    fields = {field.name for field in dataclasses.fields(Workspace)}
    assert fields == {"home", "data", "workers", "left_out"}
    assert not fields & set(TRIAL.configuration)
    assert fields.isdisjoint(field.name for field in dataclasses.fields(Trial))


def test_a_whole_number_and_its_float_are_the_same_setting() -> None:
    one, other = (with_settings(TRIAL, {"training.learning_rate": value}) for value in (1, 1.0))
    assert one is not None and other is not None and one.signature == other.signature


def test_seeds_differ_by_work_and_by_purpose_and_fit_31_bits() -> None:
    seeds = {seed_for(signature, purpose) for signature in ("a", "b", "c") for purpose in ("training", "proposal 1", "proposal 2")}
    assert len(seeds) == 9 and all(0 <= seed < 2**31 for seed in seeds)
    assert seed_for("a", "training") == seed_for("a", "training")


def test_a_study_is_loaded_by_path_with_what_the_command_line_changes() -> None:
    file = chosen_study(str(TINY), corpus="synthetic[n_speakers=6]", splits=["speaker_folds[fold=2]"], trials=5, seeds=[7])
    assert file.name == "tiny_study"
    assert (file.study.trials, file.study.seeds, file.study.corpus.n_speakers) == (5, (7,), 6)
    assert chosen_study(str(TINY), corpus="synthetic").study.corpus == STUDY.corpus  # the study's own, not another with defaults
    assert [(type(split).__name__, split.fold) for split in file.study.splits] == [("SpeakerFolds", 2)]


def test_a_study_file_that_defines_no_study_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text('"""Nothing."""\n')
    with pytest.raises(BenchError, match=r"empty\.py defines no STUDY"):
        load(str(tmp_path / "empty.py"))


def test_values_on_the_command_line_are_python_literals_or_the_text_itself() -> None:
    assert [parse_value(text) for text in ("3", "0.5", "(4, 8)", "None", "True", "sgd")] == [3, 0.5, (4, 8), None, True, "sgd"]


def test_a_study_has_defaults_that_can_be_run() -> None:
    study = Study(corpus=STUDY.corpus, feature_spaces=STUDY.feature_spaces, architectures=STUDY.architectures, splits=STUDY.splits,
                  search={"training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True)})
    assert [cell.base.training for cell in plan(study, "clips")] == [Training()] * 4


def test_settings_of_one_component_are_changed_together_in_any_order() -> None:
    both = {"mfcc.n_mfcc": 30, "mfcc.n_mels": 40}
    trial = dataclasses.replace(TRIAL, feature_space=FeatureSpace(features=(Mfcc(n_mfcc=13, n_mels=20),), join="channels"))
    for settings in (both, dict(reversed(both.items()))):
        changed = with_settings(trial, settings).feature_space.features[0]
        assert changed == Mfcc(n_mfcc=30, n_mels=40)


def test_a_split_is_listed_and_never_searched() -> None:
    with pytest.raises(UsageError, match="a split is not searched"):
        plan(dataclasses.replace(STUDY, search={"split.seed": IntDistribution(1, 9)}), "clips")


def test_a_choice_that_optuna_can_not_store_is_refused_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="a choice must be a number"):
        plan(dataclasses.replace(STUDY, search={"architecture.filters": CategoricalDistribution([(4,), (8,)])}), "clips")


def test_a_component_listed_twice_or_not_made_is_refused() -> None:
    with pytest.raises(UsageError, match="listed twice"):
        dataclasses.replace(STUDY, splits=(STUDY.splits[0], STUDY.splits[0]))
    with pytest.raises(UsageError, match="must hold components"):
        dataclasses.replace(STUDY, splits=(type(STUDY.splits[0]),))
