"""Several corpora as one: under one label set, at one rate, each clip and problem under its corpus's name."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from corpus_trees import tones

from registry import core
from registry.corpora.combined import Combined
from registry.errors import BenchError, UsageError


def test_the_real_corpora_together_are_the_published_12_162_clips_in_seven_classes(real_corpora: Path) -> None:
    corpus = Combined().load(real_corpora)
    assert (corpus.coverage, corpus.synthetic) == ("12,162 of 12,162 clips: whole", False)
    assert corpus.emotions == ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR")
    assert Counter(c.corpus for c in corpus.clips) == {"crema_d": 7442, "ravdess": 1440, "savee": 480, "tess": 2800}
    counts = Counter(c.emotion for c in corpus.clips)
    assert (counts["NEU"], counts["SUR"]) == (1087 + 96 + 192 + 120 + 400, 192 + 60 + 400)
    assert len(set(corpus.speakers)) == 91 + 24 + 4 + 2
    clip = next(c for c in corpus.clips if c.id == "ravdess/03-01-06-02-01-02-03")
    assert (clip.speaker, clip.sentence, clip.corpus, clip.level) == ("ravdess/03", "ravdess/KIDS", "ravdess", "STRONG")
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [("calm", "ravdess", False)]
    assert all(name in corpus.licence for name in ("crema_d: Open", "ravdess: CC", "savee: for research", "tess: CC"))


def test_speakers_that_lack_in_members_are_reported_under_their_names(partial_corpora: Path) -> None:
    corpus = Combined().load(partial_corpora)
    assert corpus.coverage == "10,365 of 12,162 clips: partial"
    assert [(p.kind, p.subject, p.breaks) for p in corpus.problems] == [
        ("missing", "crema_d/19 speakers", False), ("missing", "ravdess/4 speakers", False), ("calm", "ravdess", False)]


def test_calm_can_be_left_out_of_the_clips_and_of_the_whole(real_corpora: Path, partial_corpora: Path) -> None:
    corpus, part = (Combined(calm="left_out").load(data) for data in (real_corpora, partial_corpora))
    assert len(corpus) == corpus.whole == 12_162 - 8 * 24
    assert (len(part), part.whole) == (10_365 - 8 * 20, 12_162 - 8 * 24)
    assert "192 clips of calm" in corpus.problems[-1].detail and corpus.problems[-1].action.startswith("left out")
    assert corpus.fingerprint != Combined().load(real_corpora).fingerprint


@pytest.mark.parametrize("sample_rate", [16_000, 22_050])
def test_clips_of_all_members_are_read_at_the_one_rate_for_as_long_as_they_are(real_corpora: Path, sample_rate: int) -> None:
    corpus = pickle.loads(pickle.dumps(Combined(sample_rate=sample_rate).load(real_corpora)))
    for name in Combined().corpora:
        clip = next(c for c in corpus.clips if c.corpus == name)
        waveform, rate = corpus.read_clip(clip)
        about = soundfile.info(clip.path)
        assert (rate, waveform.dtype) == (sample_rate, np.float32)
        assert len(waveform) == int(np.ceil(about.frames * sample_rate / about.samplerate))
        assert 0.01 < np.abs(waveform).max() < 1.4


def test_the_first_speakers_of_each_member_are_a_partial_corpus_for_quick_tries(real_corpora: Path) -> None:
    corpus = Combined(speakers=3).load(real_corpora)
    assert sorted(set(corpus.speakers)) == [
        "crema_d/1001", "crema_d/1002", "crema_d/1003", "ravdess/01", "ravdess/02", "ravdess/03",
        "savee/DC", "savee/JE", "savee/JK", "tess/OAF", "tess/YAF"]
    assert corpus.whole == 12_162 and corpus.coverage.endswith("partial")


def test_only_the_emotions_that_a_member_has_are_classes(real_corpora: Path) -> None:
    assert "SUR" not in Combined(corpora=("crema_d",)).load(real_corpora).emotions
    corpus = Combined(corpora=("savee", "crema_d")).load(real_corpora)
    assert (len(corpus.emotions), corpus.clips[0].corpus, corpus.clips[-1].corpus) == (7, "crema_d", "savee")


def test_the_rate_is_part_of_the_fingerprint_and_of_what_the_cache_knows() -> None:
    slow, fast = (Combined(corpora=("synthetic",), sample_rate=rate).load(None) for rate in (16_000, 22_050))
    assert slow.fingerprint != fast.fingerprint
    assert slow.parameters != fast.parameters and '"synthetic"' in slow.parameters


def test_a_synthesised_member_sounds_as_it_does_alone() -> None:
    alone = core.get("corpora", "synthetic")().load(None)
    corpus = Combined(corpora=("synthetic",)).load(None)
    np.testing.assert_array_equal(corpus.read_clip(corpus.clips[7])[0], alone.read_clip(alone.clips[7])[0])
    assert (corpus.synthetic, corpus.whole) == (True, alone.whole)


def test_a_member_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    tones(tmp_path / "AudioWAV", "1001_DFA_ANG_XX")
    with pytest.raises(BenchError, match=r"RAVDESS was not found.*--data DIR.*leave ravdess out of combined\.corpora"):
        Combined().load(tmp_path)


def test_a_member_with_other_emotions_is_refused_by_their_names(tmp_path: Path) -> None:
    tones(tmp_path, "a", "b")
    (tmp_path / "labels.csv").write_text("path,emotion,speaker\na.wav,angry,x\nb.wav,NEU,x\n")
    with pytest.raises(BenchError, match="combined can't take folder: its emotions angry are not among ANG, DIS"):
        Combined(corpora=("folder",)).load(tmp_path)


@pytest.mark.parametrize("fields, message", [
    ({"corpora": ()}, "at least one"), ({"corpora": ("tess", "tess")}, "twice"), ({"corpora": ("combined",)}, "itself"),
    ({"calm": "sad"}, "neutral"), ({"speakers": 0}, "1 or more, or None for all"),
    ({"sample_rate": 96_000}, "8000 to 48000 Hz, not 96000")])
def test_a_wrong_field_of_the_combined_corpus_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Combined(**fields)
    with pytest.raises(UsageError, match="Did you mean 'ravdess'"):
        Combined(corpora=("ravdes",)).load(None)
