"""TESS is found in the layouts people have, and its odd files are read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from corpus_trees import copied, gaps_aside, tones

from registry.audit import audit
from registry.corpora import tess
from registry.corpora.tess import Tess

OAF_BACK = sorted(name for name in tess.EXPECTED if name.startswith("OAF_back_"))


def test_the_rule_of_the_names_gives_the_published_number_of_clips() -> None:
    assert (len(tess.EXPECTED), len(tess.WORDS.split()), len(set(tess.WORDS.split()))) == (2800, 200, 200)


def test_real_tess_is_whole_with_200_words_of_two_women(real_corpora: Path) -> None:
    corpus = Tess().load(real_corpora)
    assert (corpus.coverage, corpus.problems) == ("2,800 of 2,800 clips: whole", ())
    assert set(Counter(c.emotion for c in corpus.clips).values()) == {400}
    assert {(c.speaker, c.sex, c.age) for c in corpus.clips} == {("OAF", "female", 64), ("YAF", "female", 26)}
    assert set(Counter(c.sentence for c in corpus.clips).values()) == {14}
    assert next(c.emotion for c in corpus.clips if c.id == "OAF_back_ps") == "SUR"


@pytest.mark.parametrize("layout", ["", "TESS", "TESS Toronto emotional speech set data",
                                    "TESS Toronto emotional speech set data/TESS Toronto emotional speech set data",
                                    "tess/TESS Toronto emotional speech set data/TESS Toronto emotional speech set data"])
def test_tess_is_found_flat_or_in_a_folder_for_each_speaker_and_emotion(tmp_path: Path, layout: str) -> None:
    tones(tmp_path / layout / "OAF_angry", "OAF_back_angry", "OAF_bar_angry")
    tones(tmp_path / layout / "OAF_Fear", "OAF_back_fear")
    tones(tmp_path / layout / "YAF_pleasant_surprised", "YAF_back_ps")
    corpus = Tess().load(tmp_path)
    assert [(c.id, c.emotion) for c in corpus.clips] == [("OAF_back_angry", "ANG"), ("OAF_back_fear", "FEA"), ("OAF_bar_angry", "ANG"),
                                                         ("YAF_back_ps", "SUR")]
    flat = Tess().load(tones(tmp_path / "flat", *OAF_BACK))
    assert [c.id for c in flat.clips] == OAF_BACK


def test_tess_nested_twice_is_read_once(tmp_path: Path) -> None:
    name = "TESS Toronto emotional speech set data"
    for folder in (tmp_path / name, tmp_path / name / name):
        tones(folder / "OAF_angry", "OAF_back_angry", "OAF_bar_angry")
        tones(folder / "YAF_sad", "YAF_back_sad")
    corpus = Tess().load(tmp_path)
    assert [c.path for c in corpus.clips] == [tmp_path / name / name / folder / f"{clip}.wav" for folder, clip in (
        ("OAF_angry", "OAF_back_angry"), ("OAF_angry", "OAF_bar_angry"), ("YAF_sad", "YAF_back_sad"))]
    assert [p.subject for p in gaps_aside(corpus)] == ["3 files"]


def test_as_published_clips_of_tess_are_read_whatever_is_inside_the_wav(tmp_path: Path, real_corpora: Path) -> None:
    folder = copied(real_corpora / "as-published" / "TESS", tmp_path / "TESS")
    (folder / "OAF_bite_neutral.wav").rename(folder / "OA_bite_neutral.wav")
    corpus = Tess().load(tmp_path)
    assert [c.id for c in corpus.clips] == ["OAF_back_angry", "OAF_back_ps", "OAF_bite_neutral", "OAF_food_fear", "YAF_germ_angry",
                                            "YAF_neat_fear"]
    assert [(p.kind, p.subject) for p in audit(corpus) if p.kind != "missing"] == [
        ("format", "YAF_germ_angry"), ("format", "YAF_neat_fear"), ("misnamed", "OA_bite_neutral.wav"), ("rate", "OAF_food_fear")]
    rates = {c.id: corpus.read_clip(c)[1] for c in corpus.clips}
    assert rates.pop("OAF_food_fear") == 96_000 and set(rates.values()) == {24_414}
    assert all(1 < len(corpus.read_clip(c)[0]) / corpus.read_clip(c)[1] < 4 for c in corpus.clips)
