"""Stretches of long recordings are clips: read alone, told apart, and refused where they can't be."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from registry import audio
from registry.audit import audit
from registry.corpora.folder import Folder
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.segments import Segment, overlapping

RATE = 16_000


def talk(folder: Path, name: str = "talk.wav", seconds: float = 10.0, subtype: str | None = None) -> Path:
    """A recording whose second n holds a tone of 200 + 100 n Hz."""
    times = np.arange(int(seconds * RATE)) / RATE
    soundfile.write(folder / name, 0.3 * np.sin(2 * np.pi * (200 + 100 * np.floor(times)) * times), RATE, subtype)
    return folder / name


def of(folder: Path, rows: str, header: str = "path,emotion,speaker,start,end\n") -> Corpus:
    """The corpus of a table."""
    (folder / "clips.csv").write_text(header + rows)
    return Folder().load(folder)


def test_segments_of_one_recording_are_clips_of_their_own(tmp_path: Path) -> None:
    talk(tmp_path)
    corpus = of(tmp_path, "talk.wav,sad,ann,0,1.5\ntalk.wav,joy,bob,1.5,2\ntalk.wav,joy,ann,9,\ntalk.wav,sad,ann,,0.5\n")
    assert [clip.id for clip in corpus.clips] == ["talk@0-0.5", "talk@0-1.5", "talk@1.5-2", "talk@9-"]
    assert [len(corpus.read_clip(clip)[0]) for clip in corpus.clips] == [8_000, 24_000, 8_000, 16_000]
    assert [round(length.seconds, 3) for length in corpus.lengths] == [0.5, 1.5, 0.5, 1.0]
    assert len(set(corpus.digests)) == 4


@pytest.mark.parametrize(("name", "subtype"), [("talk.wav", None), ("talk.flac", None), ("talk.ogg", None), ("talk.ogg", "OPUS"),
                                               ("talk.mp3", None)])
def test_a_segment_is_the_stretch_of_the_whole_in_every_format(tmp_path: Path, name: str, subtype: str | None) -> None:
    path = talk(tmp_path, name, subtype=subtype)
    whole, part = audio.read(path)[0], audio.read(path, Segment(3.2, 4.7))[0]
    assert (len(part), part.dtype) == (24_000, np.float32)
    np.testing.assert_allclose(part, whole[51_200:75_200], atol=1e-4)


def test_a_recording_may_be_longer_than_a_clip(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "day.wav", np.zeros(700 * 1_000, np.int16), 1_000)
    corpus = of(tmp_path, "day.wav,sad,ann,650,652\nday.wav,joy,ann,660,\n")
    assert [len(corpus.read_clip(clip)[0]) for clip in corpus.clips] == [2_000, 40_000]
    with pytest.raises(BenchError, match=r"line 2: it lasts 601 s, and a clip at most 600: cut it"):
        of(tmp_path, "day.wav,sad,ann,0,601\nday.wav,joy,ann,660,\n")


@pytest.mark.parametrize("times, message", [
    ("2,2", "the end 2 is not after the start 2"), ("3,2", "the end 2 is not after the start 3"),
    (",0", "the end 0 is not after the start 0"),
    ("-1,2", "the start -1 is negative, but times count from the file's beginning"),
    ('0,"1,5"', "the end '1,5' has a decimal comma: write 1.5"),
    ("0,1:02.5", "the end '1:02.5' is not in seconds: write 62.5"), ("0:00:01,2", "the start '0:00:01' is not in seconds: write 1"),
    ("0,two", "the end 'two' is not a number of seconds, such as 12.5"),
    ("0,inf", "the end 'inf' is not a number of seconds"),
    ("0,2s", "the end '2s' is not a number of seconds"), ("10,", r"the start 10 is not before the end of the file, which lasts 10 s"),
    ("12,13", "the start 12 is not before the end of the file"),
    ("0,1500", "the end 1500 is beyond the end of the file, which lasts 10 s; times are in seconds"),
    ("1,1.00001", "there is not one sample"),
])
def test_times_that_can_not_be_are_told_with_their_line(tmp_path: Path, times: str, message: str) -> None:
    talk(tmp_path)
    with pytest.raises(BenchError, match=rf"clips\.csv, line 3: .*{message}"):
        of(tmp_path, f"talk.wav,sad,ann,0,1\ntalk.wav,joy,bob,{times}\n")


def test_an_end_that_was_rounded_up_is_that_of_the_file(tmp_path: Path) -> None:
    talk(tmp_path, seconds=3.466)
    corpus = of(tmp_path, "talk.wav,sad,ann,0,1\ntalk.wav,joy,bob,1,3.47\n")
    assert len(corpus.read_clip(corpus.clips[1])[0]) == round(2.466 * RATE)


def test_words_for_missing_times_are_none(tmp_path: Path) -> None:
    talk(tmp_path)
    talk(tmp_path, "other.wav")
    corpus = of(tmp_path, "talk.wav,sad,ann,nan,2\nother.wav,joy,bob,NA,-\n")
    assert [(clip.id, clip.segment) for clip in corpus.clips] == [("other", None), ("talk@0-2", Segment(0.0, 2.0))]


def test_columns_of_other_names_and_one_alone_will_do(tmp_path: Path) -> None:
    talk(tmp_path)
    (tmp_path / "t.csv").write_text("path,emotion,speaker,onset\ntalk.wav,sad,ann,2\ntalk.wav,joy,ann,4\n")
    assert [clip.id for clip in Folder(start="onset").load(tmp_path).clips] == ["talk@2-", "talk@4-"]


def test_the_same_segment_twice_is_refused(tmp_path: Path) -> None:
    talk(tmp_path)
    with pytest.raises(BenchError, match="lines 2, 3: the same path as in another of these lines with the same start and end"):
        of(tmp_path, "talk.wav,sad,ann,0,1\ntalk.wav,joy,bob,0.0,1.0\n")


def test_a_table_without_segments_has_the_fingerprint_that_it_had(tmp_path: Path) -> None:
    talk(tmp_path, "a.wav", 1)
    talk(tmp_path, "b.wav", 2)
    plain = of(tmp_path, "a.wav,sad,ann\nb.wav,joy,bob\n", "path,emotion,speaker\n")
    empty = of(tmp_path, "a.wav,sad,ann,,\nb.wav,joy,bob,,\n")
    assert plain.fingerprint == empty.fingerprint
    assert of(tmp_path, "a.wav,sad,ann,0,0.5\nb.wav,joy,bob,,\n").fingerprint != plain.fingerprint


def test_recordings_that_are_missing_or_cut_short_are_told_for_each_clip(tmp_path: Path) -> None:
    content = talk(tmp_path).read_bytes()
    (tmp_path / "short.wav").write_bytes(content[: len(content) // 2])
    corpus = of(tmp_path, "talk.wav,sad,ann,0,1\nshort.wav,joy,ann,0,1\nshort.wav,joy,ann,8,9\ngone.wav,joy,ann,0,1\n")
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [
        ("missing", "gone@0-1", True), ("unreadable", "short@0-1", True), ("unreadable", "short@8-9", True)]
    assert "was cut short" in corpus.problems[1].detail


def test_overlapping_segments_are_told_and_found_by_their_places(tmp_path: Path) -> None:
    talk(tmp_path)
    corpus = of(tmp_path, "talk.wav,sad,ann,0,2\ntalk.wav,joy,bob,1,3\ntalk.wav,joy,ann,3,4\ntalk.wav,sad,ann,2,9\n")
    assert sorted(overlapping(corpus.clips)) == [(0, 1), (1, 2), (2, 3)]
    [problem] = corpus.problems
    assert (problem.kind, problem.subject, problem.breaks) == ("overlap", "4 clips", False)
    assert problem.detail == "talk@0-2 and talk@1-3 share audio, and 2 more pairs do"


def test_a_whole_recording_overlaps_its_segments_and_other_files_do_not() -> None:
    paths = [("a", None), ("a", Segment(5, 6)), ("b", Segment(5, 6)), ("c", None)]
    clips = [Clip(id=str(i), emotion="x", speaker="s", path=Path(name), segment=stretch) for i, (name, stretch) in enumerate(paths)]
    assert list(overlapping(clips)) == [(0, 1)]
    assert list(overlapping([dataclasses.replace(clip, path=None) for clip in clips])) == []
    assert list(overlapping([clips[0], dataclasses.replace(clips[0], id="copy")])) == []
    assert list(overlapping([dataclasses.replace(clips[0], segment=stretch) for stretch in (Segment(0, 0.1 + 0.2), Segment(0.3, 1))])) == []


def test_equal_audio_of_two_segments_is_found_by_the_audit(tmp_path: Path) -> None:
    second = np.random.default_rng(0).normal(0, 0.1, RATE)
    soundfile.write(tmp_path / "talk.wav", np.concatenate([second, -second, second]), RATE)
    found = audit(of(tmp_path, "talk.wav,sad,ann,0,1\ntalk.wav,joy,bob,1,2\ntalk.wav,sad,ann,2,3\n"))
    assert [(p.kind, p.detail) for p in found] == [
        ("duplicate", "identical audio: talk@0-1 = talk@2-3, all labelled sad of speaker ann")]
