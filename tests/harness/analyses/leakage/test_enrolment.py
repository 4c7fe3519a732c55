"""What is known of speakers: how many clips, of which emotions, and which cells have a twin that knows them."""

from __future__ import annotations

import dataclasses

import pytest
from leakage_results import result
from tiny_study import STUDY

from harness.analyses.leakage.enrolment import Enrolment, compositions, enrolments, knowing, reason_not_priced
from harness.analyses.leakage.worth import KnownResult
from harness.study.cells import plan
from registry.augmentation import Augmentation
from registry.augmentations.noise import Noise
from registry.corpora.synthetic import Synthetic
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

EMOTIONS = ("ANG", "DIS", "NEU", "SAD")
BASE = plan(STUDY, "clips")[0].base


@pytest.mark.parametrize("enrolment", [Enrolment(5), Enrolment(None, ("NEU",)), Enrolment(20, ("DIS", "NEU", "SAD"))])
def test_a_key_is_one_word_that_gives_the_enrolment_back(enrolment: Enrolment) -> None:
    assert Enrolment.of(enrolment.key) == enrolment and " " not in enrolment.key


def test_each_number_is_measured_with_any_emotion_with_neutral_clips_alone_and_with_all_but_one_emotion() -> None:
    assert enrolments(("0", "5", "5", "all"), EMOTIONS) == [
        Enrolment(number, emotions) for emotions in ((), ("NEU",), ("DIS", "NEU", "SAD")) for number in (5, None)]
    assert compositions(("joy", "rage")) == [()] == compositions(("NEU",)), "without neutral clips there are no such compositions"


def test_the_protocol_knows_so_many_clips_of_each_speaker_and_of_no_other_emotion() -> None:
    corpus = Synthetic(n_speakers=4, n_sentences=4).load()
    split = Enrolment(3, ("NEU",)).split(UnseenSpeakers7030(seed=3))
    known = [corpus.clips[i] for i in split.enrolled(corpus)]
    assert split.protocol == UnseenSpeakers7030(seed=3)
    assert [clip.emotion for clip in known] == ["NEU"] * 12 and len({clip.speaker for clip in known}) == 4


def test_a_cell_is_priced_where_nothing_but_the_speaker_would_differ() -> None:
    assert reason_not_priced(BASE) == "" and knowing(BASE.feature_space).normalise == "per_speaker"
    copied = dataclasses.replace(BASE, augmentation=Augmentation(copies=(Noise(),)))
    of_clips = dataclasses.replace(BASE, feature_space=dataclasses.replace(BASE.feature_space, normalise="per_clip"))
    assert "altered copies" in reason_not_priced(copied) and "it normalises per_clip" in reason_not_priced(of_clips)


@pytest.mark.parametrize(("emotions", "words"), [((), "any"), (("NEU",), "NEU alone"), (("DIS", "NEU", "SAD"), "all but ANG"),
                                                 (("DIS", "SAD"), "DIS SAD alone")])
def test_emotions_are_named_by_what_is_known_or_what_is_missing(emotions: tuple[str, ...], words: str) -> None:
    assert KnownResult(Enrolment(5, emotions), result(0.6), result(0.5), EMOTIONS).of_emotions == words


def test_the_worth_is_paired_with_what_knows_nothing_on_the_same_clips() -> None:
    value, low, high = KnownResult(Enrolment(5), result(0.6), result(0.5), EMOTIONS).worth
    assert value == pytest.approx(0.1, abs=0.005) and high - low < 0.01
