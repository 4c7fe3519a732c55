"""Rows of one label show in what they differ, and their commands make exactly these rows."""

from __future__ import annotations

import dataclasses
import json
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from calls import TINY
from made_records import figures, final
from tiny_trial import CORPUS

from harness.cli import options
from harness.cli.entry import parser
from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.row_names import distinct, fixed_settings, flat, option_of, read_rows
from harness.evaluation.rows import Row, rows
from harness.reports.leaderboard_section import command
from harness.study import files
from harness.study.cells import Cell, chosen_cells, plan
from harness.study.definition import Recipe, Study
from harness.study.files import StudyFile, chosen_study, load_study
from harness.study.trial import Training, Trial
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from registry.architectures.plain_1d import Plain1D
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
from registry.core import short_label
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy

STUDY = dataclasses.replace(load_study(TINY), search={}, architectures=load_study(TINY).architectures[:1])


def made(*studies: Study) -> list[Row]:
    """The rows of the cells of several versions of a study, as their runs are recorded; nothing is trained."""
    trials = [(cell, dataclasses.replace(cell.base, opens_test=True)) for study in studies for cell in plan(study, CORPUS.fingerprint)]
    records = [each for cell, trial in trials for each in made_final(cell, trial)]
    records = [dataclasses.replace(each, params={"seed": "0"}) for each in records]
    configurations = {cell.key: trial.configuration for cell, trial in trials}
    found = rows(records)
    calls = [[cell.key for cell in plan(study, CORPUS.fingerprint)] for study in studies]
    return distinct(found, {row.cell: fixed_settings(row, records, configurations[row.cell]) for row in found}, {}, calls)


def made_final(cell: Cell, trial: Trial) -> list[RunRecord]:
    return final(cell.key, (0.5,), 0.1, **{name: text for name, text in tags_of(cell, trial).to_tags().items() if name != "cell"})


def tags_of(cell: Cell, trial: Trial) -> RunTags:
    return RunTags(feature_space=trial.feature_space.label, architecture=short_label(trial.architecture), split=short_label(trial.split),
                   augmentation=trial.augmentation.label, corpus="synthetic", corpus_label=short_label(trial.corpus),
                   corpus_fingerprint=CORPUS.fingerprint[:16], coverage=CORPUS.coverage, synthetic=True, shares_speakers=True,
                   epochs=trial.training.epochs, backend=trial.backend, cell=cell.key, recipe=cell.recipe, study_file=str(TINY))


def keys_of(line: str) -> list[str]:
    """The keys of the cells that a command runs."""
    args = parser().parse_args(shlex.split(line)[1:])
    file = chosen_study(args.study, corpus=args.corpus, splits=args.split, trials=args.trials, seeds=args.seeds)
    return [cell.key for cell in chosen_cells(plan(file.study, CORPUS.fingerprint, options.settings(args)), args.cell)]


def test_rows_before_and_after_an_edit_of_the_study_show_the_setting_and_their_commands_make_them() -> None:
    edited = dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, epochs=3, optimizer="sgd"))
    found = made(STUDY, edited)
    random = [row for row in found if row.split == "random_80_20"]
    assert {row.apart for row in random} == {"--set training.epochs=2 --set training.optimizer=adam",
                                             "--set training.epochs=3 --set training.optimizer=sgd"}
    assert len({command("tiny_study", row) for row in found}) == 4
    for row in found:
        assert keys_of(command("tiny_study", row)) == [row.cell]


def test_a_setting_that_configurations_leave_out_at_its_default_distinguishes_rows_too() -> None:
    found = made(STUDY, dataclasses.replace(STUDY, training=dataclasses.replace(STUDY.training, target="votes")))
    assert {row.apart for row in found} == {"--set training.target=intent", "--set training.target=votes"}
    for row in found:
        assert keys_of(command("tiny_study", row)) == [row.cell]


def test_hundreds_of_folds_that_one_call_ran_are_compared_in_no_time() -> None:
    """91 folds of ten cells are 910 rows, of which no two came from other versions of the study."""
    folds = [row for cell in range(10) for row in rows(final(f"n{cell}", (0.5,), 0.1, recipe=f"n{cell}"))]
    found = [dataclasses.replace(row, cell=f"{row.cell}-{fold}", split=f"loso[fold={fold}]") for row in folds for fold in range(91)]
    settings = {f"training.{number}": "1" for number in range(30)}
    fixed = {row.cell: {**settings, "architecture.component": row.recipe, "split.component": "loso"} for row in found}
    began = time.process_time()
    apart = distinct(found, fixed, {}, [{row.cell for row in found}])
    assert time.process_time() - began < 2 and not any(row.apart or row.settings_of_label for row in apart)


def test_a_row_that_was_not_made_again_after_an_edit_says_how_it_was_trained_too() -> None:
    """One protocol before the edit, the other after it: the labels differ in nothing, and neither command may make the other's row."""
    first = dataclasses.replace(STUDY, splits=STUDY.splits[:1])
    second = dataclasses.replace(STUDY, splits=STUDY.splits[1:], training=dataclasses.replace(STUDY.training, epochs=7))
    found = made(first, second)
    assert [row.apart for row in found] == ["--set training.epochs=2", "--set training.epochs=7"]
    assert [keys_of(command("tiny_study", row)) for row in found] == [[row.cell] for row in found]


@pytest.mark.parametrize(("before", "after"), [
    ({"architectures": (Plain1D(filters=(4,)),)}, {"architectures": (Plain1D(filters=(4, 8)),)}),
    ({"feature_spaces": (FeatureSpace(features=(Energy(),), join="channels", duration_s=1.0),)},
     {"feature_spaces": (FeatureSpace(features=(Energy(frame_length=2048),), join="channels", duration_s=2.0),)}),
    ({"augmentations": (Augmentation(copies=(Gain(),)),)}, {"augmentations": (Augmentation(copies=(Gain(lowest_factor=0.7),)),)}),
    ({"architectures": (Plain1D(), Plain1D(filters=(4,)))}, {"architectures": (Plain1D(), Plain1D(filters=(8,)))}),
])
def test_rows_whose_labels_show_the_edit_are_made_by_their_commands_whichever_version_of_the_study_lies_there(
        monkeypatch: pytest.MonkeyPatch, before: dict[str, Any], after: dict[str, Any]) -> None:
    versions = [dataclasses.replace(STUDY, splits=STUDY.splits[:1], **fields) for fields in (before, after)]
    for row in made(*versions):
        assert row.apart == ""
        for version in versions:
            monkeypatch.setattr(files, "load", lambda source, version=version: StudyFile("tiny_study", "", source, version))
            assert keys_of(command("tiny_study", row)) == [row.cell]


def test_rows_that_one_call_ran_need_no_more_than_their_labels() -> None:
    one = dataclasses.replace(STUDY, architectures=(Plain1D(), Plain1D(filters=(4,))))
    assert not any("--set" in command("tiny_study", row) for row in made(one))


def test_rows_of_one_study_without_edits_have_their_labels_alone() -> None:
    assert [row.apart for row in made(STUDY)] == ["", ""]


def test_recipes_of_one_name_that_hold_other_components_say_so_and_that_no_option_sets_them() -> None:
    space, random = STUDY.feature_spaces[0], STUDY.splits[:1]
    one = Study(corpus=STUDY.corpus, recipes=(Recipe(name="mine", feature_space=space, architecture=Plain1D(filters=(4,)), splits=random),))
    wider = Recipe(name="mine", feature_space=space, architecture=Plain1D(filters=(8, 8)), splits=random, training=Training(epochs=4))
    found = made(one, dataclasses.replace(one, recipes=(wider,)))
    assert {row.name for row in found} == {"mine --set 'architecture.filters=[4]' --set training.epochs=30",
                                           "mine --set 'architecture.filters=[8, 8]' --set training.epochs=4"}
    bare = dataclasses.replace(one.recipes[0], feature_space=dataclasses.replace(space, features=space.features[:1]))
    with_energy, without = sorted(made(one, dataclasses.replace(one, recipes=(bare,))), key=lambda row: not row.otherwise)
    assert with_energy.otherwise == ("feature_space.features.1=energy",) and without.name == "mine"


def test_the_configurations_of_a_store_tell_its_rows_apart(tmp_path: Path) -> None:
    """Both rows were made by commands without `--set`, before and after an edit of the study file."""
    tracker = Store(tmp_path).experiment("tiny_study")
    for epochs in (2, 3):
        cell, _ = plan(dataclasses.replace(STUDY, training=Training(epochs=epochs)), CORPUS.fingerprint)
        tags = dataclasses.replace(tags_of(cell, cell.base), signature=cell.base.signature, signatures=(cell.base.signature,))
        for kind in ("seed", "final"):
            run = tracker.start(kind, kind, None, tags, {"seed": 0})
            (tmp_path / "configuration.json").write_text(json.dumps(cell.base.configuration))
            tracker.client.log_artifact(run, str(tmp_path / "configuration.json"))
            tracker.log_metrics(run, figures(0.5, 1.0))
            tracker.end(run, "finished")
    assert {row.apart for row in read_rows(tracker)} == {"--set training.epochs=2", "--set training.epochs=3"}


def test_a_searched_setting_distinguishes_nothing_but_where_the_search_began() -> None:
    started = [rows(final(cell, (0.5,), 0.1, architecture="net"))[0] for cell in ("aaaa", "bbbb")]
    fixed = {cell: {"architecture.component": "net", "training.learning_rate": "searched"} for cell in ("aaaa", "bbbb")}
    starts = {"aaaa": {"training.learning_rate": "0.01"}, "bbbb": {"training.learning_rate": "0.02"}}
    assert [row.apart for row in distinct(started, fixed, starts)] == ["(search from training.learning_rate=0.01)",
                                                                        "(search from training.learning_rate=0.02)"]
    assert [row.apart for row in distinct(started, fixed, {})] == ["(cell aaaa)", "(cell bbbb)"]


def test_a_setting_that_one_row_searched_and_another_fixed_is_told_of_both() -> None:
    found = [rows(final(cell, (0.5,), 0.1, architecture="net"))[0] for cell in ("aaaa", "bbbb")]
    fixed = {"aaaa": {"training.learning_rate": "searched"}, "bbbb": {"training.learning_rate": "0.02"}}
    assert [row.apart for row in distinct(found, fixed, {})] == ["(training.learning_rate searched)", "--set training.learning_rate=0.02"]


def test_versions_of_components_and_of_the_numbers_are_told_in_words() -> None:
    found = [rows(final(cell, (0.5,), 0.1, architecture="net"))[0] for cell in ("aaaa", "bbbb")]
    fixed = {"aaaa": {"architecture.component": "net", "architecture.version": "1", "numbers_version": "1"},
             "bbbb": {"architecture.component": "net", "architecture.version": "2", "numbers_version": "2"}}
    apart = distinct(found, fixed, {})
    assert [row.apart for row in apart] == ["(architecture.version=1, numbers_version=1)", "(architecture.version=2, numbers_version=2)"]


def test_a_setting_of_the_call_stands_once_and_the_row_without_it_has_its_own_value() -> None:
    found = [*rows(final("aaaa", (0.5,), 0.1, architecture="net")),
             *rows(final("bbbb", (0.5,), 0.1, architecture="net", settings="--set training.epochs=5"))]
    fixed = {"aaaa": {"training.epochs": "30"}, "bbbb": {"training.epochs": "5"}}
    assert [row.settings for row in distinct(found, fixed, {})] == ["--set training.epochs=30", "--set training.epochs=5"]


@pytest.mark.parametrize(("name", "option"), [
    ("training.epochs", "training.epochs"), ("feature_space.features.1.n_mels", "mel.n_mels"), ("feature_space.features.0.hop_length", ""),
    ("augmentation.copies.0.lowest_snr_db", "noise.lowest_snr_db"), ("augmentation.pad_first", ""), ("corpus.n_speakers", ""),
    ("architecture.component", ""), ("numbers_version", "")])
def test_what_set_can_change_alone_has_an_option(name: str, option: str) -> None:
    """Both features have a `hop_length` under the name `mel`, with two values: `--set mel.hop_length` would set both."""
    settings = flat({"training": {"epochs": 3}, "feature_space": {"features": [{"component": "mel", "hop_length": 1},
                                                                               {"component": "mel", "hop_length": 2, "n_mels": 40}]},
                     "augmentation": {"pad_first": False, "copies": [{"component": "noise", "lowest_snr_db": 5.0}]},
                     "corpus": {"component": "synthetic", "n_speakers": 4}, "architecture": {"component": "net"}, "numbers_version": 2})
    assert option_of(name, settings) == option


def test_leaderboards_of_corpora_of_one_name_and_size_say_which() -> None:
    def boards(*tags: dict[str, str]) -> list[str]:
        records = [record for i, each in enumerate(tags) for record in final(f"c{i}", (0.5,), 0.1, **each)]
        return [board.corpus for board in leaderboards(rows(records), {})]

    a, b = {"corpus_fingerprint": "a" * 16}, {"corpus_fingerprint": "b" * 16}
    size = "5,885 of 7,442 clips: partial"
    assert boards(a) == [f"crema_d, {size}"]
    assert boards(a, b) == [f"crema_d, {size}, fingerprint aaaaaaaa", f"crema_d, {size}, fingerprint bbbbbbbb"]
    assert boards(a | {"corpus_label": "crema_d[speakers=4]"}, b) == [f"crema_d[speakers=4], {size}", f"crema_d, {size}"]
