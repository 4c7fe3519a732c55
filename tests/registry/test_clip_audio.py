"""Which clips a run refuses: `bench check` and `bench run` come to one verdict on every odd file, in the same words."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cut_files import RATE, TONE, cut, sound, wav
from folder_clips import HEADER, loaded

from harness.data.corpora import Workspace, readable_corpus
from harness.data.feature_workers import DamagedClips
from harness.data.features import features
from registry.audit import audit
from registry.clip_audio import length_of, waveform_of
from registry.corpora._listing import read_clip
from registry.corpora.folder import Folder
from registry.corpus import Clip
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.rms import Rms

SPACE = FeatureSpace(features=(Rms(),), join="channels", duration_s=0.5)
SHORT = TONE[: RATE // 4]


def floats(path: Path, factor: float) -> Path:
    """The tone with this peak, in a WAV of floating-point numbers."""
    soundfile.write(path, SHORT * factor / np.abs(SHORT).max(), RATE, subtype="FLOAT")
    return path


def refused(path: Path) -> str:
    with pytest.raises(BenchError) as reason:
        waveform_of(Clip(id="a", emotion="ANG", speaker="s", path=path), read_clip)
    return str(reason.value)


def test_samples_far_beyond_full_scale_are_refused_with_the_factor_that_is_missing(tmp_path: Path) -> None:
    assert "holds samples of up to 13,963, where full scale is 1: they seem to be 16-bit numbers; divide them by 32,768" in refused(
        floats(tmp_path / "16.wav", 13_963))
    assert "they seem to be 16-bit numbers" in refused(floats(tmp_path / "overshoot.wav", 40_000))
    assert "24-bit numbers; divide them by 8,388,608" in refused(floats(tmp_path / "24.wav", 4e6))
    assert "32-bit numbers; divide them by 2,147,483,648" in refused(floats(tmp_path / "32.wav", 2e9))
    assert "divide them by what full scale is in it" in refused(floats(tmp_path / "huge.wav", 1e12))


@pytest.mark.parametrize("peak", [0.001, 1.0, 1.2, 4.0])
def test_a_little_beyond_full_scale_is_no_fault(tmp_path: Path, peak: float) -> None:
    waveform, _ = waveform_of(Clip(id="a", emotion="ANG", speaker="s", path=floats(tmp_path / "a.wav", peak)), read_clip)
    assert np.abs(waveform).max() == pytest.approx(peak)


def test_what_a_corpus_of_one_s_own_gives_is_judged_like_a_file() -> None:
    clip = Clip(id="a", emotion="ANG", speaker="s")
    for waveform, told in ((np.zeros(0, np.float32), "clip a holds no samples"), (np.full(9, np.inf, np.float32), "not finite numbers"),
                           (np.full(9, 300.0, np.float32), "full scale is 1")):
        with pytest.raises(BenchError, match=told):
            waveform_of(clip, lambda _, waveform=waveform: (waveform, RATE))


def test_a_length_comes_from_the_header_and_from_the_corpus_s_own_reader_where_that_can_read_more(tmp_path: Path) -> None:
    clip = Clip(id="a", emotion="ANG", speaker="s", path=sound(tmp_path / "a.flac", "flac"))
    assert length_of(clip, lambda _: pytest.fail("read")) == (2.0, None)
    film = dataclasses.replace(clip, path=tmp_path / "a.mp4")
    film.path.write_bytes(b"a film")
    assert length_of(film, lambda _: (SHORT.astype(np.float32), RATE)) == (0.25, None)
    assert length_of(film, read_clip).refused.detail.startswith(f"{film.path} can't be read as audio")
    assert math.isnan(length_of(dataclasses.replace(clip, path=None), read_clip).seconds)


def odd_files(folder: Path) -> tuple[list[str], list[str]]:
    """Files that a run refuses, and odd ones that it takes; by name."""
    for kind in ("wav", "flac", "ogg", "opus", "mp3", "aiff", "au"):
        cut(sound(folder / f"cut_{kind}.{kind}", kind))
    (folder / "empty.wav").write_bytes(b"")
    (folder / "pointer.wav").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    (folder / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(2_000))
    (folder / "folder.wav").mkdir()
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    soundfile.write(folder / "none.wav", SHORT[:0], RATE)
    soundfile.write(folder / "nan.wav", np.where(np.arange(len(SHORT)) == 7, np.nan, SHORT), RATE, subtype="FLOAT")
    floats(folder / "loud.wav", 13_963)
    floats(folder / "huge.wav", 1e30)
    soundfile.write(folder / "slow.wav", SHORT, 16)
    soundfile.write(folder / "long.wav", np.zeros(601 * 1_000), 1_000)
    content = bytearray(sound(folder / "zero_hz.wav", "wav", SHORT).read_bytes())
    content[24:28] = bytes(4)
    (folder / "zero_hz.wav").write_bytes(content)
    refused = sorted(path.name for path in folder.iterdir())
    for name, samples, rate in (("silent.wav", 0 * SHORT, RATE), ("one.wav", SHORT[:1], RATE), ("low.wav", SHORT, 2_000),
                                ("high.wav", SHORT, 192_000), ("six.wav", np.stack([SHORT] * 6, axis=1), RATE)):
        soundfile.write(folder / name, samples, rate)
    soundfile.write(folder / "eight_bits.wav", SHORT, RATE, subtype="PCM_U8")
    floats(folder / "overshoot.wav", 1.2)
    wav(folder / "piped.wav", 0xFFFFFFFF, 0xFFFFFFFF)
    wav(folder / "padded.wav", 64_001)
    sound(folder / "wrongly_named.wav", "aiff", SHORT)
    return refused, sorted({path.name for path in folder.iterdir()} - set(refused))


def test_check_and_run_agree_on_every_odd_file(tmp_path: Path) -> None:
    bad, good = odd_files(tmp_path)
    table = HEADER + "".join(f"{name},{'ANG' if i % 2 else 'SAD'},s\n" for i, name in enumerate([*bad, *good]))
    corpus = loaded(tmp_path, table)
    checked = {problem.subject.removesuffix(".wav"): problem.detail for problem in audit(corpus) if problem.breaks}

    workspace = Workspace(tmp_path / "home", tmp_path)
    with pytest.raises(BenchError) as stopped:
        readable_corpus(Folder(), workspace, allow_missing=False)
    left, workspace, lines = readable_corpus(Folder(), workspace, allow_missing=True)
    with pytest.raises(DamagedClips) as damaged:
        features(left, SPACE, workspace.cache, workers=1)
    listed = {problem.subject.removesuffix(".wav") for problem in corpus.problems}
    ran = listed | set(workspace.left_out) | set(damaged.value.clips)

    ids = {name.rpartition(".")[0] for name in bad}
    assert set(checked) == ran == ids
    assert all(damaged.value.clips[clip] == checked[clip] for clip in damaged.value.clips)
    assert all(checked[clip] in "\n".join(lines) or clip in listed for clip in workspace.left_out[:5])
    assert f"({len(listed) + len(workspace.left_out)} problems)" in str(stopped.value)
    sound_ones = left.part([i for i, clip in enumerate(left.clips) if clip.id not in damaged.value.clips])
    assert len(features(sound_ones, SPACE, workspace.cache, workers=1)) == len(good)
