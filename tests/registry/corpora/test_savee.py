"""SAVEE is found with its speakers in folders or in names, and says of sentences no more than they tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from corpus_trees import gaps_aside, tones

from registry.corpora import savee
from registry.corpora.savee import Savee

DC = sorted(name.removeprefix("DC_") for name in savee.EXPECTED if name.startswith("DC_"))


def test_the_rule_of_the_names_gives_the_published_number_of_clips() -> None:
    assert (len(savee.EXPECTED), len(DC)) == (480, 120)


def test_real_savee_is_whole_and_its_sentences_say_no_more_than_the_names(real_corpora: Path) -> None:
    corpus = Savee().load(real_corpora)
    assert (corpus.coverage, corpus.problems) == ("480 of 480 clips: whole", ())
    assert Counter(c.emotion for c in corpus.clips) == {e: 120 if e == "NEU" else 60 for e in corpus.emotions}
    assert (set(corpus.speakers), {c.sex for c in corpus.clips}) == ({"DC", "JE", "JK", "KL"}, {"male"})
    sentences = Counter(c.sentence for c in corpus.clips)
    assert sentences["C01"] == 4 * 7 and sentences["SU06"] == 4
    assert sentences[None] == 4 * (27 + 6 * 2)  # neutral but the common three; the fourth and fifth of the six emotions


@pytest.mark.parametrize("layout", ["AudioData", "SAVEE/AudioData", ".", "archive/savee"])
def test_savee_takes_the_speaker_from_the_folder(tmp_path: Path, layout: str) -> None:
    tones(tmp_path / layout / "DC", *DC)
    tones(tmp_path / layout / "KL", "su15")
    (tmp_path / layout / "Info.txt").write_text("about")
    corpus = Savee().load(tmp_path)
    assert [c.id for c in corpus.clips] == [*sorted(f"DC_{name}" for name in DC), "KL_su15"]
    assert (corpus.clips[-1].emotion, corpus.clips[-1].speaker, gaps_aside(corpus)) == ("SUR", "KL", [])


def test_savee_takes_the_speaker_from_the_name_in_other_copies_and_leaves_out_clips_without_one(tmp_path: Path) -> None:
    tones(tmp_path / "ALL", "DC_a01", "JE_sa02", "XY_a01", "a02")
    corpus = Savee().load(tmp_path)
    assert [(c.id, c.emotion, c.speaker) for c in corpus.clips] == [("DC_a01", "ANG", "DC"), ("JE_sa02", "SAD", "JE")]
    strange, = gaps_aside(corpus)
    assert strange.subject == "2 files" and "XY_a01.wav, a02.wav" in strange.detail


def test_the_as_published_clip_of_savee_is_read_at_44_1_khz(real_corpora: Path) -> None:
    corpus = Savee().load(real_corpora / "as-published")
    clip, = corpus.clips
    assert (clip.id, clip.emotion, corpus.read_clip(clip)[1]) == ("DC_a01", "ANG", 44_100)
