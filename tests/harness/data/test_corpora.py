"""A corpus is opened once, without the clips that are left out, and refused when it is broken."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from cut_files import cut, sound

from harness.data.corpora import Workspace, open_corpus, readable_corpus, refuse_broken
from registry import clip_audio
from registry.core import canonical, specification
from registry.corpora.crema_d import CremaD
from registry.corpora.folder import Folder
from registry.corpora.synthetic import Synthetic
from registry.corpus import Problem
from registry.errors import BenchError

LOADER = Synthetic(n_speakers=2, n_sentences=1)
CORPUS = open_corpus(LOADER, None)


def problems(count: int, breaks: bool) -> tuple[Problem, ...]:
    return tuple(Problem(kind="missing", subject=f"clip {i}", detail="no file", action="copy it", breaks=breaks) for i in range(count))


def test_a_corpus_is_listed_once_a_process() -> None:
    assert open_corpus(LOADER, None) is open_corpus(LOADER, None, ()) is open_corpus(LOADER, None, left_out=())
    assert Workspace(Path("home")).cache == Path("home/.bench/features")


def test_clips_are_left_out_by_their_ids_and_count_in_the_whole() -> None:
    gone = CORPUS.clips[3].id
    rest = open_corpus(LOADER, None, (gone,))
    assert [clip.id for clip in rest.clips] == [clip.id for clip in CORPUS.clips if clip.id != gone]
    assert rest.whole == len(CORPUS) and rest.fingerprint != CORPUS.fingerprint


def test_a_corpus_of_files_carries_its_loader_s_specification_as_the_parameters_of_its_audio(partial_corpora: Path) -> None:
    loader = CremaD(speakers=1)
    assert open_corpus(loader, partial_corpora).parameters == canonical(specification(loader))


def test_problems_that_break_nothing_are_lines_to_show() -> None:
    assert refuse_broken(CORPUS, allow_missing=False) == []
    odd = dataclasses.replace(CORPUS, problems=problems(2, breaks=False))
    assert refuse_broken(odd, allow_missing=False) == [f"synthetic: missing: clip {i}: no file (copy it)" for i in range(2)]


def test_a_broken_corpus_is_refused_with_its_first_problems_unless_that_is_allowed() -> None:
    broken = dataclasses.replace(CORPUS, problems=(*problems(1, breaks=False), *problems(23, breaks=True)))
    with pytest.raises(BenchError, match=r"(?s)synthetic is broken \(23 problems\):\n  missing: clip 0: .*clip 19: .*… and 3 more"):
        refuse_broken(broken, allow_missing=False)
    line, = refuse_broken(broken, allow_missing=True)
    assert line.startswith("synthetic: goes on without what is missing or broken, as --allow-missing says:\n  missing: clip 0:")
    assert len(line.splitlines()) == 22


def test_a_corpus_without_a_clip_is_refused() -> None:
    with pytest.raises(BenchError, match="no readable clips"):
        refuse_broken(dataclasses.replace(CORPUS, clips=()), allow_missing=True)


def test_clips_whose_files_are_cut_are_refused_before_audio_is_decoded_and_left_out_where_that_is_allowed(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        sound(tmp_path / name, "wav")
    cut(tmp_path / "b.wav")
    (tmp_path / "clips.csv").write_text("path,emotion,speaker\na.wav,ANG,s\nb.wav,SAD,s\nc.wav,SAD,s\n")
    with pytest.raises(BenchError, match=r"folder is broken \(1 problem\):\n  unreadable: b: .*b.wav was cut short"):
        readable_corpus(Folder(), Workspace(tmp_path, tmp_path), allow_missing=False)
    corpus, workspace, (line,) = readable_corpus(Folder(), Workspace(tmp_path, tmp_path), allow_missing=True)
    assert [clip.id for clip in corpus.clips] == ["a", "c"] and workspace.left_out == ("b",) and "b.wav was cut short" in line
    assert readable_corpus(Folder(), workspace, allow_missing=False) == (corpus, workspace, [])


def test_the_header_of_a_file_is_read_once_also_where_clips_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.wav", "b.wav", "c.wav"):
        sound(tmp_path / name, "wav")
    cut(tmp_path / "b.wav")
    (tmp_path / "clips.csv").write_text("path,emotion,speaker\na.wav,ANG,s\nb.wav,SAD,s\nc.wav,SAD,s\n")
    read: list[str] = []
    length_of = clip_audio.length_of
    monkeypatch.setattr(clip_audio, "length_of", lambda clip, read_clip: read.append(clip.id) or length_of(clip, read_clip))
    corpus, _, _ = readable_corpus(Folder(), Workspace(tmp_path, tmp_path), allow_missing=True)
    assert [length.seconds for length in corpus.lengths] == [2.0, 2.0] and sorted(read) == ["a", "b", "c"]


def test_synthesised_clips_are_not_read_to_learn_whether_they_can_be() -> None:
    corpus, workspace, lines = readable_corpus(LOADER, Workspace(Path("home")), allow_missing=False)
    assert corpus == CORPUS and not workspace.left_out and lines == []
    assert all(math.isnan(length.seconds) for length in corpus.lengths)
