"""Validation folds divide training and validation clips, never test clips, and keep apart what their protocol keeps apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from registry.core import get, names
from registry.corpora.synthetic import Synthetic
from registry.corpus import Corpus
from registry.errors import BenchError, Declined
from registry.splits.given import Given
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.leave_one_session_out import LeaveOneSessionOut
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_sentences import UnseenSentences
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020
from registry.validation_fold import ValidationFold, kept_apart, validation_folds

TWELVE = Synthetic(n_speakers=12, n_sentences=4).load()


def with_columns(corpus: Corpus, **columns: Any) -> Corpus:
    """The corpus with other fields of its clips, each from the clip's place among the speakers."""
    order = sorted(set(corpus.speakers.tolist()))
    clips = [dataclasses.replace(clip, **{field: of(order.index(clip.speaker), clip) for field, of in columns.items()})
             for clip in corpus.clips]
    return dataclasses.replace(corpus, clips=tuple(clips))


IN_PARTS = with_columns(TWELVE, part=lambda place, clip: ("train", "dev", "test")[place % 3])
IN_SESSIONS = with_columns(TWELVE, other=lambda place, clip: (("session", str(place // 3)),))
PROTOCOLS = [get("splits", name)() for name in names("splits") if name not in ("given", "leave_one_session_out", "tfds_crema_d")]


@pytest.mark.parametrize(("protocol", "corpus"), [*((protocol, TWELVE) for protocol in PROTOCOLS), (Given(), IN_PARTS),
                                                  (LeaveOneSessionOut(), IN_SESSIONS)], ids=lambda each: each.name)
def test_the_folds_of_any_protocol_hold_each_training_and_validation_clip_once_and_no_test_clip(protocol: Any, corpus: Corpus) -> None:
    whole = protocol(corpus)
    seen: list[int] = []
    for split in (fold(corpus) for fold in validation_folds(protocol, 3)):
        assert np.array_equal(split.test, whole.test) and np.array_equal(split.left_out, whole.left_out)
        assert not {*split.train.tolist(), *split.validation.tolist()} & {*whole.test.tolist()}
        assert sorted([*split.train, *split.validation]) == sorted([*whole.train, *whole.validation])
        if protocol.shares_speakers is False or protocol.name == "given":
            assert not {*corpus.speakers[split.train].tolist()} & {*corpus.speakers[split.validation].tolist()}
        seen += split.validation.tolist()
    assert sorted(seen) == sorted([*whole.train, *whole.validation])


def test_sentences_stay_apart_where_the_protocol_keeps_them_apart() -> None:
    for split in (fold(TWELVE) for fold in validation_folds(UnseenSentences(), 2)):
        said = [{TWELVE.clips[i].sentence for i in part} for part in (split.train, split.validation, split.test)]
        assert sum(map(len, said)) == len(set.union(*said)) == 4


def test_what_is_kept_apart_is_read_from_the_protocol_or_where_the_table_decides_from_its_parts() -> None:
    mixed = with_columns(TWELVE, part=lambda place, clip: ("train", "dev", "test")[int(clip.sentence[-1]) % 3])
    without_sentences = with_columns(TWELVE, sentence=lambda place, clip: None)
    found = {(protocol.name, what): kept_apart(protocol, corpus, protocol(corpus)) for protocol, corpus, what in (
        (UnseenSpeakers8020(), TWELVE, ""), (UnseenSentences(), TWELVE, ""), (Random8020(), TWELVE, ""),
        (Random8020(), without_sentences, "no sentences"), (Given(), IN_PARTS, "speakers"), (Given(), mixed, "sentences"))}
    assert found == {("unseen_speakers_80_20", ""): "speakers", ("unseen_sentences", ""): "sentences", ("random_80_20", ""): "clips",
                     ("random_80_20", "no sentences"): "clips", ("given", "speakers"): "speakers", ("given", "sentences"): "sentences"}


@pytest.mark.parametrize("protocol", [Random8020(), UnseenSpeakers8020()], ids=lambda each: each.name)
def test_folds_hold_the_emotions_in_proportion(protocol: Any) -> None:
    counts = [np.bincount(TWELVE.labels[fold(TWELVE).validation], minlength=6) for fold in validation_folds(protocol, 3)]
    assert all(count.max() - count.min() <= 2 for count in counts)


def test_folds_of_speakers_hold_both_sexes() -> None:
    corpus = with_columns(TWELVE, sex=lambda place, clip: "female" if place < 6 else "male")
    for fold in validation_folds(UnseenSpeakers8020(), 3):
        sexes = [corpus.clips[i].sex for i in fold(corpus).validation]
        assert 0.2 < sexes.count("female") / len(sexes) < 0.8


def test_the_draw_depends_on_the_protocol_s_seed_alone() -> None:
    first, again, other = (validation_folds(Random8020(seed=seed), 3)[0](TWELVE).validation for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_more_folds_than_speakers_are_declined_with_both_numbers_and_what_to_do() -> None:
    with pytest.raises(Declined, match=r"^unseen_speakers_80_20 of synthetic can't be searched with validation_folds=12: it keeps speakers "
                                       r"apart, and has 10 in training and validation together; use fewer folds, or a protocol of random"):
        ValidationFold(protocol=UnseenSpeakers8020(), fold=1, folds=12)(TWELVE)


def test_more_folds_than_clips_of_an_emotion_are_declined_with_their_numbers() -> None:
    with pytest.raises(Declined, match=r"validation_folds=50: there are too few clips of ANG \d+, DIS \d+, .* for a clip in each fold"):
        ValidationFold(protocol=Random8020(), fold=1, folds=50)(TWELVE)


def test_a_fold_whose_training_would_lack_an_emotion_is_declined() -> None:
    train = UnseenSpeakers8020()(TWELVE).train
    speaker = TWELVE.clips[train[0]].speaker
    clips = [clip for clip in TWELVE.clips if clip.emotion != "FEA" or clip.speaker == speaker]
    corpus = dataclasses.replace(TWELVE, clips=tuple(clips))
    with pytest.raises(Declined, match=r"validation_folds=3: training of fold \d would hold no clips of FEA; use fewer folds, or"):
        for fold in validation_folds(UnseenSpeakers8020(), 3):
            fold(corpus)


@pytest.mark.parametrize(("fold", "folds", "message"), [(1, 1, "folds must be 2 or more, not 1"), (4, 3, "fold must be 1 to 3, not 4")])
def test_a_fold_that_can_t_be_is_refused(fold: int, folds: int, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        ValidationFold(protocol=Random8020(), fold=fold, folds=folds)


def test_folds_know_the_clips_that_their_protocol_knows_and_score_none_of_them() -> None:
    protocol = KnownSpeakers(enrolment=2)
    known, whole, seen = protocol.enrolled(TWELVE), protocol(TWELVE), []
    for fold in validation_folds(protocol, 3):
        split = fold(TWELVE)
        assert np.array_equal(fold.enrolled(TWELVE), known) and not {*split.validation} & {*known}
        assert sorted([*split.train, *split.validation, *split.test, *split.left_out]) == list(range(len(TWELVE)))
        seen += split.validation.tolist()
    assert sorted(seen) == sorted({*whole.train.tolist(), *whole.validation.tolist()} - {*known.tolist()})


def test_where_all_clips_are_known_all_are_scored() -> None:
    folds = [fold(TWELVE) for fold in validation_folds(KnownSpeakers(), 3)]
    whole = KnownSpeakers()(TWELVE)
    assert sum(len(split.validation) for split in folds) == len(whole.train) + len(whole.validation)


def test_a_fold_of_known_clips_alone_is_declined() -> None:
    with pytest.raises(Declined, match="all clips of fold 1 are known ones, which are not scored"):
        ValidationFold(protocol=KnowsAll(), fold=1, folds=3)(TWELVE)


class KnowsAll(UnseenSpeakers8020):
    """A protocol that scores none of its clips."""

    def unscored(self, corpus: Corpus) -> np.ndarray:
        """All clips."""
        return np.arange(len(corpus))
