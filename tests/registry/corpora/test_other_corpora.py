"""RAVDESS, TESS and SAVEE are found in the layouts people have, and joined into one corpus under one label set."""

from __future__ import annotations

import pickle
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import bench

from registry import core
from registry.audit import audit
from registry.corpora import ravdess, savee, tess
from registry.corpora.combined import Combined
from registry.corpora.crema_d import CremaD
from registry.corpora.ravdess import Ravdess
from registry.corpora.savee import Savee
from registry.corpora.tess import Tess
from registry.corpus import Corpus, Problem
from registry.errors import BenchError, UsageError


def tones(folder: Path, *names: str, ending: str = ".wav") -> Path:
    """Short clips of these names, all of the same tone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        soundfile.write(folder / f"{name}{ending}", 0.1 * np.sin(np.arange(400)), 16_000)
    return folder


def copied(source: Path, folder: Path) -> Path:
    """As-published files, in a folder that may be written to."""
    return Path(shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile))


def gaps_aside(corpus: Corpus) -> list[Problem]:
    """The problems, without those that only say which clips a small tree lacks."""
    return [p for p in corpus.problems if p.kind != "missing"]



ACTOR_1 = sorted(name for name in ravdess.EXPECTED if name.endswith("-01"))
DC = sorted(name.removeprefix("DC_") for name in savee.EXPECTED if name.startswith("DC_"))
OAF_BACK = sorted(name for name in tess.EXPECTED if name.startswith("OAF_back_"))


# The real corpora.

def test_the_rules_of_the_names_give_the_published_numbers_of_clips() -> None:
    assert (len(ravdess.EXPECTED), len(tess.EXPECTED), len(savee.EXPECTED)) == (1440, 2800, 480)
    assert (len(ACTOR_1), len(DC), len(tess.WORDS.split()), len(set(tess.WORDS.split()))) == (60, 120, 200, 200)


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


def test_real_tess_is_whole_with_200_words_of_two_women(real_corpora: Path) -> None:
    corpus = Tess().load(real_corpora)
    assert (corpus.coverage, corpus.problems) == ("2,800 of 2,800 clips: whole", ())
    assert set(Counter(c.emotion for c in corpus.clips).values()) == {400}
    assert {(c.speaker, c.sex, c.age) for c in corpus.clips} == {("OAF", "female", 64), ("YAF", "female", 26)}
    assert set(Counter(c.sentence for c in corpus.clips).values()) == {14}
    assert next(c.emotion for c in corpus.clips if c.id == "OAF_back_ps") == "SUR"


def test_real_savee_is_whole_and_its_sentences_say_no_more_than_the_names(real_corpora: Path) -> None:
    corpus = Savee().load(real_corpora)
    assert (corpus.coverage, corpus.problems) == ("480 of 480 clips: whole", ())
    assert Counter(c.emotion for c in corpus.clips) == {e: 120 if e == "NEU" else 60 for e in corpus.emotions}
    assert (set(corpus.speakers), {c.sex for c in corpus.clips}) == ({"DC", "JE", "JK", "KL"}, {"male"})
    sentences = Counter(c.sentence for c in corpus.clips)
    assert sentences["C01"] == 4 * 7 and sentences["SU06"] == 4
    assert sentences[None] == 4 * (27 + 6 * 2)  # neutral but the common three; the fourth and fifth of the six emotions


def test_audio_is_read_after_pickling_at_each_corpus_s_own_rate(real_corpora: Path) -> None:
    for loader in (Ravdess(), Tess(), Savee()):
        corpus = pickle.loads(pickle.dumps(loader.load(real_corpora)))
        waveform, sample_rate = corpus.read_clip(corpus.clips[0])
        assert sample_rate == corpus.sample_rate and waveform.dtype == np.float32 and 0.01 < np.abs(waveform).max() < 1.4


def test_every_corpus_tells_its_licence_and_whom_to_cite() -> None:
    for loader in (Ravdess, Tess, Savee, CremaD):
        assert loader.licence and "(20" in loader.citation


# Layouts.

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


def test_clips_that_only_one_of_two_copies_has_are_all_read(tmp_path: Path) -> None:
    tones(tmp_path / "Actor_01", *ACTOR_1[:3])
    tones(tmp_path / "copy" / "Actor_01", *ACTOR_1[2:5])
    corpus = Ravdess().load(tmp_path)
    assert [c.id for c in corpus.clips] == ACTOR_1[:5]
    assert [(p.kind, p.subject) for p in gaps_aside(corpus)] == [("extra", f"{ACTOR_1[2]}.wav")]


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


@pytest.mark.parametrize("layout", ["", "TESS", "TESS Toronto emotional speech set data",
                                    "TESS Toronto emotional speech set data/TESS Toronto emotional speech set data",
                                    "tess/TESS Toronto emotional speech set data/TESS Toronto emotional speech set data"])
def test_tess_is_found_flat_or_in_a_folder_for_each_speaker_and_emotion(tmp_path: Path, layout: str) -> None:
    tones(tmp_path / layout / "OAF_angry", "OAF_back_angry", "OAF_bar_angry")
    tones(tmp_path / layout / "OAF_Fear", "OAF_back_fear")
    tones(tmp_path / layout / "YAF_pleasant_surprised", "YAF_back_ps")
    corpus = Tess().load(tmp_path)
    assert [(c.id, c.emotion) for c in corpus.clips] == [("OAF_back_angry", "ANG"), ("OAF_back_fear", "FEA"), ("OAF_bar_angry", "ANG"),
                                                         ("YAF_back_ps", "SUR")]
    flat = Tess().load(tones(tmp_path / "flat", *OAF_BACK))
    assert [c.id for c in flat.clips] == OAF_BACK


def test_tess_nested_twice_is_read_once(tmp_path: Path) -> None:
    name = "TESS Toronto emotional speech set data"
    for folder in (tmp_path / name, tmp_path / name / name):
        tones(folder / "OAF_angry", "OAF_back_angry", "OAF_bar_angry")
        tones(folder / "YAF_sad", "YAF_back_sad")
    corpus = Tess().load(tmp_path)
    assert [c.path for c in corpus.clips] == [tmp_path / name / name / folder / f"{clip}.wav" for folder, clip in (
        ("OAF_angry", "OAF_back_angry"), ("OAF_angry", "OAF_bar_angry"), ("YAF_sad", "YAF_back_sad"))]
    assert [p.subject for p in gaps_aside(corpus)] == ["3 files"]


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


def test_all_corpora_in_one_flat_folder_are_told_apart(tmp_path: Path) -> None:
    tones(tmp_path, "1001_DFA_ANG_XX", "03-01-05-01-01-01-01", "OAF_back_angry", "DC_a01")
    assert [len(loader.load(tmp_path)) for loader in (CremaD(), Ravdess(), Tess(), Savee())] == [1, 1, 1, 1]


@pytest.mark.parametrize("loader, example", [(Ravdess(), "Actor_01/03-01-05"), (Tess(), "OAF_back_angry"), (Savee(), "DC_a01")])
def test_a_corpus_that_is_not_there_says_what_was_looked_for(tmp_path: Path, loader: core.Any, example: str) -> None:
    tones(tmp_path / "CREMA-D" / "AudioWAV", "1001_DFA_ANG_XX")
    with pytest.raises(BenchError, match=rf"{example}.*--data DIR.*BENCH_DATA"):
        loader.load(tmp_path)
    with pytest.raises(BenchError, match="none was given"):
        loader.load(None)


@pytest.mark.parametrize("loader, names, speaker, gap", [
    (Ravdess(), ACTOR_1[1:], "speaker 01", ACTOR_1[0]),
    (Tess(), sorted(n for n in tess.EXPECTED if n.startswith("YAF"))[1:], "speaker YAF", "YAF_back_angry"),
    (Savee(), [f"DC_{n}" for n in DC[1:]], "speaker DC", "DC_a01")])
def test_a_gap_in_a_present_speaker_breaks_and_absent_speakers_do_not(tmp_path: Path, loader: core.Any, names: list[str],
                                                                      speaker: str, gap: str) -> None:
    for name in names:
        (tmp_path / f"{name}.wav").write_bytes(b"any content")
    broken, partial = loader.load(tmp_path).problems
    assert (broken.kind, broken.subject, broken.detail, broken.breaks) == ("missing", speaker, f"no file for {gap}", True)
    assert "--allow-missing" in broken.action
    assert (partial.kind, partial.breaks) == ("missing", False)


def test_pointers_and_empty_files_break_also_in_the_other_corpora(tmp_path: Path, real_corpora: Path) -> None:
    pointer = real_corpora / "as-published" / "CREMA-D" / "1003_DFA_ANG_XX.lfs-pointer.wav"
    tones(tmp_path, *OAF_BACK)
    (tmp_path / "OAF_back_angry.wav").write_bytes(pointer.read_bytes())
    (tmp_path / "OAF_back_sad.wav").write_bytes(b"")
    corpus = Tess().load(tmp_path)
    assert len(corpus) == 5
    assert [(p.kind, p.subject, p.breaks) for p in gaps_aside(corpus)] == [
        ("pointer", "OAF_back_angry.wav", True), ("unreadable", "OAF_back_sad.wav", True)]


# The odd files as they were published.

def test_as_published_clips_of_crema_d_are_read_as_documented(tmp_path: Path, real_corpora: Path) -> None:
    """The silent clip and the conflicting pairs are kept and told; a pointer in a clip's place is left out and breaks."""
    folder = copied(real_corpora / "as-published" / "CREMA-D", tmp_path / "CREMA-D")
    (folder / "1003_DFA_ANG_XX.lfs-pointer.wav").rename(folder / "AudioWAV" / "1003_DFA_ANG_XX.wav")
    (folder / "AudioWAV" / "1040_ITH_SAD_XX.wav").rename(folder / "AudioWAV" / "1040_ITH_SAD_X.wav")
    corpus = CremaD().load(tmp_path)
    assert len(corpus) == 16 and "1040_ITH_SAD_XX" in {c.id for c in corpus.clips}
    found = [(p.kind, p.subject, p.breaks) for p in audit(corpus) if p.kind != "missing"]
    assert found == [("pointer", "1003_DFA_ANG_XX.wav", True), ("conflict", "1006_TIE_HAP_XX", False),
                     ("conflict", "1013_WSI_DIS_XX", False), ("conflict", "1017_IWW_ANG_XX", False),
                     ("misnamed", "1040_ITH_SAD_X.wav", False), ("silent", "1076_MTI_SAD_XX", False)]


def test_as_published_clips_of_ravdess_are_48_khz_some_stereo_one_take_there_twice(tmp_path: Path, real_corpora: Path) -> None:
    copied(real_corpora / "as-published" / "RAVDESS", tmp_path)
    corpus = Ravdess().load(tmp_path)
    assert [(c.id, c.emotion, c.speaker) for c in corpus.clips] == [
        ("03-01-02-01-01-02-01", "CAL", "01"), ("03-01-03-01-02-01-07", "HAP", "07"), ("03-01-03-01-02-02-07", "HAP", "07"),
        ("03-01-05-01-01-01-01", "ANG", "01"), ("03-01-08-01-02-02-01", "SUR", "01")]
    assert [(p.kind, p.subject) for p in audit(corpus) if p.kind != "missing"] == [
        ("duplicate", "03-01-03-01-02-01-07"), ("stereo", "03-01-02-01-01-02-01"), ("stereo", "03-01-08-01-02-02-01")]
    assert all(corpus.read_clip(c)[0].ndim == 1 and corpus.read_clip(c)[1] == 48_000 for c in corpus.clips)


def test_as_published_clips_of_tess_are_read_whatever_is_inside_the_wav(tmp_path: Path, real_corpora: Path) -> None:
    folder = copied(real_corpora / "as-published" / "TESS", tmp_path / "TESS")
    (folder / "OAF_bite_neutral.wav").rename(folder / "OA_bite_neutral.wav")
    corpus = Tess().load(tmp_path)
    assert [c.id for c in corpus.clips] == ["OAF_back_angry", "OAF_back_ps", "OAF_bite_neutral", "OAF_food_fear", "YAF_germ_angry",
                                            "YAF_neat_fear"]
    assert [(p.kind, p.subject) for p in audit(corpus) if p.kind != "missing"] == [
        ("format", "YAF_germ_angry"), ("format", "YAF_neat_fear"), ("misnamed", "OA_bite_neutral.wav"), ("rate", "OAF_food_fear")]
    rates = {c.id: corpus.read_clip(c)[1] for c in corpus.clips}
    assert rates.pop("OAF_food_fear") == 96_000 and set(rates.values()) == {24_414}
    assert all(1 < len(corpus.read_clip(c)[0]) / corpus.read_clip(c)[1] < 4 for c in corpus.clips)


def test_the_as_published_clip_of_savee_is_read_at_44_1_khz(real_corpora: Path) -> None:
    corpus = Savee().load(real_corpora / "as-published")
    clip, = corpus.clips
    assert (clip.id, clip.emotion, corpus.read_clip(clip)[1]) == ("DC_a01", "ANG", 44_100)


# All of them together.

def test_the_real_corpora_together_are_the_published_12_162_clips_in_seven_classes(real_corpora: Path) -> None:
    corpus = Combined().load(real_corpora)
    assert (corpus.coverage, corpus.synthetic) == ("12,162 of 12,162 clips: whole", False)
    assert corpus.emotions == ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR")
    assert Counter(c.corpus for c in corpus.clips) == {"crema_d": 7442, "ravdess": 1440, "savee": 480, "tess": 2800}
    counts = Counter(c.emotion for c in corpus.clips)
    assert (counts["NEU"], counts["SUR"]) == (1087 + 96 + 192 + 120 + 400, 192 + 60 + 400)
    assert len(set(corpus.speakers)) == 91 + 24 + 4 + 2
    clip = next(c for c in corpus.clips if c.id == "ravdess/03-01-06-02-01-02-03")
    assert (clip.speaker, clip.sentence, clip.corpus, clip.level) == ("ravdess/03", "ravdess/KIDS", "ravdess", "STRONG")
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [("calm", "ravdess", False)]
    assert all(name in corpus.licence for name in ("crema_d: Open", "ravdess: CC", "savee: for research", "tess: CC"))


def test_speakers_who_lack_in_members_are_told_under_their_names(partial_corpora: Path) -> None:
    corpus = Combined().load(partial_corpora)
    assert corpus.coverage == "10,365 of 12,162 clips: partial"
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [
        ("missing", "crema_d/19 speakers", False), ("missing", "ravdess/4 speakers", False), ("calm", "ravdess", False)]


def test_calm_can_be_left_out_of_the_clips_and_of_the_whole(real_corpora: Path, partial_corpora: Path) -> None:
    corpus, part = (Combined(calm="left_out").load(data) for data in (real_corpora, partial_corpora))
    assert len(corpus) == corpus.whole == 12_162 - 8 * 24
    assert (len(part), part.whole) == (10_365 - 8 * 20, 12_162 - 8 * 24)
    assert "192 clips of calm" in corpus.problems[-1].detail and corpus.problems[-1].action.startswith("left out")
    assert corpus.fingerprint != Combined().load(real_corpora).fingerprint


@pytest.mark.parametrize("sample_rate", [16_000, 22_050])
def test_clips_of_all_members_are_read_at_the_one_rate_for_as_long_as_they_are(real_corpora: Path, sample_rate: int) -> None:
    corpus = pickle.loads(pickle.dumps(Combined(sample_rate=sample_rate).load(real_corpora)))
    for name in Combined().corpora:
        clip = next(c for c in corpus.clips if c.corpus == name)
        waveform, rate = corpus.read_clip(clip)
        about = soundfile.info(clip.path)
        assert (rate, waveform.dtype) == (sample_rate, np.float32)
        assert len(waveform) == int(np.ceil(about.frames * sample_rate / about.samplerate))
        assert 0.01 < np.abs(waveform).max() < 1.4


def test_the_first_speakers_of_each_member_are_a_partial_corpus_for_quick_tries(real_corpora: Path) -> None:
    corpus = Combined(speakers=3).load(real_corpora)
    assert sorted(set(corpus.speakers)) == [
        "crema_d/1001", "crema_d/1002", "crema_d/1003", "ravdess/01", "ravdess/02", "ravdess/03",
        "savee/DC", "savee/JE", "savee/JK", "tess/OAF", "tess/YAF"]
    assert corpus.whole == 12_162 and corpus.coverage.endswith("partial")


def test_only_the_emotions_that_a_member_has_are_classes(real_corpora: Path) -> None:
    assert "SUR" not in Combined(corpora=("crema_d",)).load(real_corpora).emotions
    corpus = Combined(corpora=("savee", "crema_d")).load(real_corpora)
    assert (len(corpus.emotions), corpus.clips[0].corpus, corpus.clips[-1].corpus) == (7, "crema_d", "savee")


def test_the_rate_is_part_of_the_fingerprint_and_of_what_the_cache_knows() -> None:
    slow, fast = (Combined(corpora=("synthetic",), sample_rate=rate).load(None) for rate in (16_000, 22_050))
    assert slow.fingerprint != fast.fingerprint
    assert slow.parameters != fast.parameters and '"synthetic"' in slow.parameters


def test_a_synthesised_member_sounds_as_it_does_alone() -> None:
    alone = core.get("corpora", "synthetic")().load(None)
    corpus = Combined(corpora=("synthetic",)).load(None)
    np.testing.assert_array_equal(corpus.read_clip(corpus.clips[7])[0], alone.read_clip(alone.clips[7])[0])
    assert (corpus.synthetic, corpus.whole) == (True, alone.whole)


def test_a_member_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    tones(tmp_path / "AudioWAV", "1001_DFA_ANG_XX")
    with pytest.raises(BenchError, match=r"RAVDESS was not found.*--data DIR.*leave ravdess out of combined\.corpora"):
        Combined().load(tmp_path)


def test_a_member_with_other_emotions_is_refused_by_their_names(tmp_path: Path) -> None:
    tones(tmp_path, "a", "b")
    (tmp_path / "labels.csv").write_text("path,emotion,speaker\na.wav,angry,x\nb.wav,NEU,x\n")
    with pytest.raises(BenchError, match="combined can't take folder: its emotions angry are not among ANG, DIS"):
        Combined(corpora=("folder",)).load(tmp_path)


@pytest.mark.parametrize("fields, message", [
    ({"corpora": ()}, "at least one"), ({"corpora": ("tess", "tess")}, "twice"), ({"corpora": ("combined",)}, "itself"),
    ({"calm": "sad"}, "neutral"), ({"speakers": 0}, "1 or more, or None for all"),
    ({"sample_rate": 96_000}, "8000 to 48000 Hz, not 96000")])
def test_a_wrong_field_of_the_combined_corpus_is_refused(fields: dict[str, core.Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Combined(**fields)
    with pytest.raises(UsageError, match="Did you mean 'ravdess'"):
        Combined(corpora=("ravdes",)).load(None)


def test_a_part_of_a_corpus_has_its_clips_and_is_not_hashed_again(tmp_path: Path) -> None:
    corpus = Tess().load(tones(tmp_path, *OAF_BACK))
    before = corpus.part([1, 3])
    assert "digests" not in vars(before)
    known = corpus.digests
    after = corpus.part(np.array([1, 3]))
    for path in tmp_path.iterdir():
        path.unlink()
    assert [c.id for c in after.clips] == [OAF_BACK[1], OAF_BACK[3]]
    assert after.digests == (known[1], known[3])
    assert (after.whole, after.emotions, len(corpus)) == (2800, corpus.emotions, 7)


@pytest.mark.parametrize("corpus, classes", [("ravdess", 8), ("tess", 7), ("savee", 7), ("combined[corpora=('savee','ravdess')]", 7)])
def test_a_study_can_be_planned_and_shown_on_each_corpus(real_corpora: Path, corpus: str, classes: int) -> None:
    planned = bench("run", "--study", "cnn2d", "--corpus", corpus, "--data", real_corpora, "--dry-run")
    assert planned.code == 0, planned.err
    shown = bench("show", corpus.partition("[")[0])
    assert shown.code == 0 and corpus.partition("[")[0] in shown.out
    assert len(core.get("corpora", corpus.partition("[")[0])().load(real_corpora).emotions) == classes


def test_the_audit_of_a_corpus_is_printed(tmp_path: Path, real_corpora: Path) -> None:
    copied(real_corpora / "as-published" / "TESS", tmp_path)
    checked = bench("check", "tess", "--data", tmp_path)
    assert checked.code == 1  # most clips of both speakers are missing
    assert "AIFF" in checked.out and "96,000 Hz" in checked.out
