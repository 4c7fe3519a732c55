"""The synthetic corpus is repeatable, sounds like speech, and is learnable."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from registry.corpora.synthetic import EMOTIONS, Synthetic
from registry.corpus import Corpus
from registry.errors import BenchError


def waveforms(corpus: Corpus) -> list[np.ndarray]:
    return [corpus.read_clip(clip)[0] for clip in corpus.clips]


@pytest.fixture(scope="module")
def synthetic() -> tuple[Corpus, list[np.ndarray]]:
    corpus = Synthetic().load(None)
    return corpus, waveforms(corpus)


def test_the_synthetic_corpus_has_every_combination_once_in_sorted_order() -> None:
    corpus = Synthetic(n_speakers=3, n_sentences=2, repetitions=2).load(None)
    assert (len(corpus), corpus.whole, corpus.synthetic, corpus.coverage) == (72, 72, True, "72 clips: synthetic")
    assert corpus.clips[0].id == "S01_T01_ANG_1"
    assert [c.id for c in corpus.clips] == sorted({c.id for c in corpus.clips})
    assert {c.speaker: c.sex for c in corpus.clips} == {"S01": "male", "S02": "female", "S03": "male"}
    assert set(Counter(c.emotion for c in corpus.clips).values()) == {12}


def test_synthetic_clips_last_1_3_to_3_5_s_and_never_reach_full_scale(synthetic: tuple[Corpus, list[np.ndarray]]) -> None:
    lengths_s = [len(w) / 16_000 for w in synthetic[1]]
    assert 1.3 <= min(lengths_s) < 2 < 2.7 < max(lengths_s) <= 3.5
    assert all(w.dtype == np.float32 and 0.01 < np.abs(w).max() < 1 for w in synthetic[1])


def test_a_synthetic_clip_depends_on_its_seed_and_id_alone(synthetic: tuple[Corpus, list[np.ndarray]]) -> None:
    """Neither the order of reading, nor the size of the corpus, nor pickling changes a sample; another seed does."""
    corpus, read_in_order = synthetic
    small = pickle.loads(pickle.dumps(Synthetic(n_speakers=2, n_sentences=2).load(None)))
    index = {clip.id: i for i, clip in enumerate(corpus.clips)}
    for clip in reversed(small.clips):
        np.testing.assert_array_equal(small.read_clip(clip)[0], read_in_order[index[clip.id]])
    other, _ = Synthetic(seed=1).load(None).read_clip(corpus.clips[0])
    assert len(other) != len(read_in_order[0]) or not np.allclose(other, read_in_order[0])


def test_repetitions_of_a_synthetic_clip_differ() -> None:
    corpus = Synthetic(n_speakers=1, n_sentences=1, repetitions=2).load(None)
    assert len({w.tobytes() for w in waveforms(corpus)}) == len(corpus) == 12


def test_the_fingerprint_of_a_synthetic_corpus_changes_with_its_fields() -> None:
    loaders = (Synthetic(), Synthetic(seed=1), Synthetic(sample_rate=8_000), Synthetic(n_speakers=11))
    assert len({loader.load(None).fingerprint for loader in loaders}) == 4
    assert Synthetic().load(None).fingerprint == Synthetic().load(Path("anything")).fingerprint


@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 48_000])
def test_synthetic_clips_are_made_at_the_rate_asked_for(sample_rate: int) -> None:
    corpus = Synthetic(n_speakers=2, n_sentences=1, sample_rate=sample_rate).load(None)
    for clip in corpus.clips:
        waveform, rate = corpus.read_clip(clip)
        assert rate == sample_rate and 1.3 <= len(waveform) / rate <= 3.5
        assert np.isfinite(waveform).all() and 0.01 < np.abs(waveform).max() < 1


@pytest.mark.parametrize("field, value", [("n_speakers", 0), ("n_speakers", 100), ("n_sentences", 0), ("repetitions", 10),
                                          ("sample_rate", 4_000), ("sample_rate", 96_000), ("seed", -1)])
def test_a_field_out_of_range_is_refused_by_name_and_value(field: str, value: int) -> None:
    with pytest.raises(BenchError, match=rf"synthetic\.{field} must be .*not {value}"):
        Synthetic(**{field: value})  # type: ignore[arg-type]


def pitch_hz(waveform: np.ndarray) -> float:
    """The median over frames of the autocorrelation's peak between 60 and 450 Hz, in the louder half of the clip."""
    frames = np.lib.stride_tricks.sliding_window_view(waveform, 1024)[::512]
    frames = frames[np.argsort((frames**2).sum(axis=1))[len(frames) // 2 :]]
    spectra = np.abs(np.fft.rfft(frames, 4096)) ** 2
    lags = np.fft.irfft(spectra)[:, 16_000 // 450 : 16_000 // 60]
    return float(np.median(16_000 / (16_000 // 450 + lags.argmax(axis=1))))


def means(synthetic: tuple[Corpus, list[np.ndarray]], measure: object, **having: str) -> dict[str, float]:
    """The mean of a measure for each emotion, over clips that have these attributes."""
    corpus, waves = synthetic
    chosen = [(c.emotion, measure(w)) for c, w in zip(corpus.clips, waves, strict=True)  # type: ignore[operator]
              if all(getattr(c, key) == value for key, value in having.items())]
    return {emotion: float(np.mean([v for e, v in chosen if e == emotion])) for emotion in EMOTIONS}


def test_voices_have_human_pitch_higher_in_women_and_in_anger_than_in_sadness(synthetic: tuple[Corpus, list[np.ndarray]]) -> None:
    men, women = means(synthetic, pitch_hz, sex="male"), means(synthetic, pitch_hz, sex="female")
    assert 90 < men["NEU"] < 150 < 170 < women["NEU"] < 260
    assert men["ANG"] > 1.15 * men["SAD"] and women["ANG"] > 1.15 * women["SAD"]


def test_anger_is_louder_and_sadness_quieter_and_slower_than_neutral(synthetic: tuple[Corpus, list[np.ndarray]]) -> None:
    level_db = means(synthetic, lambda w: 10 * np.log10(np.mean(w**2)))
    length_s = means(synthetic, lambda w: len(w) / 16_000)
    assert level_db["ANG"] > level_db["NEU"] + 4 > level_db["SAD"] + 6
    assert length_s["SAD"] > 1.1 * length_s["NEU"] > 1.1 * length_s["FEA"]


def test_emotions_of_unseen_synthetic_speakers_are_learnable_but_not_trivial(synthetic: tuple[Corpus, list[np.ndarray]]) -> None:
    """A linear classifier on the mean and spread of the log-mel bands lies between 0.35 and 0.85; chance is 1/6."""
    from librosa.feature import melspectrogram
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import recall_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    corpus, waves = synthetic
    mels = [np.log(melspectrogram(y=w, sr=16_000, n_fft=512, n_mels=40) + 1e-8) for w in waves]
    x = np.array([np.concatenate([m.mean(axis=1), m.std(axis=1)]) for m in mels])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=500))
    predicted = cross_val_predict(model, x, corpus.labels, groups=corpus.speakers, cv=GroupKFold(4))
    assert 0.35 < recall_score(corpus.labels, predicted, average="macro") < 0.85
