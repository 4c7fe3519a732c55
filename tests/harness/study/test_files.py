"""Studies are loaded by name or path; labels on the command line stand for the study's own components first."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import TINY, study_file
from listed_recipes import RECIPES
from tiny_study import STUDY

from harness.study.files import chosen_study, load, parse_component, parse_value
from registry.architectures.plain_1d import Plain1D
from registry.core import short_label
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError, UsageError
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.random_70_30 import Random7030
from registry.splits.speaker_folds import SpeakerFolds


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


def test_labels_of_the_study_s_own_corpus_and_splits_choose_these(tmp_path: Path) -> None:
    (tmp_path / "halves.py").write_text("from registry.core import register\n@register('halves')\nclass Halves:\n    share: float = 0.5\n")
    file = study_file(tmp_path, f"splits=(*STUDY.splits, get('splits', {str(tmp_path / 'halves.py')!r})(share=0.4), SpeakerFolds(fold=3))",
                      preamble="from registry.core import get\nfrom registry.splits.speaker_folds import SpeakerFolds")
    labels = ["halves[share=0.4]", "speaker_folds[fold=3]", "speaker_folds[fold=2]"]
    for corpus in ("synthetic", "synthetic[n_speakers=4, n_sentences=2]"):
        chosen = chosen_study(str(file), corpus=corpus, splits=labels).study
        assert chosen.corpus == Synthetic(n_speakers=4, n_sentences=2) and [short_label(split) for split in chosen.splits] == labels
    assert chosen_study(str(file), corpus="synthetic[n_speakers=6]").study.corpus == Synthetic(n_speakers=6)


def test_a_comma_inside_a_tuple_parts_no_fields() -> None:
    assert parse_component("architectures", "plain_1d[filters=(4, 8), dense=()]") == Plain1D(filters=(4, 8), dense=())


def test_another_split_takes_the_place_of_every_recipes_own(tmp_path: Path) -> None:
    path = study_file(tmp_path, "trials=0", preamble=RECIPES)
    study = chosen_study(str(path), splits=["speaker_folds[fold=2]"]).study
    assert [[split.fold for split in recipe.splits] for recipe in study.recipes] == [[2], [2]]


def test_recipes_that_differ_in_their_splits_alone_are_one_under_another_split(tmp_path: Path) -> None:
    twice = ("from dataclasses import replace\nfrom harness import Recipe\nfrom registry.splits.known_speakers import KnownSpeakers\n"
             "PAIR = Recipe(feature_space=STUDY.feature_spaces[0], architecture=STUDY.architectures[0], splits=STUDY.splits[:1])")
    path = study_file(tmp_path, "feature_spaces=(), architectures=(), splits=(), recipes=(PAIR, replace(PAIR, splits=(KnownSpeakers(),)))",
                      preamble=twice)
    assert len(chosen_study(str(path)).study.recipes) == 2
    study = chosen_study(str(path), splits=["known_speakers"]).study
    assert [recipe.splits for recipe in study.recipes] == [(KnownSpeakers(),)]


@pytest.mark.parametrize("protocol", [
    KnownSpeakers(), KnownSpeakers(protocol=Random7030()), KnownSpeakers(enrolment=5, protocol=Random7030(seed=1), emotions=("NEU", "SAD")),
    KnownSpeakers(protocol=SpeakerFolds(fold=2), seed=3)], ids=short_label)
def test_a_protocol_with_another_in_it_is_read_as_reports_write_it(protocol: KnownSpeakers) -> None:
    assert parse_component("splits", short_label(protocol)) == protocol


def test_a_wrong_protocol_within_another_is_an_error_with_the_near_names() -> None:
    with pytest.raises(UsageError, match="Did you mean 'random_70_30'"):
        parse_component("splits", "known_speakers[protocol=random_7030]")
