"""EmoDB: everything is in the name, and a copy that is not the published one is not taken for it."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path

import pytest
from corpus_trees import emodb_tree, gaps_aside, tones

from registry.corpora import emodb
from registry.corpora.emodb import CLIPS, Emodb
from registry.errors import BenchError

TEXTS = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")


def test_the_clips_of_the_speakers_are_the_published_number() -> None:
    assert sum(emodb.CLIPS.values()) == Emodb.whole == 535
    assert emodb.CLIPS.keys() == emodb.SEXES.keys() == emodb.AGES.keys()


def test_the_name_gives_speaker_sentence_emotion_and_version(tmp_path: Path) -> None:
    tones(tmp_path, "03a01Fa", "08b10Wd", "16a02Lb", "11a05Ec", "14a07Aa", "10b01Ta", "12b02Nb")
    corpus = Emodb().load(tmp_path)
    told = {c.id: (c.speaker, c.sex, c.age, c.sentence, c.emotion, dict(c.other)["version"]) for c in corpus.clips}
    assert told == {
        "03a01Fa": ("03", "male", 31, "a01", "HAP", "a"), "08b10Wd": ("08", "female", 34, "b10", "ANG", "d"),
        "10b01Ta": ("10", "male", 32, "b01", "SAD", "a"), "11a05Ec": ("11", "male", 26, "a05", "DIS", "c"),
        "12b02Nb": ("12", "male", 30, "b02", "NEU", "b"), "14a07Aa": ("14", "female", 35, "a07", "FEA", "a"),
        "16a02Lb": ("16", "female", 31, "a02", "BOR", "b")}
    assert corpus.emotions == ("ANG", "BOR", "DIS", "FEA", "HAP", "NEU", "SAD") and gaps_aside(corpus) == []


def test_a_partial_copy_is_taken_and_says_of_which_speakers_clips_lack(tmp_path: Path) -> None:
    corpus = Emodb().load(emodb_tree(tmp_path))
    lacking, = corpus.problems
    assert corpus.coverage == "140 of 535 clips: partial" and not lacking.breaks
    assert "140 clips instead of 535; of speaker 03: 14 instead of 49, 08: 14 instead of 58" in lacking.detail


def test_files_of_other_names_are_left_out_and_listed(tmp_path: Path) -> None:
    tones(tmp_path / "wav", "03a01Fa", "99a01Fa", "03a01Xa", "03a01Fa (1)", "notes")
    (tmp_path / "wav" / "._03a01Fa.wav").write_bytes(b"Mac OS X")
    corpus = Emodb().load(tmp_path)
    strange, = gaps_aside(corpus)
    assert [c.id for c in corpus.clips] == ["03a01Fa"]
    assert strange.subject == "4 files" and "03a01Fa (1).wav, 03a01Xa.wav, 99a01Fa.wav, notes.wav" in strange.detail


def test_names_in_another_case_are_the_same_clips(tmp_path: Path) -> None:
    tones(tmp_path, "03A01FA", ending=".WAV")
    assert [(c.id, c.emotion) for c in Emodb().load(tmp_path).clips] == [("03a01Fa", "HAP")]


def test_an_edition_with_more_clips_than_published_is_refused(tmp_path: Path) -> None:
    names = [f"{speaker}{text}{letter}{version}" for speaker, clips in CLIPS.items()
             for text, letter, version in islice(product(TEXTS, "WLEAFTN", "ab"), clips)]
    for name in names:
        (tmp_path / f"{name}.wav").write_bytes(b"RIFF")
    assert Emodb().load(tmp_path).problems == ()
    (tmp_path / "03a01Wz.wav").write_bytes(b"RIFF")
    more, = Emodb().load(tmp_path).problems
    assert more.breaks and more.detail == "536 clips instead of 535; of speaker 03: 50 instead of 49"
    (tmp_path / f"{names[-1]}.wav").unlink()
    assert Emodb().load(tmp_path).problems == ()  # 535 in other numbers: those of the speakers refuse nothing


def test_a_folder_without_emodb_says_how_its_clips_are_named(tmp_path: Path) -> None:
    tones(tmp_path, "hello")
    with pytest.raises(BenchError, match=r"EmoDB was not found in .*looked for files named like wav/03a01Fa\.wav"):
        Emodb().load(tmp_path)
