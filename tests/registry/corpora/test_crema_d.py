"""CREMA-D is found in every shape that users have it in, with what is known of its speakers and its votes."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_trees import copied

from registry.audit import audit
from registry.corpora.crema_d import EMOTIONS, NEVER_PUBLISHED, CremaD
from registry.corpus import Corpus, Problem
from registry.errors import BenchError

SENTENCES = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
TAKES = [f"{s}_{e}_{level}" for s in SENTENCES for e in EMOTIONS
         for level in (("LO", "MD", "HI") if s == "IEO" and e != "NEU" else ("XX",))]


def tone(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(800)), 16_000, format="WAV" if path.suffix.lower() == ".wav" else None)
    return path


def actor(folder: Path, speaker: int = 1001, ending: str = ".wav") -> Path:
    """A folder with all 82 clips of one actor, most of them the same tone."""
    content = tone(folder / f"{speaker}_{TAKES[0]}{ending}").read_bytes()
    for take in TAKES[1:]:
        (folder / f"{speaker}_{take}{ending}").write_bytes(content)
    return folder


def problems_of(corpus: Corpus) -> list[Problem]:
    """The problems, without the one that says which speakers are absent."""
    return [p for p in corpus.problems if not p.subject.endswith("speakers")]


def test_the_real_corpus_loads_whole_with_the_published_numbers_of_actors_emotions_and_levels(real_corpora: Path) -> None:
    corpus = CremaD().load(real_corpora)
    assert (len(corpus), corpus.coverage, corpus.problems) == (7442, "7,442 of 7,442 clips: whole", ())
    assert sorted(set(corpus.speakers.tolist())) == [str(actor) for actor in range(1001, 1092)]
    assert Counter({c.speaker: c.sex for c in corpus.clips}.values()) == {"male": 48, "female": 43}
    assert Counter(c.emotion for c in corpus.clips) == {e: 1087 if e == "NEU" else 1271 for e in EMOTIONS}
    assert Counter(c.level for c in corpus.clips) == {"XX": 7442 - 3 * 455, "LO": 455, "MD": 455, "HI": 455}
    assert [c.id for c in corpus.clips] == sorted(c.id for c in corpus.clips)


def test_a_copy_without_19_actors_is_marked_partial_and_says_which_lack(partial_corpora: Path) -> None:
    corpus = CremaD().load(partial_corpora)
    assert (len(corpus), corpus.whole, len(set(corpus.speakers))) == (5885, 7442, 72)
    assert corpus.coverage == "5,885 of 7,442 clips: partial"
    only, = corpus.problems
    assert (only.kind, only.subject, only.breaks) == ("missing", "19 speakers", False)
    assert only.detail.startswith("no clip of 1073, 1074") and only.detail.endswith("1091")


def test_a_real_clip_carries_its_name_s_facts_its_speaker_and_the_votes_on_voice_alone(real_corpora: Path) -> None:
    """summaryTable.csv gives N as the VoiceVote of 1001_IEO_HAP_LO, and H for face and for both together."""
    corpus = CremaD().load(real_corpora)
    clip = next(c for c in corpus.clips if c.id == "1001_IEO_HAP_LO")
    assert (clip.emotion, clip.speaker, clip.sentence, clip.level) == ("HAP", "1001", "IEO", "LO")
    assert (clip.sex, clip.age, clip.race, clip.ethnicity) == ("male", 51, "Caucasian", "Not Hispanic")
    assert clip.votes == (("ANG", 0), ("DIS", 0), ("FEA", 0), ("HAP", 3), ("NEU", 6), ("SAD", 0))
    assert Counter({c.speaker: c.sex for c in corpus.clips}.values()).keys() == {"male", "female"}
    assert all(c.votes is not None and sum(n for _, n in c.votes) > 0 for c in corpus.clips)


def test_the_largest_share_of_votes_on_voice_agrees_with_the_actors_as_often_as_published(real_corpora: Path) -> None:
    """40.9 % of single ratings of the voice match the intended emotion in the whole corpus."""
    corpus = CremaD().load(real_corpora)
    hits = sum(dict(c.votes or ())[c.emotion] for c in corpus.clips)
    assert hits / sum(n for c in corpus.clips for _, n in c.votes or ()) == pytest.approx(0.409, abs=0.01)


def test_a_real_clip_is_read_at_16_khz_also_after_pickling_the_corpus(real_corpora: Path) -> None:
    corpus = pickle.loads(pickle.dumps(CremaD().load(real_corpora)))
    waveform, sample_rate = corpus.read_clip(corpus.clips[0])
    assert (waveform.dtype, waveform.ndim, sample_rate) == (np.float32, 1, 16_000)
    assert 1.27 <= len(waveform) / sample_rate <= 5.0
    assert 0.01 < np.abs(waveform).max() <= 1


def test_the_20_clips_never_published_are_those_of_the_rule_that_the_corpus_s_own_list_lacks(real_corpora: Path) -> None:
    listed = (real_corpora / "CREMA-D" / "SentenceFilenames.csv").read_text()
    rule = {f"{speaker}_{take}" for speaker in range(1001, 1092) for take in TAKES}
    assert len(rule) == 7462
    assert {name for name in rule if name not in listed} == NEVER_PUBLISHED
    assert len(NEVER_PUBLISHED) == 20


@pytest.mark.parametrize("layout", ["CREMA-D/AudioWAV", "crema_d/AudioWAV", "AudioWAV", "cremad/AudioWAV", "Crema",
                                    ".", "my/own"])
@pytest.mark.parametrize("ending", [".wav", ".WAV", ".flac", ".ogg"])
def test_the_corpus_is_found_in_whatever_folder_a_user_has(tmp_path: Path, layout: str, ending: str) -> None:
    for take in TAKES[:2]:
        tone(tmp_path / layout / f"1001_{take}{ending}")
    corpus = CremaD().load(tmp_path)
    assert [c.id for c in corpus.clips] == [f"1001_{take}" for take in TAKES[:2]]


def test_among_several_folders_the_one_with_most_clips_is_taken(tmp_path: Path) -> None:
    tone(tmp_path / "a_sample" / "1001_DFA_ANG_XX.wav")
    actor(tmp_path / "whole")
    tone(tmp_path / "Ravdess" / "03-01-05-01-01-01-01.wav")
    assert len(CremaD().load(tmp_path)) == 82


@pytest.mark.parametrize("make", [None, "empty", "not there"])
def test_a_corpus_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path, make: str | None) -> None:
    data = {None: None, "empty": tmp_path, "not there": tmp_path / "no"}[make]
    with pytest.raises(BenchError, match=r"--data DIR.*BENCH_DATA") as error:
        CremaD().load(data)
    assert make != "empty" or ("1001_IEO_ANG_HI.wav" in str(error.value) and "CREMA-D/AudioWAV" in str(error.value))


def test_an_actor_with_all_82_clips_has_no_gaps_and_without_tables_nothing_is_known_of_the_speaker(tmp_path: Path) -> None:
    corpus = CremaD().load(actor(tmp_path))
    assert (len(corpus), problems_of(corpus)) == (82, [])
    assert corpus.problems[0].subject == "90 speakers"
    assert {(c.sex, c.age, c.votes) for c in corpus.clips} == {(None, None, None)}


def test_clips_missing_of_a_present_speaker_break_and_the_message_names_allow_missing(tmp_path: Path) -> None:
    actor(tmp_path)
    for name in ("1001_DFA_ANG_XX.wav", "1001_WSI_SAD_XX.wav"):
        (tmp_path / name).unlink()
    gap, = problems_of(CremaD().load(tmp_path))
    assert (gap.kind, gap.subject, gap.breaks) == ("missing", "speaker 1001", True)
    assert gap.detail == "no file for 1001_DFA_ANG_XX, 1001_WSI_SAD_XX"
    assert "--allow-missing" in gap.action


def test_clips_that_were_never_published_are_not_missed(tmp_path: Path) -> None:
    actor(tmp_path, 1008)
    for emotion in EMOTIONS:
        (tmp_path / f"1008_WSI_{emotion}_XX.wav").unlink()
    corpus = CremaD().load(tmp_path)
    assert (len(corpus), problems_of(corpus)) == (76, [])


def test_the_corpus_s_own_list_decides_what_is_expected(tmp_path: Path) -> None:
    tone(tmp_path / "AudioWAV" / "1001_DFA_ANG_XX.wav")
    (tmp_path / "SentenceFilenames.csv").write_text('"Stimulus_Number","Filename"\n1,"1001_DFA_ANG_XX"\n2,"1002_DFA_ANG_XX"\n')
    assert [(p.subject, p.detail) for p in CremaD().load(tmp_path).problems] == [("1 speaker", "no clip of 1002")]


def test_the_misspelt_clip_of_older_copies_is_read_under_its_right_name(tmp_path: Path) -> None:
    actor(tmp_path, 1040)
    (tmp_path / "1040_ITH_SAD_XX.wav").rename(tmp_path / "1040_ITH_SAD_X.wav")
    corpus = CremaD().load(tmp_path)
    clip = next(c for c in corpus.clips if c.id == "1040_ITH_SAD_XX")
    assert (clip.level, clip.path) == ("XX", tmp_path / "1040_ITH_SAD_X.wav")
    assert [(p.kind, p.subject, p.action, p.breaks) for p in problems_of(corpus)] == [
        ("misnamed", "1040_ITH_SAD_X.wav", "read as 1040_ITH_SAD_XX", False)]


def test_other_misnamed_files_are_left_out_and_listed_and_hidden_files_are_not_clips(tmp_path: Path) -> None:
    actor(tmp_path)
    for name in ("1001_DFA_BAD_XX.wav", "9_notes.wav", "1092_DFA_ANG_XX.wav", "._1001_DFA_ANG_XX.wav", "readme.txt"):
        (tmp_path / name).write_bytes(b"x")
    corpus = CremaD().load(tmp_path)
    assert len(corpus) == 82
    assert [(p.kind, p.subject) for p in problems_of(corpus)] == [
        ("misnamed", "1001_DFA_BAD_XX.wav"), ("misnamed", "1092_DFA_ANG_XX.wav"), ("misnamed", "9_notes.wav")]


def test_of_a_clip_in_two_formats_the_wav_is_kept(tmp_path: Path) -> None:
    tone(actor(tmp_path) / "1001_DFA_ANG_XX.flac")
    corpus = CremaD().load(tmp_path)
    assert corpus.clips[0].path == tmp_path / "1001_DFA_ANG_XX.wav"
    assert [(p.kind, p.subject, p.breaks) for p in problems_of(corpus)] == [("extra", "1001_DFA_ANG_XX.flac", False)]


def test_audio_is_preferred_to_a_pointer_of_the_same_clip(tmp_path: Path, real_corpora: Path) -> None:
    pointer = real_corpora / "as-published" / "CREMA-D" / "1003_DFA_ANG_XX.lfs-pointer.wav"
    actor(tmp_path, 1003, ".ogg")
    (tmp_path / "1003_DFA_ANG_XX.wav").write_bytes(pointer.read_bytes())
    corpus = CremaD().load(tmp_path)
    assert corpus.clips[0].path == tmp_path / "1003_DFA_ANG_XX.ogg"
    assert [(p.kind, p.subject) for p in problems_of(corpus)] == [("extra", "1003_DFA_ANG_XX.wav")]


def test_pointers_and_empty_files_are_left_out_and_break(tmp_path: Path, real_corpora: Path) -> None:
    pointer = real_corpora / "as-published" / "CREMA-D" / "1003_DFA_ANG_XX.lfs-pointer.wav"
    actor(tmp_path, 1003)
    (tmp_path / "1003_DFA_ANG_XX.wav").write_bytes(pointer.read_bytes())
    (tmp_path / "1003_DFA_DIS_XX.wav").write_bytes(b"")
    corpus = CremaD().load(tmp_path)
    assert len(corpus) == 80
    assert [(p.kind, p.subject, p.breaks) for p in problems_of(corpus)] == [
        ("pointer", "1003_DFA_ANG_XX.wav", True), ("unreadable", "1003_DFA_DIS_XX.wav", True)]


DEMOGRAPHICS = '"ActorID","Age","Sex","Race","Ethnicity"\n'


@pytest.mark.parametrize("text", ["", '"ActorID","Age"\n1001,51\n', DEMOGRAPHICS + "1001\n",
                                  DEMOGRAPHICS + '1001,old,"Male","x","y"\n'])
def test_a_damaged_table_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    tone(tmp_path / "AudioWAV" / "1001_DFA_ANG_XX.wav")
    (tmp_path / "VideoDemographics.csv").write_text(text)
    with pytest.raises(BenchError, match=r"VideoDemographics\.csv.*get it again"):
        CremaD().load(tmp_path)


def test_tables_are_found_beside_the_clips_too(tmp_path: Path) -> None:
    tone(tmp_path / "1001_DFA_ANG_XX.wav")
    (tmp_path / "VideoDemographics.csv").write_text(DEMOGRAPHICS + '1001,51,"Female","Asian",""\n')
    clip, = CremaD().load(tmp_path).clips
    assert (clip.sex, clip.age, clip.race, clip.ethnicity) == ("female", 51, "Asian", None)


def test_a_few_speakers_make_a_partial_corpus_for_quick_tries(real_corpora: Path) -> None:
    few = CremaD(speakers=3).load(real_corpora)
    assert sorted(set(few.speakers.tolist())) == ["1001", "1002", "1003"] and "of 7,442 clips: partial" in few.coverage
    assert CremaD(speakers=500).load(real_corpora).clips == CremaD().load(real_corpora).clips
    with pytest.raises(BenchError, match="speakers must be 1 or more"):
        CremaD(speakers=0)


def test_as_published_clips_of_crema_d_are_read_as_documented(tmp_path: Path, real_corpora: Path) -> None:
    """The silent clip and the conflicting pairs are kept and reported; a pointer in a clip's place is left out and breaks."""
    folder = copied(real_corpora / "as-published" / "CREMA-D", tmp_path / "CREMA-D")
    (folder / "1003_DFA_ANG_XX.lfs-pointer.wav").rename(folder / "AudioWAV" / "1003_DFA_ANG_XX.wav")
    (folder / "AudioWAV" / "1040_ITH_SAD_XX.wav").rename(folder / "AudioWAV" / "1040_ITH_SAD_X.wav")
    corpus = CremaD().load(tmp_path)
    assert len(corpus) == 16 and "1040_ITH_SAD_XX" in {c.id for c in corpus.clips}
    odd = [(p.kind, p.subject, p.breaks) for p in audit(corpus) if p.kind != "missing"]
    assert odd == [("pointer", "1003_DFA_ANG_XX.wav", True), ("conflict", "1006_TIE_HAP_XX", False),
                   ("conflict", "1013_WSI_DIS_XX", False), ("conflict", "1017_IWW_ANG_XX", False),
                   ("misnamed", "1040_ITH_SAD_X.wav", False), ("silent", "1076_MTI_SAD_XX", False)]
