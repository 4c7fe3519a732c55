"""Parts that lack an emotion or have too few speakers are told before anything is trained, with what to do about it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from harness.evaluation.parts import Parts, lacking_in_training, missing, parts_of
from registry.corpora.synthetic import EMOTIONS, Synthetic
from registry.corpus import Corpus
from registry.split import Split
from registry.splits.leave_one_speaker_out import LeaveOneSpeakerOut
from registry.splits.random_80_20 import Random8020
from registry.splits.speaker_folds import SpeakerFolds
from registry.splits.tfds_crema_d import TfdsCremaD
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

TEN = Synthetic(n_speakers=10, n_sentences=2).load()


def with_labels(*of_parts: str) -> tuple[Split, Corpus]:
    """A split whose train, validation and test have clips of these emotions, a letter a clip: a is the first."""
    clips = [dataclasses.replace(TEN.clips[i % len(TEN)], id=f"{i:03d}", emotion=EMOTIONS["abc".index(letter)], speaker=f"s{i % 3}")
             for i, letter in enumerate("".join(of_parts))]
    ends = np.cumsum([len(part) for part in of_parts])
    indices = [np.arange(end - len(part), end) for part, end in zip(of_parts, ends, strict=True)]
    split = Split(train=indices[0], validation=indices[1], test=indices[2], left_out=np.arange(0))
    return split, dataclasses.replace(TEN, clips=tuple(clips))


@dataclass(frozen=True)
class Fixed:
    """A protocol that gives one split."""

    split: Any
    shares_speakers: bool = True

    def __call__(self, corpus: Corpus) -> Split:
        return self.split  # type: ignore[no-any-return]


def warned(*of_parts: str) -> str:
    split, corpus = with_labels(*of_parts)
    return "\n".join(Parts(Fixed(split), (split,), corpus).warnings())


def test_training_without_an_emotion_that_is_tested_is_declined_with_the_clips_and_what_to_do() -> None:
    reason = lacking_in_training(*with_labels("aabb", "abc", "abcc"))
    assert reason.startswith("training would hold no clips of FEA (1 in validation, 2 in test), so that no network could learn it; use a ")
    assert "protocol of random clips" in reason and "leave that emotion's clips out of the corpus" in reason
    assert lacking_in_training(*with_labels("aabbcc", "a", "a")) == ""


def test_emotions_that_no_part_has_are_missing_in_none() -> None:
    assert missing(*with_labels("aab", "ab", "a")) == {"train": [], "validation": [], "test": [EMOTIONS[1]]}


def test_a_validation_part_without_an_emotion_says_over_how_many_its_figure_is() -> None:
    text = warned("aabbcc", "ab", "abc" * 40)
    assert f"validation has no clips of {EMOTIONS[2]}: its UAR, which chooses epochs, settings and rows, is over 2 of 3 emotions" in text
    assert "test has no clips" not in text and "1.000" not in text


def test_a_part_of_one_emotion_says_that_a_constant_answer_is_perfect_there() -> None:
    text = warned("aabbcc", "aaa", "bbb")
    assert text.count(" over 1 of 3 emotions, and says nothing: a constant answer reaches 1.000") == 2


def test_emotions_of_which_the_corpus_has_no_clips_are_told_before_training() -> None:
    unheard = " or ".join(emotion for emotion in TEN.emotions if emotion not in EMOTIONS[:3])
    assert f"the corpus has no clips of {unheard}: figures are over 3 of 6 emotions" in warned("aabbcc", "abc", "abc")
    assert not any("no clips" in warning for warning in parts_of([SpeakerFolds()], TEN)[0].warnings())


def test_an_emotion_of_few_speakers_is_missing_where_a_fold_chooses_and_never_in_the_test_part_of_all_folds() -> None:
    """Three of ten speakers speak in anger: some folds test nobody who does, which no pooled figure knows of."""
    speakers = sorted(set(TEN.speakers.tolist()))[:3]
    clips = tuple(clip for clip in TEN.clips if clip.emotion != EMOTIONS[0] or clip.speaker in speakers)
    parts, = parts_of([LeaveOneSpeakerOut(fold=fold) for fold in range(1, 11)], dataclasses.replace(TEN, clips=clips))
    text = "\n".join(parts.warnings())
    assert re.search(rf"validation of [3-9] of 10 folds has no clips of {EMOTIONS[0]}: its UAR, which chooses .* is over 5 of 6", text)
    assert "test has no clips" not in text and "test of" not in text


def test_a_single_training_clip_of_an_emotion_is_told() -> None:
    assert f"training has a single clip of {EMOTIONS[2]}, from which nothing general can be learnt" in warned("aabbc", "abc", "abc")
    assert "single clip" not in warned("aabbcc", "abc", "abc")


def test_ten_speakers_are_too_few_for_one_split_and_the_folds_are_named_that_test_them_all() -> None:
    parts, = parts_of([UnseenSpeakers8020()], TEN)
    assert (parts.in_words("train"), parts.in_words("test")) == ("84 clips of 7 speakers", "24 clips of 2 speakers")
    warning, = parts.warnings()
    assert "speakers (2; 5 needed)" in warning
    assert "`--split speaker_folds --all-folds` tests all 120 clips of 10 speakers, each once" in warning
    fold, = parts_of([SpeakerFolds(fold=2)], TEN)
    assert "; `--all-folds` tests all" in fold.warnings()[0]


def test_all_folds_of_a_protocol_are_one_and_have_enough_speakers() -> None:
    every = [SpeakerFolds(fold=fold) for fold in range(1, 6)]
    parts, other = parts_of([*every, Random8020()], TEN)
    assert (parts.label, parts.in_words("test"), len(parts.test)) == ("speaker_folds (5 folds)", "24 clips of 2 speakers", 120)
    assert not any("speakers (" in warning for warning in parts.warnings()) and other.label == "random_80_20"
    assert len(parts_of(every[:3], TEN)) == 3 and parts_of([LeaveOneSpeakerOut(fold=11), TfdsCremaD()], TEN) == []


@pytest.mark.parametrize("speakers", [3, 4])
def test_where_the_whole_corpus_has_too_few_speakers_no_protocol_is_advised(speakers: int) -> None:
    warning = parts_of([UnseenSpeakers8020()], Synthetic(n_speakers=speakers, n_sentences=2).load())[0].warnings()[-1]
    assert "too few to rank" in warning and "--all-folds" not in warning
