"""RAVDESS is found in the layouts people have; song, video and second copies are left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from corpus_trees import copied, gaps_aside, tones

from registry.audit import audit
from registry.corpora import ravdess
from registry.corpora.ravdess import Ravdess

ACTOR_1 = sorted(name for name in ravdess.EXPECTED if name.endswith("-01"))


def test_the_rule_of_the_names_gives_the_published_number_of_clips() -> None:
    assert (len(ravdess.EXPECTED), len(ACTOR_1)) == (1440, 60)


def test_real_ravdess_is_whole_with_24_actors_of_alternating_sex(real_corpora: Path) -> None:
    corpus = Ravdess().load(real_corpora)
    assert (corpus.coverage, corpus.problems) == ("1,440 of 1,440 clips: whole", ())
    assert Counter(c.emotion for c in corpus.clips) == {e: 96 if e == "NEU" else 192 for e in corpus.emotions}
    assert Counter({c.speaker: c.sex for c in corpus.clips}.values()) == {"male": 12, "female": 12}
    assert Counter(c.sentence for c in corpus.clips) == {"KIDS": 720, "DOGS": 720}
    assert Counter(c.level for c in corpus.clips) == {"NORMAL": 768, "STRONG": 672}
    clip = next(c for c in corpus.clips if c.id == "03-01-06-02-01-02-12")
    assert (clip.emotion, clip.level, clip.sentence, clip.speaker, clip.sex) == ("FEA", "STRONG", "KIDS", "12", "female")
    assert corpus.read_clip(clip)[1] == 48_000


def test_ravdess_without_4_actors_is_marked_partial_and_says_which_lack(partial_corpora: Path) -> None:
    corpus = Ravdess().load(partial_corpora)
    assert corpus.coverage == "1,200 of 1,440 clips: partial"
    assert [(p.subject, p.detail, p.breaks) for p in corpus.problems] == [("4 speakers", "no clip of 21, 22, 23, 24", False)]


@pytest.mark.parametrize("layout", ["{}", "RAVDESS/{}", "Audio_Speech_Actors_01-24/{}", "archive/audio_speech_actors_01-24/{}",
                                    "my/own/folders/{}"])
@pytest.mark.parametrize("actor", ["Actor_01", "."])
def test_ravdess_is_found_by_actor_or_flat(tmp_path: Path, layout: str, actor: str) -> None:
    tones(tmp_path / layout.format(actor), *ACTOR_1, "03-01-05-01-01-01-02")
    corpus = Ravdess().load(tmp_path)
    assert [c.id for c in corpus.clips] == sorted([*ACTOR_1, "03-01-05-01-01-01-02"])
    assert not gaps_aside(corpus)


def test_a_copy_of_ravdess_that_holds_every_clip_twice_is_read_once_and_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "audio_speech_actors_01-24"):
        tones(folder / "Actor_01", *ACTOR_1[:5])
        tones(folder / "Actor_02", "03-01-05-01-01-01-02")
    corpus = Ravdess().load(tmp_path)
    assert len(corpus) == 6
    assert all(c.path and "audio_speech_actors_01-24" in c.path.parts for c in corpus.clips)
    only, = gaps_aside(corpus)
    assert (only.kind, only.subject, only.breaks) == ("extra", "6 files", False)


def test_song_video_and_strange_names_are_left_out_of_ravdess_and_counted(tmp_path: Path) -> None:
    tones(tmp_path, *ACTOR_1, "03-02-05-01-01-01-01", "03-02-03-01-01-01-01", "01-01-05-01-01-01-01", "03-01-09-01-01-01-01",
          "03-01-01-02-01-01-01")
    (tmp_path / "02-01-05-01-01-01-01.mp4").write_bytes(b"x")
    (tmp_path / "._03-01-05-01-01-01-01.wav").write_bytes(b"x")
    corpus = Ravdess().load(tmp_path)
    assert len(corpus) == 60
    assert [(p.kind, p.subject, p.breaks) for p in gaps_aside(corpus)] == [
        ("extra", "2 files", False), ("extra", "2 files", False), ("extra", "2 files", False)]
    assert [p.detail.split(":")[0] for p in gaps_aside(corpus)][:2] == ["video, or its sound", "song"]


def test_as_published_clips_of_ravdess_are_48_khz_some_stereo_one_take_there_twice(tmp_path: Path, real_corpora: Path) -> None:
    copied(real_corpora / "as-published" / "RAVDESS", tmp_path)
    corpus = Ravdess().load(tmp_path)
    assert [(c.id, c.emotion, c.speaker) for c in corpus.clips] == [
        ("03-01-02-01-01-02-01", "CAL", "01"), ("03-01-03-01-02-01-07", "HAP", "07"), ("03-01-03-01-02-02-07", "HAP", "07"),
        ("03-01-05-01-01-01-01", "ANG", "01"), ("03-01-08-01-02-02-01", "SUR", "01")]
    assert [(p.kind, p.subject) for p in audit(corpus) if p.kind != "missing"] == [
        ("duplicate", "03-01-03-01-02-01-07"), ("stereo", "03-01-02-01-01-02-01"), ("stereo", "03-01-08-01-02-02-01")]
    assert all(corpus.read_clip(c)[0].ndim == 1 and corpus.read_clip(c)[1] == 48_000 for c in corpus.clips)
