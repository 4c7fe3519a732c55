"""Each cell is compared under protocols of the same clips, settings, copies and seeds."""

from __future__ import annotations

import dataclasses

import pytest
from tiny_study import STUDY

from harness.analyses.leakage.plan import PlannedCell, parts, planned_cells, protocols
from harness.data.corpora import open_corpus
from harness.study.cells import plan
from harness.study.definition import Recipe, Study
from harness.study.trial import Training
from harness.tracking.run_record import RunRecord
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
from registry.augmentations.noise import Noise
from registry.corpora.synthetic import Synthetic
from registry.errors import UsageError
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_sentences import UnseenSentences
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

LOADER = Synthetic(n_speakers=3, n_sentences=2)
CORPUS = open_corpus(LOADER, None)


def test_a_studys_own_random_split_has_its_twins_and_80_20_stands_in() -> None:
    own = dataclasses.replace(STUDY, splits=(Random7030(seed=3),))
    assert protocols(own) == (UnseenSpeakers7030(seed=3), UnseenSentences(seed=3), Random7030(seed=3))
    assert protocols(dataclasses.replace(STUDY, splits=(UnseenSentences(),)))[2] == Random8020()


def test_unseen_speakers_alone_have_the_random_twin_of_their_proportions() -> None:
    own = dataclasses.replace(STUDY, splits=(UnseenSpeakers7030(seed=3),))
    assert protocols(own) == (UnseenSpeakers7030(seed=3), UnseenSentences(seed=3), Random7030(seed=3))


def cells(study: Study, copies: tuple[object, ...] = (Noise(),)) -> list[PlannedCell]:
    return planned_cells(study, plan(study, "clips"), copies)


ONE = dataclasses.replace(STUDY, architectures=STUDY.architectures[:1])
OWN_COPIES = dataclasses.replace(ONE, augmentations=(Augmentation(copies=(Gain(), Gain())),))


def test_a_cell_without_copies_gets_them_after_the_split_under_both_protocols_and_once_before_it() -> None:
    honest, before = parts(ONE, cells(ONE), CORPUS)
    assert [([split.name for split in r.splits], r.augmentation.label) for r in honest.recipes] == [
        (["unseen_speakers_80_20", "unseen_sentences", "random_80_20"], ""), (["unseen_speakers_80_20", "random_80_20"], "copies of noise")]
    assert before.corpus.augmentation == Augmentation(copies=(Noise(),)) and before.recipes[0].augmentation == Augmentation()
    assert (honest.trials, before.trials, honest.best_models, before.seeds) == (0, 0, 0, STUDY.seeds)


def test_a_cell_with_copies_of_its_own_keeps_them_and_needs_no_others() -> None:
    honest, before = parts(OWN_COPIES, cells(OWN_COPIES), CORPUS)
    assert [(len(r.splits), r.augmentation.label) for r in honest.recipes] == [(3, "copies of gain+gain")]
    assert before.corpus.augmentation == Augmentation(copies=(Gain(), Gain()))


def test_without_copies_only_the_honest_protocols_are_trained() -> None:
    honest, = parts(ONE, cells(ONE, ()), CORPUS)
    assert [[split.name for split in recipe.splits] for recipe in honest.recipes] == [
        ["unseen_speakers_80_20", "unseen_sentences", "random_80_20"]]


def test_known_speakers_are_a_recipe_of_the_same_name_that_standardises_within_them() -> None:
    known = {"known:1:": KnownSpeakers(protocol=UnseenSpeakers7030(), enrolment=1)}
    honest, = parts(ONE, cells(ONE, ()), CORPUS, known)
    plain, twin = honest.recipes
    assert twin == dataclasses.replace(plain, splits=tuple(known.values()), feature_space=dataclasses.replace(
        plain.feature_space, normalise="per_speaker"))
    assert len(parts(OWN_COPIES, cells(OWN_COPIES), CORPUS, known)[0].recipes) == 1, "copies have no statistics within a speaker"


def final(split: str, augmentation: str = "") -> RunRecord:
    return RunRecord("f", "", "final", "finished", {}, {}, {"bench.split": split, "bench.augmentation": augmentation})


def test_the_finals_of_a_cell_with_copies_stand_for_the_protocols_with_and_without_copies() -> None:
    bare, own = cells(ONE)[0], cells(OWN_COPIES)[0]
    assert [bare.stands_for(final("random_70_30[seed=3]", label)) for label in ("", "copies of noise")] == ["random", "after"]
    assert [bare.stands_for(final("unseen_speakers_80_20", label)) for label in ("", "copies of noise")] == ["speakers", "copied"]
    assert [own.stands_for(final(split, "copies of gain+gain")) for split in ("random_80_20", "unseen_speakers_80_20", "unseen_sentences")
            ] == ["random after", "speakers copied", "sentences"]
    assert own.stands_for(final("augmented_before_split[split=random_80_20]")) == "before"


def test_comparisons_are_distinguished_by_settings_clips_copies_and_seeds_and_not_by_names() -> None:
    longer = dataclasses.replace(ONE, training=Training(epochs=9))
    identities = [cells(study, copies)[0].identity for study, copies in (
        (ONE, (Noise(),)), (longer, (Noise(),)), (ONE, (Gain(),)), (dataclasses.replace(ONE, seeds=(5,)), (Noise(),)))]
    identities.append(planned_cells(ONE, plan(ONE, "other clips"), (Noise(),))[0].identity)
    assert len(set(identities)) == 5 and identities[0] == cells(ONE)[0].identity
    spaces = tuple(dataclasses.replace(ONE.feature_spaces[0], duration_s=seconds) for seconds in (1.0, 1.004))
    alike = [Recipe(name="net", feature_space=space, architecture=ONE.architectures[0], splits=ONE.splits) for space in spaces]
    named = cells(dataclasses.replace(ONE, feature_spaces=(), architectures=(), splits=(), recipes=tuple(alike)))
    assert [cell.name for cell in named] == ["net", "net (2)"] and named[0].identity != named[1].identity


def test_a_setting_of_a_split_is_refused_since_protocols_would_draw_differently() -> None:
    with pytest.raises(UsageError, match="write them in the study"):
        planned_cells(ONE, plan(ONE, "clips", {"split.seed": 3}), (Noise(),))
