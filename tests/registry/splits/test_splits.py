"""Split protocols: exact counts on the clip list of CREMA-D, no leaks, and corpora that are declined."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry import core
from registry.core import specification
from registry.corpus import Clip, Corpus
from registry.errors import BenchError, Declined
from registry.split import Split, folds_of
from registry.splits.leave_one_session_out import LeaveOneSessionOut
from registry.splits.leave_one_speaker_out import LeaveOneSpeakerOut
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.random_folds import RandomFolds
from registry.splits.speaker_folds import SpeakerFolds
from registry.splits.tfds_crema_d import TfdsCremaD
from registry.splits.unseen_sentences import UnseenSentences
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
PARTS = ("train", "validation", "test")


def never_read(clip: Clip) -> tuple[np.ndarray, int]:
    raise NotImplementedError(clip.id)


def corpus_of(clips: Iterable[Clip], name: str = "made_up") -> Corpus:
    ordered = tuple(sorted(clips, key=lambda clip: clip.id))
    return Corpus(name=name, emotions=EMOTIONS, clips=ordered, sample_rate=16_000, whole=len(ordered), read_clip=never_read)


def small(speakers: int, sentences: int = 4, emotions: int = 6, **fields: Any) -> Corpus:
    return corpus_of(Clip(id=f"{s:02}_{k}_{e}", emotion=e, speaker=f"{s:02}", sentence=f"sentence {k}", **fields)
                     for s in range(speakers) for k in range(sentences) for e in EMOTIONS[:emotions])


@pytest.fixture(scope="module")
def whole(real_corpora: Path) -> Corpus:
    """All 7442 clips of CREMA-D by name, without audio; in sessions of 19 actors, which CREMA-D has not."""
    folder = real_corpora / "CREMA-D"
    with (folder / "VideoDemographics.csv").open(encoding="utf-8") as file:
        sexes = {row["ActorID"]: row["Sex"].lower() for row in csv.DictReader(file)}
    with (folder / "SentenceFilenames.csv").open(encoding="utf-8") as file:
        ids = [row["Filename"] for row in csv.DictReader(file)]
    return corpus_of((Clip(id=i, speaker=i[:4], sentence=i[5:8], emotion=i[9:12], level=i[13:], sex=sexes[i[:4]],
                           part=("train", "dev", "test")[max(0, int(i[:4]) // 10 - 106) % 3],
                           other=(("session", str((int(i[:4]) - 1001) // 19)),)) for i in ids), name="crema_d")


def sizes(split: Split) -> tuple[int, ...]:
    return tuple(split.counts[part] for part in PARTS)


def groups(corpus: Corpus, split: Split, field: str) -> list[set[str]]:
    return [{getattr(corpus.clips[i], field) for i in getattr(split, part)} for part in PARTS]


def shared(sets: list[set[str]]) -> set[str]:
    train, validation, test = sets
    return train & validation | train & test | validation & test


def test_the_clip_list_is_the_whole_of_crema_d(whole: Corpus) -> None:
    assert (len(whole), len(set(whole.speakers))) == (7442, 91)
    assert np.bincount(whole.labels).tolist() == [1271, 1271, 1271, 1271, 1087, 1271]


def test_the_published_random_split_has_its_exact_counts(whole: Corpus) -> None:
    split = Random7030()(whole)
    assert sizes(split) == (4948, 261, 2233)
    support = dict(zip(EMOTIONS, np.bincount(whole.labels[split.test]).tolist(), strict=True))
    assert support == {"SAD": 381, "ANG": 382, "NEU": 326, "HAP": 382, "FEA": 381, "DIS": 381}


def test_the_80_20_split_validates_on_a_tenth_of_the_rest(whole: Corpus) -> None:
    assert sizes(Random8020()(whole)) == (5357, 596, 1489)


def test_another_seed_draws_other_clips_and_the_same_seed_the_same(whole: Corpus) -> None:
    prints = [Random7030(seed=seed)(whole).fingerprint(whole) for seed in (42, 42, 43)]
    assert prints[0] == prints[1] != prints[2]


def test_a_random_split_does_not_touch_numpys_global_state(whole: Corpus) -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[union-attr, index]
    Random7030()(whole)
    UnseenSpeakers7030()(whole)
    assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]


@pytest.mark.parametrize("seed", [0, 1, 42])
@pytest.mark.parametrize(("protocol", "test_share", "validation_share"),
                         [(UnseenSpeakers7030, 0.3, 0.05), (UnseenSpeakers8020, 0.2, 0.1)])
def test_unseen_speakers_are_disjoint_and_near_the_proportions(
        whole: Corpus, protocol: Any, test_share: float, validation_share: float, seed: int) -> None:
    split = protocol(seed=seed)(whole)
    assert not shared(groups(whole, split, "speaker"))
    train, validation, test = sizes(split)
    assert test / len(whole) == pytest.approx(test_share, abs=0.01)
    assert validation / (train + validation) == pytest.approx(validation_share, abs=0.01)


def test_unseen_speakers_hold_both_sexes_in_proportion(whole: Corpus) -> None:
    split = UnseenSpeakers8020()(whole)
    for part in PARTS:
        speakers = {whole.clips[i].speaker: whole.clips[i].sex for i in getattr(split, part)}
        assert sum(sex == "male" for sex in speakers.values()) / len(speakers) == pytest.approx(48 / 91, abs=0.1)


def test_speakers_of_unknown_sex_are_split_all_the_same() -> None:
    corpus = small(speakers=10)
    assert [len(s) for s in groups(corpus, UnseenSpeakers7030()(corpus), "speaker")] == [6, 1, 3]


def test_three_speakers_give_one_to_each_part_and_two_are_declined() -> None:
    corpus = small(speakers=3)
    assert [len(s) for s in groups(corpus, UnseenSpeakers7030()(corpus), "speaker")] == [1, 1, 1]
    with pytest.raises(Declined, match="at least 3 speakers, found 2"):
        UnseenSpeakers7030()(small(speakers=2))


def test_the_tfds_split_has_its_published_counts_and_leaves_four_clips_out(whole: Corpus) -> None:
    split = TfdsCremaD()(whole)
    assert sizes(split) == (5144, 738, 1556)
    left_out = [whole.clips[i].id for i in split.left_out]
    assert left_out == ["1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX", "1040_ITH_SAD_XX"]
    assert [len(s) for s in groups(whole, split, "speaker")] == [63, 9, 19]


def test_the_tfds_split_is_declined_for_another_corpus_and_where_a_part_is_missing(whole: Corpus) -> None:
    with pytest.raises(Declined, match="those of crema_d"):
        TfdsCremaD()(small(speakers=5))
    with pytest.raises(Declined, match="validation and test would hold no clips"):
        TfdsCremaD()(corpus_of(whole.clips[:100], name="crema_d"))


def test_five_folds_are_the_published_blocks_and_test_each_clip_once(whole: Corpus) -> None:
    splits = [SpeakerFolds(fold=fold)(whole) for fold in (1, 2, 3, 4, 5)]
    assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(7442))
    blocks = [groups(whole, split, "speaker")[2] for split in splits]
    assert [(min(b), max(b), len(b)) for b in blocks] == [
        ("1001", "1018", 18), ("1019", "1036", 18), ("1037", "1054", 18), ("1055", "1072", 18), ("1073", "1091", 19)]
    for fold, split in enumerate(splits):
        assert groups(whole, split, "speaker")[1] == blocks[(fold + 1) % 5]
        assert not shared(groups(whole, split, "speaker"))


def test_folds_of_a_partial_crema_d_keep_their_blocks_and_decline_the_missing_one(whole: Corpus) -> None:
    partial = corpus_of((clip for clip in whole.clips if clip.speaker <= "1072"), name="crema_d")
    protocol = SpeakerFolds(fold=2)
    assert groups(partial, protocol(partial), "speaker")[2] == groups(whole, protocol(whole), "speaker")[2]
    with pytest.raises(Declined, match="test would hold no clips"):
        SpeakerFolds(fold=5)(partial)


def test_folds_of_another_corpus_are_fifths_with_the_remainder_in_the_last() -> None:
    corpus = small(speakers=13)
    assert [len(groups(corpus, SpeakerFolds(fold=fold)(corpus), "speaker")[2]) for fold in (1, 2, 3, 4, 5)] == [2, 2, 2, 2, 5]
    with pytest.raises(Declined, match="at least 5 speakers, found 4"):
        SpeakerFolds()(small(speakers=4))


@pytest.mark.parametrize("fold", [0, 6])
def test_a_sixth_fold_is_refused(fold: int) -> None:
    with pytest.raises(BenchError, match=f"1 to 5, not {fold}"):
        SpeakerFolds(fold=fold)


def test_leaving_one_speaker_out_tests_each_speaker_once_and_validates_on_others_in_turn(whole: Corpus) -> None:
    splits = [fold(whole) for fold in folds_of(LeaveOneSpeakerOut(), whole)]
    speakers = [groups(whole, split, "speaker") for split in splits]
    assert [test for _, _, test in speakers] == [{speaker} for speaker in sorted(set(whole.speakers.tolist()))]
    assert not any(map(shared, speakers))
    times = np.bincount(np.concatenate([split.validation for split in splits]), minlength=len(whole))
    assert times.min() >= 12 and times.max() <= 24  # a fifth of 90 others
    for split in splits[::30]:
        assert split.counts["validation"] / (7442 - split.counts["test"]) == pytest.approx(0.2, abs=0.01)


def test_of_ten_speakers_one_is_left_out_and_two_of_both_sexes_validate() -> None:
    corpus = corpus_of(clip for sex, half in (("female", range(5)), ("male", range(5, 10))) for s in half
                       for clip in small(speakers=10, sex=sex).clips if clip.speaker == f"{s:02}")
    for protocol in folds_of(LeaveOneSpeakerOut(), corpus):
        split = protocol(corpus)
        assert [len(part) for part in groups(corpus, split, "speaker")] == [7, 2, 1]
        assert groups(corpus, split, "sex")[1] == {"female", "male"} or protocol.fold == 1


def test_leaving_one_out_declines_two_speakers_and_a_fold_that_there_is_not() -> None:
    with pytest.raises(Declined, match="at least 3 speakers, found 2"):
        folds_of(LeaveOneSpeakerOut(), small(speakers=2))
    with pytest.raises(Declined, match="no fold 4 of 3 speakers; give 1 to 3"):
        LeaveOneSpeakerOut(fold=4)(small(speakers=3))


def test_random_folds_test_each_clip_once_with_every_emotion_in_proportion(whole: Corpus) -> None:
    splits = [fold(whole) for fold in folds_of(RandomFolds(), whole)]
    assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(7442))
    assert {sizes(split) for split in splits} == {(5357, 596, 1489), (5358, 596, 1488)}
    assert all(np.bincount(whole.labels[split.test]).tolist()[4] in (217, 218) for split in splits)
    assert len(folds_of(RandomFolds(folds=10), whole)) == 10


def test_random_folds_can_have_parts_as_large_as_those_of_whole_speakers_and_their_specification_is_that_of_before(whole: Corpus) -> None:
    splits = [fold(whole) for fold in folds_of(RandomFolds(validation_share=0.25), whole)]
    assert {sizes(split) for split in splits} == {(4464, 1489, 1489), (4465, 1489, 1488)}
    assert specification(RandomFolds()) == {"component": "random_folds", "version": 1, "fold": 1, "folds": 5, "seed": 42}


@pytest.mark.parametrize(("fields", "message"), [({"fold": 6}, "1 to 5, not 6"), ({"folds": 1}, "2 or more, not 1"),
                                                 ({"validation_share": 1.0}, "in \\(0, 1\\), not 1.0")])
def test_random_folds_refuse_folds_that_can_not_be(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        RandomFolds(**fields)


def test_random_folds_decline_an_emotion_that_not_every_fold_can_have() -> None:
    with pytest.raises(Declined, match=r"too few clips of ANG 4, .* for 5 folds with all emotions"):
        RandomFolds()(small(speakers=2, sentences=2))


def test_protocols_without_folds_have_none(whole: Corpus) -> None:
    assert folds_of(Random8020(), whole) == ()


def test_unseen_sentences_share_speakers_but_no_sentence(whole: Corpus) -> None:
    split = UnseenSentences()(whole)
    assert not shared(groups(whole, split, "sentence"))
    assert len(shared(groups(whole, split, "speaker"))) == 91
    assert split.counts["test"] / len(whole) == pytest.approx(0.3, abs=0.05)
    assert len(groups(whole, split, "sentence")[1]) == 1


def test_unseen_sentences_decline_few_or_unknown_sentences() -> None:
    with pytest.raises(Declined, match="at least 3 sentences, found 2"):
        UnseenSentences()(small(speakers=5, sentences=2))
    nameless = corpus_of([*small(speakers=5).clips, Clip(id="z", emotion="ANG", speaker="99")])
    with pytest.raises(Declined, match="the sentence of 1 of 121 clips is not known"):
        UnseenSentences()(nameless)


def test_a_small_corpus_still_validates_on_every_emotion() -> None:
    corpus = small(speakers=5)
    split = Random7030()(corpus)
    assert sizes(split) == (78, 6, 36)
    assert sorted(corpus.labels[split.validation]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("clips", [0, 1, 5, 12])
def test_too_few_clips_are_declined_with_a_reason_of_ours(clips: int) -> None:
    with pytest.raises(Declined, match=r"random_70_30 does not fit made_up .*too few"):
        Random7030()(corpus_of(small(speakers=2, sentences=1).clips[:clips]))


def test_an_emotion_with_a_single_clip_is_named() -> None:
    corpus = corpus_of([*small(speakers=9, emotions=5).clips, Clip(id="z", emotion="SAD", speaker="00")])
    with pytest.raises(Declined, match="too few clips of SAD 1"):
        Random7030()(corpus)


@pytest.mark.parametrize("name", core.names("splits"))
def test_the_order_in_which_clips_were_found_does_not_matter(whole: Corpus, name: str) -> None:
    protocol = core.get("splits", name)()
    shuffled = corpus_of(reversed(whole.clips), name="crema_d")
    assert protocol(whole).fingerprint(whole) == protocol(shuffled).fingerprint(shuffled)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(BenchError, match="seed must be 0 to 4294967295, not -1"):
        Random7030(seed=-1)


def in_sessions(**sessions: str) -> Corpus:
    """Speaker -> the digits of the sessions that their clips are in."""
    return corpus_of(Clip(id=f"{speaker}_{session}_{emotion}", emotion=emotion, speaker=speaker,
                          other=(("session", session),) if session != "?" else ())
                     for speaker, several in sessions.items() for session in several for emotion in EMOTIONS)


def test_a_users_column_of_sessions_leaves_one_out_and_the_next_one_validates() -> None:
    corpus = in_sessions(a="1", b="2", c="3", d="4")
    split = LeaveOneSessionOut(fold=4)(corpus)
    assert groups(corpus, split, "speaker") == [{"b", "c"}, {"a"}, {"d"}]
    assert [groups(corpus, fold(corpus), "speaker")[2] for fold in folds_of(LeaveOneSessionOut(), corpus)] == [{"a"}, {"b"}, {"c"}, {"d"}]


@pytest.mark.parametrize(("sessions", "fold", "reason"), [
    ({"a": "1", "b": "2"}, 1, "at least 3 sessions, found 2"),
    ({"a": "1", "b": "2", "c": "?"}, 1, "6 of 18 clips have no session"),
    ({"a": "1", "b": "2", "c": "31"}, 1, "speakers are in several sessions"),
    ({"a": "1", "b": "2", "c": "3"}, 4, "there is no fold 4 of 3 sessions; give 1 to 3"),
])
def test_sessions_that_can_not_be_left_out_are_declined(sessions: dict[str, str], fold: int, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        LeaveOneSessionOut(fold=fold)(in_sessions(**sessions))
