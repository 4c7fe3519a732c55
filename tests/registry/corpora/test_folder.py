"""A user's own clips become a corpus by a table alone; every mistake in it is told with its line and what to do."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
from calls import TINY, bench
from folder_clips import HEADER, loaded, tone

from harness.data.corpora import open_corpus
from harness.data.features import features
from registry.core import get, names
from registry.corpora.folder import Folder
from registry.errors import BenchError, Declined, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.zcr import ZeroCrossingRate


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with two clips."""
    tone(tmp_path / "a.wav", 200)
    tone(tmp_path / "deep" / "b.flac", 400)
    return tmp_path


def test_clips_carry_what_the_table_says_in_the_order_of_their_ids(two: Path) -> None:
    corpus = loaded(two, "path,emotion,speaker,sentence,level,sex,age,race,ethnicity,room,take\n"
                         "deep/b.flac,sad,ann,hello,low,F,34,x,y,kitchen,\na.wav,angry,bob,,,male,,,,hall,2\n")
    first, second = corpus.clips
    assert [(c.id, c.emotion, c.speaker) for c in corpus.clips] == [("a", "angry", "bob"), ("deep/b", "sad", "ann")]
    assert (second.sentence, second.level, second.sex, second.age) == ("hello", "low", "female", 34)
    assert (second.race, second.ethnicity) == ("x", "y")
    assert (first.sentence, first.level, first.sex, first.age, first.race) == (None, None, "male", None, None)
    assert (first.other, second.other) == ((("room", "hall"), ("take", "2")), (("room", "kitchen"), ("take", "")))
    assert (corpus.name, corpus.emotions, corpus.coverage) == ("folder", ("angry", "sad"), "2 of 2 clips: whole")


def test_clips_are_read_at_their_own_rate_also_after_pickling(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", sample_rate=8_000)
    tone(tmp_path / "b.wav", sample_rate=22_050)
    corpus = pickle.loads(pickle.dumps(loaded(tmp_path, HEADER + "b.wav,x,s\na.wav,y,s\n")))
    assert corpus.sample_rate == 8_000
    assert [corpus.read_clip(clip)[1] for clip in corpus.clips] == [8_000, 22_050]
    assert [len(corpus.read_clip(clip)[0]) for clip in corpus.clips] == [4_000, 11_025]


PLAIN = "Path , EMOTION,speaker,größe\na.wav,wütend,bob,1\n\ndeep/b.flac,sad,ann,2\n,,,\n"


@pytest.mark.parametrize("content", [PLAIN.encode(), PLAIN.encode("utf-8-sig"), PLAIN.replace(",", ";").encode(),
                                     PLAIN.replace(",", "\t").encode("utf-16"), PLAIN.replace("\n", "\r\n").encode("utf-8-sig"),
                                     PLAIN.replace("deep/b.flac", r".\deep\b.flac").encode(),
                                     PLAIN.replace("a.wav", '"a.wav"').encode()])
def test_tables_as_spreadsheets_write_them_give_the_same_clips(two: Path, content: bytes) -> None:
    corpus = loaded(two, content)
    assert [(c.id, c.emotion, c.speaker, c.other) for c in corpus.clips] == [
        ("a", "wütend", "bob", (("größe", "1"),)), ("deep/b", "sad", "ann", (("größe", "2"),))]


def test_the_table_can_be_named_and_paths_are_relative_to_it(two: Path) -> None:
    table = HEADER + "b.flac,sad,ann\n../a.wav,angry,bob\n"
    (two / "other.csv").write_text("x\n")
    (two / "deep" / "own.csv").write_text(table)
    named = Folder(csv="deep/own.csv").load(two)
    assert [c.id for c in named.clips] == ["../a", "b"]
    assert named.fingerprint == Folder(csv=str(two / "deep" / "own.csv")).load(two).fingerprint


def test_a_table_that_is_given_with_its_whole_path_needs_no_data_folder_and_may_lie_outside_it(two: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (two / "own.csv").write_text("path,emotion,speaker\na.wav,angry,x\ndeep/b.flac,calm,y\n")
    whole = Folder(csv=str(two / "own.csv"))
    assert [clip.id for clip in whole.load(None).clips] == ["a", "deep/b"]
    assert whole.load(None).fingerprint == whole.load(tmp_path / "other").fingerprint == whole.load(two).fingerprint
    with pytest.raises(BenchError, match="is read from a folder, and none was given"):
        Folder(csv="own.csv").load(None)


def test_an_absolute_path_is_taken_and_is_the_id_without_its_ending(two: Path) -> None:
    corpus = loaded(two, f"{HEADER}{two / 'deep' / 'b.flac'},sad,ann\na.wav,angry,bob\n")
    assert [c.id for c in corpus.clips] == [str(two / "deep" / "b"), "a"]


def test_without_a_table_or_with_several_the_call_was_wrong(two: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no \.csv file: write one with the columns path, emotion, speaker"):
        Folder().load(two)
    for name in ("x.csv", "y.csv", ".hidden.csv"):
        (two / name).write_text(HEADER)
    with pytest.raises(UsageError, match=r"several \.csv files \(x\.csv, y\.csv\).*folder\[csv=x\.csv\]"):
        Folder().load(two)
    with pytest.raises(UsageError, match=r"there is no table .*z\.csv"):
        Folder(csv="z.csv").load(two)


@pytest.mark.parametrize("data", [None, Path("not/there")])
def test_without_a_folder_the_message_says_how_to_name_it(data: Path | None) -> None:
    with pytest.raises(BenchError, match=r"--data DIR.*BENCH_DATA"):
        Folder().load(data)


@pytest.mark.parametrize("text, message", [
    ("path,emotions,speaker\n", r"labels\.csv has no column 'emotion'; it has path, emotions, speaker\..*'folder\[emotion=emotions\]'"),
    ("file,emotion,speaker\n", r"has no column 'path'; it has file, emotion, speaker\..*'folder\[path=file\]'"),
    ("path,emotion,speaker,room,room\n", "the column 'room' twice"),
])
def test_a_missing_or_repeated_column_is_named_with_what_is_there(two: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(two, text)


@pytest.mark.parametrize("rows, message", [
    ("a.wav,angry,bob\ndeep/b.flac,,ann\n", "line 3: no emotion"),
    (",angry,bob\n,sad,ann\n", "lines 2, 3: no path"),
    ("a.wav,angry,\n", "line 2: no speaker"),
    ("a.wav,angry,bob\na.wav,sad,ann\n", "lines 2, 3: the same path"),
    ("a.wav,angry,bob\n./a.flac,sad,ann\n", "lines 2, 3: the same path"),
    ("a.wav,angry\n", "line 2: not 3 cells"),
    ("a.wav,angry,bob,more\n", "line 2: not 3 cells"),
    ("a.wav,angry,bob\ndeep/b.flac,angry,ann\n", "at least two emotions, and has angry"),
    ("", "at least two emotions, and has no rows"),
    ("a.wav,angry!,bob\ndeep/b.flac,sad,ann\n", "line 2: an emotion may hold"),
])
def test_a_wrong_row_is_told_by_its_line(two: Path, rows: str, message: str) -> None:
    with pytest.raises(BenchError, match=message) as error:
        loaded(two, HEADER + rows)
    assert "labels.csv" in str(error.value)


def test_an_age_that_is_no_whole_number_is_told_by_its_line(two: Path) -> None:
    with pytest.raises(BenchError, match="line 3: the age 'old' is not a whole number of years"):
        loaded(two, "path,emotion,speaker,age\na.wav,angry,bob,30\ndeep/b.flac,sad,ann,old\n")


def test_a_table_in_another_encoding_is_told_to_be_saved_again(two: Path) -> None:
    with pytest.raises(BenchError, match=r"not in UTF-8.*save it again"):
        loaded(two, (HEADER + "a.wav,wütend,bob\n").encode("cp1252"))


def test_missing_and_empty_files_are_left_out_and_break(two: Path, real_corpora: Path) -> None:
    pointer = real_corpora / "as-published" / "CREMA-D" / "1003_DFA_ANG_XX.lfs-pointer.wav"
    (two / "empty.wav").write_bytes(b"")
    (two / "pointer.wav").write_bytes(pointer.read_bytes())
    rows = "a.wav,angry,bob\ndeep/b.flac,sad,ann\ngone.wav,joy,ann\nempty.wav,sad,ann\npointer.wav,sad,ann\n"
    corpus = loaded(two, HEADER + rows)
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [
        ("unreadable", "empty.wav", True), ("missing", "gone", True), ("pointer", "pointer.wav", True)]
    assert "--allow-missing" in corpus.problems[1].action
    assert (corpus.coverage, corpus.emotions) == ("2 of 5 clips: partial", ("angry", "joy", "sad"))


def many(folder: Path) -> Path:
    """Sixteen clips of four speakers in two emotions that differ in pitch."""
    lines = []
    for i in range(16):
        emotion = "sad" if i % 2 else "angry"
        tone(folder / "clips" / f"{i:02d}.wav", 200 + 20 * i + (1_000 if emotion == "sad" else 0))
        lines.append(f"clips/{i:02d}.wav,{emotion},s{i // 4},{i % 3}")
    (folder / "labels.csv").write_text("path,emotion,speaker,take\n" + "\n".join(lines) + "\n")
    return folder


def test_features_of_a_folder_tell_its_tones_apart(tmp_path: Path) -> None:
    """A tone of f Hz crosses zero 2f times a second."""
    corpus = open_corpus(Folder(), many(tmp_path))
    space = FeatureSpace(features=(ZeroCrossingRate(),), join="channels", duration_s=0.5)
    rates = features(corpus, space, tmp_path / "cache", workers=1)[:, 4:-4, 0].mean(axis=1) * 16_000
    expected = [2 * (200 + 20 * i + (1_000 if i % 2 else 0)) for i in range(16)]
    np.testing.assert_allclose(rates, expected, rtol=0.03)


def test_a_table_that_is_named_is_checked_among_others(tmp_path: Path) -> None:
    (many(tmp_path) / "notes.csv").write_text("anything\n")
    checked = bench("check", "folder[csv=labels.csv]", "--data", tmp_path)
    assert (checked.code, "16 of 16 clips: whole; 0 findings" in checked.out) == (0, True)


def test_clips_of_a_folder_can_join_other_corpora_when_they_are_labelled_alike(two: Path, real_corpora: Path) -> None:
    from registry.corpora.combined import Combined

    loaded(two, HEADER + "a.wav,ANG,bob\ndeep/b.flac,SUR,ann\n")
    (two / "SAVEE").symlink_to(real_corpora / "SAVEE")
    corpus = Combined(corpora=("savee", "folder")).load(two)
    assert [c.id for c in corpus.clips[:2]] == ["folder/a", "folder/deep/b"]
    assert (len(corpus), corpus.whole, corpus.read_clip(corpus.clips[1])[1]) == (482, 482, 16_000)


@pytest.mark.usefixtures("no_cost")
def test_a_study_runs_without_speakers_under_random_protocols_and_the_report_says_so(tmp_path: Path) -> None:
    data, home = many(tmp_path / "data"), tmp_path / "home"
    corpus = "folder[csv=labels.csv, speaker=None, emotions=angry:ANG, name=lab]"
    run = bench("run", "--study", TINY, "--corpus", corpus, "--data", data, "--home", home, "--trials", 1, "--seeds", 0,
                "--split", "random_80_20", "unseen_speakers_80_20")
    assert run.code == 0, run.err
    assert "16 of 16 clips: whole" in run.out.replace("\n", " ")
    assert "it keeps speakers apart, and those of these clips are not known; use random_80_20" in run.err.replace("\n", " ")
    report = (home / "reports" / "tiny_study.md").read_text()
    assert "## random_80_20 on lab, 16 of 16 clips: whole" in report
    assert "folder[csv=labels.csv, name=lab, emotions=angry:ANG, speaker=None]" in report
    assert "; speakers unknown; " in report and "shared speakers; " not in report
    assert "**Speakers are not known**: those of the test part may all be in training." in report
    assert "## Clips\n\nWhat was done about their names and files.\n\n- lab: 1 word: angry → ANG (8); counted so, as" in report
    assert "No ranks and no intervals: who speaks is not known, and clips of one speaker are not independent of each other." in report
    assert "speakers (the corpus does not say who speaks: the test speakers may all be in training)" in report


def test_every_protocol_that_keeps_speakers_apart_declines_clips_without_them(two: Path) -> None:
    corpus = loaded(two, HEADER + "a.wav,angry,bob\ndeep/b.flac,sad,ann\n")
    unknown = dataclasses.replace(corpus, clips=tuple(dataclasses.replace(clip, speaker="", sentence="x") for clip in corpus.clips))
    apart = [protocol for name in names("splits") if (protocol := get("splits", name)()).shares_speakers is False]
    assert len(apart) >= 5
    for protocol in apart:
        with pytest.raises(Declined, match="it keeps speakers apart, and those of these clips are not known; use random_80_20"):
            protocol(unknown)
