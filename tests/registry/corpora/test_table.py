"""A table is read as spreadsheets and programs write it, and its columns are found, or offered, under other names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from folder_clips import HEADER, loaded, tone

from registry.corpora._table import near_column
from registry.corpora.folder import Folder
from registry.errors import BenchError, UsageError

ROWS = "a.wav,angry,bob\nb.wav,sad,ann\n"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with two clips."""
    tone(tmp_path / "a.wav", 200)
    tone(tmp_path / "b.wav", 400)
    return tmp_path


@pytest.mark.parametrize("text", [
    "sep=;\n" + (HEADER + ROWS).replace(",", ";"),
    "\n\n" + HEADER + ROWS,
    (HEADER + ROWS).replace(",", "|"),
    (HEADER + ROWS).replace("\n", "\r"),
    (HEADER + ROWS).replace("\n", ",,\n"),
    ",path,emotion,speaker\n0,a.wav,angry,bob\n1,b.wav,sad,ann\n",
    '"path","emotion","speaker"\n"a.wav","angry","bob"\n"b.wav","sad","ann"\n',
])
def test_what_programs_add_to_a_table_changes_nothing(two: Path, text: str) -> None:
    assert [(c.id, c.emotion, c.speaker, c.other) for c in loaded(two, text).clips] == [("a", "angry", "bob", ()), ("b", "sad", "ann", ())]


def test_a_table_may_be_of_tabs_alone(two: Path) -> None:
    assert len(loaded(two, (HEADER + ROWS).replace(",", "\t"), name="clips.tsv").clips) == 2


@pytest.mark.parametrize("content, message", [
    ((HEADER + ROWS).encode("utf-16-le"), "no text in UTF-8: save it again"),
    ((HEADER + ROWS.replace("bob", "Jürgen")).encode("latin-1"), r"not in UTF-8 \(at byte \d+\): save it again"),
])
def test_a_table_that_is_not_in_utf_8_is_told_to_be_saved_again(two: Path, content: bytes, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        loaded(two, content)


def test_a_folder_with_a_spreadsheet_alone_says_to_save_it_as_csv(two: Path) -> None:
    (two / "clips.xlsx").write_bytes(b"PK")
    with pytest.raises(UsageError, match=r"holds no \.csv file \(clips\.xlsx: save it as CSV in UTF-8\)"):
        Folder().load(two)


def test_a_table_without_a_header_is_told_to_name_its_columns(two: Path) -> None:
    with pytest.raises(UsageError, match=r"the first line of .*labels\.csv is a clip \(a\.wav, angry, bob\).*path,emotion,speaker"):
        loaded(two, ROWS)


def test_columns_of_other_names_are_taken_as_the_user_says(two: Path) -> None:
    (two / "t.csv").write_text("File,Label,spk_id,Text,Gender,Years,emotion\na.wav,angry,bob,hi,F,34.0,1\nb.wav,sad,ann,ho,M,,2\n")
    corpus = Folder(path="file", emotion="label", speaker="spk_id", sentence="text", sex="gender", age="years").load(two)
    clip = corpus.clips[0]
    assert (clip.emotion, clip.speaker, clip.sentence, clip.sex, clip.age) == ("angry", "bob", "hi", "female", 34)
    assert clip.other == (("emotion", "1"),)


@pytest.mark.parametrize("header, call", [
    ("file,label,spk", "folder[path=file, emotion=label, speaker=spk]"),
    ("FileName,Emotion_Label,Speaker_ID", "folder[path=FileName, emotion=Emotion_Label, speaker=Speaker_ID]"),
    ("wav,class,actor", "folder[path=wav, emotion=class, speaker=actor]"),
    ("path,emoton,subject id", "folder[emotion=emoton, speaker=subject id]"),
    ("path,emotion", "folder[speaker=None]"),
    ("x,y,z", "folder[path=COLUMN, emotion=COLUMN, speaker=None]"),
])
def test_the_columns_that_are_probably_meant_are_offered_as_one_can_type_them(two: Path, header: str, call: str) -> None:
    with pytest.raises(UsageError) as error:
        loaded(two, header + "\n")
    assert f"for example {call!r}" in str(error.value)
    assert ("'speaker=None' says that the speakers are not known" in str(error.value)) == ("speaker" in call)


def test_a_call_that_is_offered_keeps_what_was_given(two: Path) -> None:
    (two / "t.csv").write_text("file,emotion,speaker\n")
    with pytest.raises(UsageError, match=r"'folder\[csv=t\.csv, name=lab, path=file\]'"):
        Folder(csv="t.csv", name="lab").load(two)


@pytest.mark.parametrize("fields, message", [
    ({"emotion": "feeling"}, r"has no column 'feeling' \(the emotion\)"),
    ({"sentence": "text"}, r"has no column 'text' \(the sentence\)"),
    ({"emotion": "speaker"}, "column 'speaker' of .* can't be emotion and speaker at once"),
])
def test_a_column_that_is_named_and_not_there_is_told(two: Path, fields: dict[str, str], message: str) -> None:
    (two / "t.csv").write_text(HEADER + ROWS)
    with pytest.raises(UsageError, match=message):
        Folder(**fields).load(two)


def test_two_columns_that_may_both_be_meant_are_told(two: Path) -> None:
    with pytest.raises(UsageError, match="the columns 'Path' and 'path', which may both be the path"):
        loaded(two, "Path,path,emotion,speaker\n")


def test_a_column_that_is_not_to_be_used_is_kept_with_the_others(two: Path) -> None:
    (two / "t.csv").write_text("path,emotion,speaker,age\na.wav,angry,bob,old\nb.wav,sad,ann,young\n")
    assert Folder(age=None).load(two).clips[0].other == (("age", "old"),)


@pytest.mark.parametrize(("columns", "message"), [
    ("start_time,end_time", "what stretch of its file a clip is: 'folder[csv=labels.csv, start=start_time, end=end_time]' uses that"),
    ("Onset,Offset", "end=Offset]' uses that, in seconds, and 'folder[csv=labels.csv, start=None, end=None]' uses whole files"),
    ("begin,end", "start=begin]' uses that"), ("start,stop", "end=stop]' uses that"),
    ("start,duration", "'duration' but none for the end of a stretch: write a column 'end', its start and 'duration' together"),
    ("offset,subject,duration_s", "'duration_s' but none for the end of a stretch"),
])
def test_times_of_stretches_under_other_names_are_told_before_whole_files_are_used(two: Path, columns: str, message: str) -> None:
    more = "," + ",".join("0.1" for _ in columns.split(","))
    with pytest.raises(UsageError, match=re.escape(message)):
        loaded(two, f"path,emotion,speaker,{columns}\na.wav,angry,bob{more}\nb.wav,sad,ann{more}\n", csv="labels.csv")


@pytest.mark.parametrize("columns", ["duration", "onset", "from,subject"])
def test_one_of_such_columns_alone_says_nothing_of_a_stretch(two: Path, columns: str) -> None:
    more = "," + ",".join("0.1" for _ in columns.split(","))
    corpus = loaded(two, f"path,emotion,speaker,{columns}\na.wav,angry,bob{more}\nb.wav,sad,ann{more}\n")
    assert [clip.segment for clip in corpus.clips] == [None, None]


def test_a_column_that_is_named_for_what_another_is_is_to_be_named_again(two: Path) -> None:
    (two / "t.csv").write_text(HEADER + ROWS)
    with pytest.raises(UsageError, match="can't be emotion and sentence at once: name another one for the sentence"):
        Folder(sentence="emotion").load(two)


def test_the_nearest_column_is_a_known_name_first() -> None:
    assert near_column("speaker", "speaker", ["speakers_home", "spk", "id"]) == "spk"
    assert near_column("emotion", "emotion", ["x", "y"]) is None


@pytest.mark.parametrize(("emotion", "message"), [("ang\u200bry", r"in the emotion \('ang\\u200bry'\): write it without"),
                                                  ("angry/sad", "letters, digits, spaces and the signs _ . - only, not 'angry/sad'"),
                                                  ("😀", r"not '😀': name it otherwise, for example with .*emotions=😀:NAME\]'"),
                                                  ('"a, b"', "not 'a, b': name it otherwise$")])
def test_an_emotion_with_signs_that_can_not_be_is_shown(two: Path, emotion: str, message: str) -> None:
    with pytest.raises(BenchError, match=rf"line 3: .*{message}"):
        loaded(two, f"{HEADER}a.wav,calm,bob\nb.wav,{emotion},ann\n")
