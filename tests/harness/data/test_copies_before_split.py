"""Copies before the split, the mistake itself: it is what it says, and no study but that of `bench leakage` can hold it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from calls import bench, study_file
from tiny_study import STUDY

from harness.data.augmented_copies import copies
from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst, original_id
from harness.data.corpora import open_corpus
from harness.data.features import features, padded_samples
from harness.study.files import parse_component
from registry.augmentation import Augmentation
from registry.augmentations.copypaste import CopyPaste
from registry.augmentations.gain import Gain
from registry.augmentations.noise import Noise
from registry.augmentations.time_shift import TimeShift
from registry.corpora.synthetic import Synthetic
from registry.corpus import Corpus
from registry.errors import Declined, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.splits.random_80_20 import Random8020

LOADER = Synthetic(n_speakers=3, n_sentences=2)
CORPUS = open_corpus(LOADER, None)


def copied_first(space: FeatureSpace, augmentation: Augmentation) -> Corpus:
    return open_corpus(made_first(space, augmentation), None)


def made_first(space: FeatureSpace, augmentation: Augmentation) -> AugmentedFirst:
    return AugmentedFirst(corpus=LOADER, augmentation=augmentation, sample_rate=space.sample_rate, samples=padded_samples(CORPUS, space),
                          trim_db=space.trim_db)


@pytest.mark.parametrize(("space", "pad_first"), [
    (FeatureSpace(features=(Energy(),), join="channels", duration_s=0.5), False),
    (FeatureSpace(features=(Energy(),), join="channels", duration_s=3.0, sample_rate=8_000), True),
    (FeatureSpace(features=(Energy(),), join="channels", duration_s=None, trim_db=20.0), False)])
def test_the_copies_are_those_that_are_made_of_training_clips_elsewhere_but_of_every_clip(
        space: FeatureSpace, pad_first: bool, tmp_path: Path) -> None:
    augmentation = Augmentation(copies=(Noise(), TimeShift(), Noise(), *(() if pad_first else (CopyPaste(),))), pad_first=pad_first)
    honest = copies(CORPUS, np.arange(len(CORPUS)), space, augmentation, 0, tmp_path, workers=1)
    first = made_first(space, augmentation)
    corpus = open_corpus(first, None)
    assert len(corpus) == (1 + len(augmentation.copies)) * len(CORPUS)
    assert [clip.id for clip in corpus.clips] == sorted(clip.id for clip in corpus.clips)
    values = features(corpus, first.untrimmed(space), tmp_path, workers=1)
    place = {clip.id: i for i, clip in enumerate(corpus.clips)}
    for number, array in enumerate([features(CORPUS, space, tmp_path, workers=1), *honest]):
        ids = [f"{clip.id}~{number}" if number else clip.id for clip in CORPUS.clips]
        assert np.array_equal(values[[place[name] for name in ids]], array)


def test_the_wrong_protocol_scores_the_very_clips_of_the_random_one_and_trains_on_copies_of_all_parts_but_on_no_more() -> None:
    corpus, honest = copied_first(STUDY.feature_spaces[0], Augmentation(copies=(Gain(), Noise()))), Random8020()(CORPUS)
    split = AugmentedBeforeSplit(split=Random8020())(corpus)
    ids = {part: [corpus.clips[i].id for i in getattr(split, part)] for part in ("train", "validation", "test")}
    assert ids["test"] == [CORPUS.clips[i].id for i in honest.test]
    assert ids["validation"] == [CORPUS.clips[i].id for i in honest.validation]
    originals = {CORPUS.clips[i].id for i in honest.train}
    assert originals < set(ids["train"]) and len(set(ids["train"])) == len(ids["train"]) == 3 * len(honest.train)
    emotions = np.bincount(CORPUS.labels[honest.train])
    for place in ("1", "2"):
        drawn = [i for i in split.train if corpus.clips[i].id.endswith(f"~{place}")]
        assert np.array_equal(np.bincount(corpus.labels[drawn]), emotions), "as many copies of each emotion as after the split"
    assert {original_id(corpus.clips[i]) for i in split.train} & set(ids["test"]), "and copies of test clips are among them"
    assert sorted(np.concatenate([split.train, split.validation, split.test, split.left_out])) == list(range(len(corpus)))


def test_no_name_stands_for_the_wrong_corpus_and_protocol() -> None:
    for kind, name in (("corpora", "augmented_first"), ("splits", "augmented_before_split")):
        with pytest.raises(UsageError, match=f"is called '{name}'"):
            parse_component(kind, name)
    with pytest.raises(Declined, match="it holds no copies"):
        AugmentedBeforeSplit(split=Random8020())(CORPUS)


@pytest.mark.parametrize("changes", [
    "corpus=AugmentedFirst(corpus=STUDY.corpus, augmentation=Augmentation(copies=(Gain(),)), sample_rate=16000, samples=16000)",
    "splits=(AugmentedBeforeSplit(split=STUDY.splits[0]),)"])
@pytest.mark.parametrize("command", [("run",), ("run", "--dry-run"), ("leakage",)])
def test_a_study_with_the_wrong_corpus_or_protocol_is_refused(tmp_path: Path, command: tuple[str, ...], changes: str) -> None:
    own = study_file(tmp_path, changes, preamble="from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst\n"
                     "from registry.augmentation import Augmentation\nfrom registry.augmentations.gain import Gain")
    outcome = bench(*command, "--study", own, "--home", tmp_path / "home")
    assert outcome.code == 2 and "copies test clips into training: only `bench leakage` runs it" in outcome.err
    assert not (tmp_path / "home").exists(), "nothing was run"
