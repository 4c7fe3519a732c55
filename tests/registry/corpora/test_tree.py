"""Corpora that lie in several folders: each finds its own clips, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from corpus_trees import gaps_aside, tones

from registry.corpora import ravdess
from registry.corpora.crema_d import CremaD
from registry.corpora.ravdess import Ravdess
from registry.corpora.savee import Savee
from registry.corpora.tess import Tess
from registry.errors import BenchError

ACTOR_1 = sorted(name for name in ravdess.EXPECTED if name.endswith("-01"))


def test_clips_that_only_one_of_two_copies_has_are_all_read(tmp_path: Path) -> None:
    tones(tmp_path / "Actor_01", *ACTOR_1[:3])
    tones(tmp_path / "copy" / "Actor_01", *ACTOR_1[2:5])
    corpus = Ravdess().load(tmp_path)
    assert [c.id for c in corpus.clips] == ACTOR_1[:5]
    assert [(p.kind, p.subject) for p in gaps_aside(corpus)] == [("extra", f"{ACTOR_1[2]}.wav")]


def test_all_corpora_in_one_flat_folder_are_told_apart(tmp_path: Path) -> None:
    tones(tmp_path, "1001_DFA_ANG_XX", "03-01-05-01-01-01-01", "OAF_back_angry", "DC_a01")
    assert [len(loader.load(tmp_path)) for loader in (CremaD(), Ravdess(), Tess(), Savee())] == [1, 1, 1, 1]


@pytest.mark.parametrize("loader, example", [(Ravdess(), "Actor_01/03-01-05"), (Tess(), "OAF_back_angry"), (Savee(), "DC_a01")])
def test_a_corpus_that_is_not_there_says_what_was_looked_for(tmp_path: Path, loader: Any, example: str) -> None:
    tones(tmp_path / "CREMA-D" / "AudioWAV", "1001_DFA_ANG_XX")
    with pytest.raises(BenchError, match=rf"{example}.*--data DIR.*BENCH_DATA"):
        loader.load(tmp_path)
    with pytest.raises(BenchError, match="none was given"):
        loader.load(None)
