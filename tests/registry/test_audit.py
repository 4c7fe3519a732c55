"""The audit finds what is odd about clips, in real files and in made ones, and says what is done about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import bench
from corpus_trees import copied

from registry import audio
from registry.audit import audit
from registry.corpora.crema_d import CremaD
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError


def read(clip: Clip) -> tuple[np.ndarray, int]:
    assert clip.path is not None
    return audio.read(clip.path)


def corpus_of(*paths: Path, sample_rate: int = 16_000, name: str = "made", labels: dict[str, str] | None = None) -> Corpus:
    """A corpus of these files; a clip's emotion is looked up in `labels` and is ANG otherwise."""
    emotion = {path: (labels or {}).get(path.stem, "ANG") for path in paths}
    clips = tuple(Clip(id=path.stem, emotion=emotion[path], speaker="s", path=path) for path in sorted(paths))
    return Corpus(name=name, emotions=("ANG", "NEU"), clips=clips, sample_rate=sample_rate, whole=len(clips), read_clip=read)


def tone(path: Path, hz: float = 200.0, level: float = 0.5) -> Path:
    """Half a second at 16 kHz, written as whole numbers: formats round fractions differently."""
    waveform = level * np.sin(2 * np.pi * hz * np.arange(8_000) / 16_000)
    soundfile.write(path, np.round(32_767 * waveform).astype(np.int16), 16_000)
    return path


def summary(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(p.kind, p.subject) for p in problems]


def test_clean_clips_have_no_problems(tmp_path: Path) -> None:
    assert audit(corpus_of(tone(tmp_path / "a.wav", 200), tone(tmp_path / "b.flac", 300), tone(tmp_path / "c.ogg", 400))) == []


def test_the_synthetic_corpus_is_clean() -> None:
    assert audit(Synthetic(n_speakers=2, n_sentences=2).load(None)) == []


def test_real_clips_with_identical_audio_under_two_labels_and_a_silent_one_are_found_and_nothing_breaks(real_corpora: Path) -> None:
    """The three known pairs and the silent clip are all that is odd about the clips of their four speakers, read as Ogg Vorbis."""
    whole = CremaD().load(real_corpora)
    problems = audit(whole.part([i for i, c in enumerate(whole.clips) if c.speaker in ("1006", "1013", "1017", "1076")]))
    assert summary(problems) == [("conflict", "1006_TIE_HAP_XX"), ("conflict", "1013_WSI_DIS_XX"),
                                 ("conflict", "1017_IWW_ANG_XX"), ("silent", "1076_MTI_SAD_XX")]
    assert not any(p.breaks for p in problems)
    assert "1006_TIE_HAP_XX = 1006_TIE_NEU_XX" in problems[0].detail
    assert [p.action.split("; ")[1] for p in problems[:3]] == [
        f"tfds_crema_d leaves {left_out} out" for left_out in ("1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX")]


def test_aiff_inside_a_wav_name_and_a_wrong_rate_are_found_in_real_clips_of_tess(real_corpora: Path) -> None:
    folder = real_corpora / "as-published" / "TESS"
    problems = audit(corpus_of(*folder.glob("*.wav"), sample_rate=24_414))
    assert summary(problems) == [("format", "YAF_germ_angry"), ("format", "YAF_neat_fear"), ("rate", "OAF_food_fear")]
    assert problems[0].detail == "AIFF inside a name that ends in .wav"
    assert problems[2].detail == "96,000 Hz, where the corpus has 24,414 Hz"
    assert "resampled on purpose" in problems[2].action


def test_stereo_and_a_repeated_take_are_found_in_real_clips_of_ravdess(real_corpora: Path) -> None:
    paths = (real_corpora / "as-published" / "RAVDESS").rglob("*.wav")
    problems = audit(corpus_of(*paths, sample_rate=48_000))
    assert summary(problems) == [("duplicate", "03-01-03-01-02-01-07"), ("stereo", "03-01-02-01-01-02-01"),
                                 ("stereo", "03-01-08-01-02-02-01")]
    assert problems[0].action == "kept"
    assert problems[1].action == "channels averaged"


def test_silence_and_a_pointer_are_found_in_real_clips_of_crema_d(real_corpora: Path) -> None:
    folder = real_corpora / "as-published" / "CREMA-D"
    zeros, pointer = folder / "AudioWAV" / "1076_MTI_SAD_XX.wav", folder / "1003_DFA_ANG_XX.lfs-pointer.wav"
    refused, silent = audit(corpus_of(zeros, pointer, name="crema_d"))
    assert (refused.kind, refused.breaks) == ("pointer", True)
    assert "git lfs pull" in refused.action
    assert (silent.kind, silent.detail, silent.breaks) == ("silent", "all samples are zero", False)


def test_damaged_missing_and_not_finite_clips_break_and_come_first(tmp_path: Path) -> None:
    tone(tmp_path / "quiet.wav", level=0.0005)
    (tmp_path / "noise.wav").write_bytes(b"not audio at all" * 100)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 16_000, subtype="FLOAT")
    problems = audit(corpus_of(*tmp_path.glob("*.wav"), tmp_path / "gone.wav"))
    assert [(p.kind, p.subject, p.breaks) for p in problems] == [
        ("unreadable", "gone", True), ("unreadable", "nan", True), ("unreadable", "noise", True), ("silent", "quiet", False)]
    assert "not finite" in problems[1].detail


def test_clips_beyond_full_scale_are_told_where_lossy_formats_do_not_come_so_far(tmp_path: Path) -> None:
    for name, level in (("a", 1.9), ("b", 2.1), ("c", 9.5)):
        soundfile.write(tmp_path / f"{name}.wav", level * np.sin(np.arange(8_000) * 0.1), 16_000, subtype="FLOAT")
    loud, louder = audit(corpus_of(*tmp_path.glob("*.wav")))
    assert [(p.kind, p.subject, p.breaks) for p in (loud, louder)] == [("loud", "b", False), ("loud", "c", False)]
    assert louder.detail == "samples of up to 9.5, where full scale is 1" and louder.action.startswith("kept as it is")


def test_what_many_clips_share_is_one_finding(tmp_path: Path) -> None:
    for i in range(11):
        soundfile.write(tmp_path / f"{i:02}.wav", np.random.default_rng(i).normal(0, 0.1, (4_000, 2)), 16_000)
    shared, = audit(corpus_of(*tmp_path.glob("*.wav")))
    assert (shared.kind, shared.subject, shared.detail) == ("stereo", "11 clips", "2 channels: 00, …")
    assert summary(audit(corpus_of(*sorted(tmp_path.glob("*.wav"))[:2]))) == [("stereo", "00"), ("stereo", "01")]


def test_silence_begins_at_60_db_below_full_scale(tmp_path: Path) -> None:
    just_above = tone(tmp_path / "above.wav", level=10 ** (-59 / 20))
    just_below = tone(tmp_path / "below.wav", level=10 ** (-61 / 20))
    assert summary(audit(corpus_of(just_above, just_below))) == [("silent", "below")]


def test_identical_audio_is_found_across_formats_and_told_apart_by_label(tmp_path: Path) -> None:
    clips = [tone(tmp_path / "a.wav"), tone(tmp_path / "b.flac"), tone(tmp_path / "c.wav", hz=300)]
    same, = audit(corpus_of(*clips))
    other, = audit(corpus_of(*clips, labels={"b": "NEU"}, name="crema_d"))
    assert (same.kind, same.subject) == ("duplicate", "a")
    assert (other.kind, other.action) == ("conflict", "kept")
    assert "a = b" in other.detail and "ANG of speaker s and NEU of speaker s" in other.detail


def test_two_silent_clips_are_silent_not_identical(tmp_path: Path) -> None:
    assert summary(audit(corpus_of(tone(tmp_path / "a.wav", level=0), tone(tmp_path / "b.wav", level=0)))) == [
        ("silent", "a"), ("silent", "b")]


def test_the_result_does_not_depend_on_the_workers_and_progress_counts_every_clip(tmp_path: Path) -> None:
    clips = [tone(tmp_path / f"{i}.wav", hz=200 + 10 * (i % 4)) for i in range(8)]
    seen: list[tuple[int, int]] = []
    one = audit(corpus_of(*clips), workers=1, progress=lambda done, total: seen.append((done, total)))
    assert one == audit(corpus_of(*clips), workers=3)
    assert summary(one) == [("duplicate", str(i)) for i in range(4)]
    assert seen == [(done, 8) for done in range(1, 9)]


def test_a_negative_number_of_workers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="not -1"):
        audit(corpus_of(tone(tmp_path / "a.wav")), workers=-1)


def test_the_audit_of_a_corpus_is_printed(tmp_path: Path, real_corpora: Path) -> None:
    copied(real_corpora / "as-published" / "TESS", tmp_path)
    checked = bench("check", "tess", "--data", tmp_path)
    assert checked.code == 1  # most clips of both speakers are missing
    assert "AIFF" in checked.out and "96,000 Hz" in checked.out
