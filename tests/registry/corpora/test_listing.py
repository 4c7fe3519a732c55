"""Gaps, pointers and empty files break a corpus; absent speakers make it partial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from corpus_trees import gaps_aside, tones

from registry.corpora import ravdess, savee, tess
from registry.corpora.ravdess import Ravdess
from registry.corpora.savee import Savee
from registry.corpora.tess import Tess

ACTOR_1 = sorted(name for name in ravdess.EXPECTED if name.endswith("-01"))
DC = sorted(name.removeprefix("DC_") for name in savee.EXPECTED if name.startswith("DC_"))
OAF_BACK = sorted(name for name in tess.EXPECTED if name.startswith("OAF_back_"))


@pytest.mark.parametrize("loader, names, speaker, gap", [
    (Ravdess(), ACTOR_1[1:], "speaker 01", ACTOR_1[0]),
    (Tess(), sorted(n for n in tess.EXPECTED if n.startswith("YAF"))[1:], "speaker YAF", "YAF_back_angry"),
    (Savee(), [f"DC_{n}" for n in DC[1:]], "speaker DC", "DC_a01")])
def test_a_gap_in_a_present_speaker_breaks_and_absent_speakers_do_not(tmp_path: Path, loader: Any, names: list[str],
                                                                      speaker: str, gap: str) -> None:
    for name in names:
        (tmp_path / f"{name}.wav").write_bytes(b"any content")
    broken, partial = loader.load(tmp_path).problems
    assert (broken.kind, broken.subject, broken.detail, broken.breaks) == ("missing", speaker, f"no file for {gap}", True)
    assert "--allow-missing" in broken.action
    assert (partial.kind, partial.breaks) == ("missing", False)


def test_pointers_and_empty_files_break_in_any_corpus(tmp_path: Path, real_corpora: Path) -> None:
    pointer = real_corpora / "as-published" / "CREMA-D" / "1003_DFA_ANG_XX.lfs-pointer.wav"
    tones(tmp_path, *OAF_BACK)
    (tmp_path / "OAF_back_angry.wav").write_bytes(pointer.read_bytes())
    (tmp_path / "OAF_back_sad.wav").write_bytes(b"")
    corpus = Tess().load(tmp_path)
    assert len(corpus) == 5
    assert [(p.kind, p.subject, p.breaks) for p in gaps_aside(corpus)] == [
        ("pointer", "OAF_back_angry.wav", True), ("unreadable", "OAF_back_sad.wav", True)]
