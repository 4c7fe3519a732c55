"""Files are found also where the table spells their names otherwise, and hinted at where several or none can be meant."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest
from folder_clips import HEADER, loaded, tone

from registry.corpora.folder import Folder
from registry.corpus import Corpus
from registry.errors import BenchError

NFC, NFD = (unicodedata.normalize(form, "wütend") for form in ("NFC", "NFD"))


def with_row(folder: Path, path: str) -> Corpus:
    """The corpus of a clip that is there, and one of this path."""
    tone(folder / "there.wav")
    return loaded(folder, f"{HEADER}there.wav,angry,bob\n{path},sad,ann\n")


@pytest.mark.parametrize("listed, there", [
    ("A.wav", "a.wav"), ("a.wav", "a.WAV"), (f"{NFC}.wav", f"{NFD}.wav"), (f"{NFD}.wav", f"{NFC}.wav"), ("a", "a.flac"),
    ("a.wav", "a.flac"), ("Clips/a.wav", "clips/a.wav"), (r"Clips\A", "clips/a.wav"), ("s1.happy", "s1.happy.wav"), ("ａ.wav", "a.wav"),
])
def test_the_only_file_that_can_be_meant_is_read_and_told(tmp_path: Path, listed: str, there: str) -> None:
    tone(tmp_path / there, 400)
    corpus = with_row(tmp_path, listed)
    [problem] = corpus.problems
    assert {clip.path for clip in corpus.clips} == {tmp_path / "there.wav", tmp_path / there}
    assert (problem.kind, problem.subject, problem.breaks) == ("file names", "1 clip", False)
    assert problem.detail == f"the table has {listed!r}, the folder {Path(there).name!r}"


def test_a_file_of_exactly_the_name_is_taken_and_nothing_told(tmp_path: Path) -> None:
    tone(tmp_path / "A.wav", 300)
    tone(tmp_path / "a.wav", 400)
    corpus = with_row(tmp_path, "a.wav")
    assert (corpus.clips[0].path, corpus.problems) == (tmp_path / "a.wav", ())


def test_where_several_files_can_be_meant_they_are_hinted_at(tmp_path: Path) -> None:
    tone(tmp_path / "A.wav", 300)
    tone(tmp_path / "a.wav", 400)
    [problem] = with_row(tmp_path, "a.WAV").problems
    assert (problem.kind, problem.breaks) == ("missing", True)
    assert problem.detail.endswith("a.WAV; did you mean 'A.wav' or 'a.wav'?")


@pytest.mark.parametrize("listed, hint", [("a1.wav", "'deep/a1.wav'"), ("old/a1.wav", "'deep/a1.wav'"), ("thera.wav", "'there.wav'")])
def test_a_file_that_lies_elsewhere_or_is_spelt_alike_is_hinted_at(tmp_path: Path, listed: str, hint: str) -> None:
    tone(tmp_path / "deep" / "a1.wav")
    [problem] = with_row(tmp_path, listed).problems
    assert problem.detail.endswith(f"; did you mean {hint}?")


def test_nothing_is_hinted_at_where_nothing_is_alike(tmp_path: Path) -> None:
    [problem] = with_row(tmp_path, "quite_other.wav").problems
    assert problem.detail == f"there is no file {tmp_path / 'quite_other.wav'}"


def test_nothing_is_hinted_at_where_the_path_itself_is_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    [problem] = with_row(tmp_path, "folder").problems
    assert problem.detail == f"there is no file {tmp_path / 'folder'}"
    with pytest.raises(BenchError, match=r"'folder\[anywhere=True\]'$"):
        with_row(tmp_path, sys.executable)


@pytest.mark.parametrize("address", ["https://example.org/a.wav", "file:///corpora/a.wav", "s3://bucket/a.wav"])
def test_an_address_is_no_path(tmp_path: Path, address: str) -> None:
    with pytest.raises(BenchError, match=rf"line 3: {address} is an address: fetch the clip"):
        with_row(tmp_path, address)


def test_numbers_behind_a_full_stop_are_no_ending(tmp_path: Path) -> None:
    for path in ("s1.01.wav", "s1.02.wav"):
        tone(tmp_path / path)
    corpus = loaded(tmp_path, HEADER + "s1.01,angry,s1\ns1.02,sad,s1\n")
    assert [(clip.id, clip.path and clip.path.name) for clip in corpus.clips] == [("s1.01", "s1.01.wav"), ("s1.02", "s1.02.wav")]


def test_paths_may_be_relative_to_the_data_folder_where_the_table_lies_deeper(tmp_path: Path) -> None:
    tone(tmp_path / "clips" / "a.wav", 300)
    tone(tmp_path / "clips" / "b.wav", 400)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "t.csv").write_text(HEADER + "clips/a.wav,angry,bob\nclips/b.wav,sad,ann\n")
    corpus = Folder(csv="tables/t.csv").load(tmp_path)
    assert ([clip.id for clip in corpus.clips], corpus.problems) == (["clips/a", "clips/b"], ())


def test_a_path_of_another_machine_is_refused_with_the_file_that_is_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"line 3: the path leads out of .*; did you mean 'there\.wav'\?"):
        with_row(tmp_path, "/corpora/lab/there.wav")


@pytest.mark.parametrize("one, other", [("a.wav", "A.wav"), ("a.wav", "b/../A"), ("clips/a.wav", "CLIPS/a.wav")])
def test_two_rows_of_one_file_are_refused(tmp_path: Path, one: str, other: str) -> None:
    for path in ("a.wav", "clips/a.wav", "b/c.wav"):
        tone(tmp_path / path)
    with pytest.raises(BenchError, match="lines 2, 3: the same file as in another of these lines"):
        loaded(tmp_path, f"{HEADER}{one},angry,bob\n{other},sad,ann\n")


def test_another_spelling_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    tone(tmp_path / "outside" / "secret.wav")
    (tmp_path / "data").mkdir()
    tone(tmp_path / "data" / "there.wav")
    (tmp_path / "data" / "Link.wav").symlink_to(tmp_path / "outside" / "secret.wav")
    with pytest.raises(BenchError, match="line 3: the path leads out of"):
        loaded(tmp_path / "data", f"{HEADER}there.wav,angry,bob\nlink.wav,sad,ann\n")
