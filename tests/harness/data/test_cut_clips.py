"""How many clips a feature space does not hear whole: known from headers before, counted on the trimmed audio once it was read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clips_of_noise import RATE, SPACE, corpus_of, write_clip

from harness.data import cut_clips
from harness.data.cut_clips import Cut, cut, cut_lines
from harness.data.features import features
from registry.corpora.synthetic import Synthetic

TRIMMED = dataclasses.replace(SPACE, trim_db=30.0)


def padded(path: Path, before: float, seconds: float, after: float) -> None:
    """Noise between pauses."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * RATE))
    soundfile.write(path, np.concatenate([np.zeros(round(before * RATE)), noise, np.zeros(round(after * RATE))]), RATE)


def test_clips_longer_than_the_duration_are_counted_by_their_headers_and_by_their_audio_alike(folder: Path, cache: Path) -> None:
    write_clip(folder / "c1.wav", seed=1, seconds=0.5)
    write_clip(folder / "c2.wav", seed=2, seconds=0.6)
    write_clip(folder / "c3.wav", seed=3, seconds=9.0)
    corpus = corpus_of(folder)
    expected = Cut(SPACE, clips=6, longer=2)
    assert cut(corpus, SPACE) == cut(corpus, SPACE, cache) == expected
    features(corpus, SPACE, cache, workers=1)
    assert cut(corpus, SPACE, cache) == expected
    assert str(expected) == "2 of 6 clips are longer than 0.5 s and are cut" and expected.mark == "2 of 6 clips at 0.5 s"


def test_nothing_is_cut_where_all_are_padded_to_the_longest(folder: Path, cache: Path) -> None:
    write_clip(folder / "c3.wav", seed=3, seconds=9.0)
    whole = dataclasses.replace(SPACE, duration_s=None)
    features(corpus_of(folder), whole, cache, workers=1)
    assert [str(cut(corpus_of(folder), whole, place)) for place in (None, cache)] == ["", ""]


def test_trimming_that_leaves_a_click_and_trimming_that_leaves_enough_are_told_apart(folder: Path, cache: Path) -> None:
    padded(folder / "c0.wav", 1.0, 0.2, 1.0)  # fits once it is trimmed
    padded(folder / "c1.wav", 1.0, 0.8, 1.0)
    quiet = np.random.default_rng(1).uniform(-0.005, 0.005, 2 * RATE)
    quiet[RATE : RATE + 64] = 1.0
    soundfile.write(folder / "c2.wav", quiet, RATE)
    corpus = corpus_of(folder)
    before = cut(corpus, TRIMMED)
    assert str(before) == "3 of 6 clips are longer than 0.5 s and are cut where trimming leaves more"
    assert before.mark == "at most 3 of 6 clips at 0.5 s", "so of features in the cache that were computed before cuts were counted"
    features(corpus, TRIMMED, cache, workers=1)
    after = cut(corpus, TRIMMED, cache)
    assert (after.longer, after.emptied) == (1, 1)
    assert str(after) == ("1 of 6 clips is longer than 0.5 s and is cut; trimming at 30.0 dB leaves next to nothing of 1 of 6 clips")
    assert after.mark == "1 of 6 clips at 0.5 s and 1 of 6 clips by trimming"


def test_of_synthesised_clips_it_is_known_once_their_features_are(cache: Path) -> None:
    corpus = Synthetic(n_speakers=1, n_sentences=1).load(None)
    assert not str(cut(corpus, SPACE))
    features(corpus, SPACE, cache, workers=1)
    assert cut(corpus, SPACE, cache).longer == len(corpus)


def test_feature_spaces_that_cut_alike_share_a_line(folder: Path) -> None:
    write_clip(folder / "c3.wav", seed=3, seconds=2.0)
    corpus, longer = corpus_of(folder), dataclasses.replace(SPACE, duration_s=3.0)
    assert cut_lines(corpus, [SPACE, SPACE]) == ["1 of 6 clips is longer than 0.5 s and is cut"]
    assert cut_lines(corpus, [SPACE, longer]) == [f"1 of 6 clips is longer than 0.5 s and is cut by {SPACE.label}"]
    assert cut_lines(corpus, [longer]) == []


def test_a_feature_space_of_many_cells_is_looked_up_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    monkeypatch.setattr(cut_clips, "cut", lambda corpus, space, cache: looked_up.append(space.label) or Cut(space, len(corpus)))
    cut_lines(corpus_of(folder), [SPACE, TRIMMED, SPACE, dataclasses.replace(SPACE)])
    assert looked_up == [SPACE.label, TRIMMED.label]
