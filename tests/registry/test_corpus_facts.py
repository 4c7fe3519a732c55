"""What a corpus holds is counted in words, refused clips by their labels only."""

from __future__ import annotations

import dataclasses

import numpy as np
from cut_files import RATE

from registry.audit import read_clips
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip, Corpus
from registry.corpus_facts import corpus_facts


def corpus(seconds: dict[str, float]) -> Corpus:
    """Clips a, b, … of these lengths, of two speakers; that of 0 seconds is empty."""
    clips = tuple(Clip(id=name, emotion="ANG" if name < "c" else "SAD", speaker="s1" if name < "d" else "s2",
                       sex="female" if name < "d" else None) for name in sorted(seconds))
    return Corpus(name="made", emotions=("ANG", "HAP", "SAD"), clips=clips, sample_rate=RATE, whole=len(clips),
                  read_clip=lambda clip: (np.full(round(seconds[clip.id] * RATE), 0.1, np.float32), RATE))


def test_everything_is_counted() -> None:
    made = corpus({"a": 1, "b": 2, "c": 3, "d": 9})
    assert dict(corpus_facts(made, read_clips(made, workers=1))) == {
        "emotions": "ANG 2, HAP 0, SAD 2", "speakers": "2, with 1 to 3 clips each",
        "sexes": "female 3 (1 speaker), not known 1 (1 speaker)", "sample rates": "16,000 Hz 4", "channels": "mono 4",
        "durations": "least 1.00 s, median 2.50 s, longest 9.00 s, together 0.2 min",
        "cut": "1 of 4 clips is longer than 3.0 s and is cut, unless a feature space has another duration_s (None: that of the longest)"}


def test_nothing_is_cut_and_nothing_said_of_it_up_to_three_seconds() -> None:
    made = corpus({"a": 1, "d": 3})
    facts = dict(corpus_facts(made, read_clips(made, workers=1)))
    assert "cut" not in facts and facts["speakers"] == "2, with 1 clip each"


def test_of_refused_clips_only_the_labels_are_counted() -> None:
    made = corpus({"a": 0, "c": 2})
    facts = dict(corpus_facts(made, read_clips(made, workers=1)))
    assert facts["emotions"] == "ANG 1, HAP 0, SAD 1" and facts["sample rates"] == "16,000 Hz 1" and "least 2.00 s" in facts["durations"]
    nothing = corpus({"a": 0})
    assert [what for what, _ in corpus_facts(nothing, read_clips(nothing, workers=1))] == ["emotions", "speakers", "sexes"]
    empty = dataclasses.replace(made, clips=())
    assert dict(corpus_facts(empty, []))["speakers"] == "none"


def test_of_many_labels_those_with_most_clips_are_named() -> None:
    clips = tuple(Clip(id=f"{i}", emotion=f"e{i % 20:02d}" if i < 60 else "e19", speaker="s") for i in range(70))
    many = dataclasses.replace(corpus({"a": 1}), clips=clips, emotions=tuple(f"e{i:02d}" for i in range(20)))
    words = dict(corpus_facts(many, []))["emotions"]
    assert words.startswith("e19 13, e00 3, ") and words.endswith(" and 8 more")


def test_a_synthetic_corpus_has_facts_too() -> None:
    synthetic = Synthetic(n_speakers=2, n_sentences=1).load(None)
    facts = dict(corpus_facts(synthetic, read_clips(synthetic)))
    assert facts["emotions"] == "ANG 2, DIS 2, FEA 2, HAP 2, NEU 2, SAD 2" and facts["sexes"] == "female 6 (1 speaker), male 6 (1 speaker)"
