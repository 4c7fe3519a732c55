"""Corpora as the harness takes them: parts, fingerprints, audio after pickling, licences, and a study on each."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
from calls import bench
from corpus_trees import tones

from registry import core
from registry.corpora import tess
from registry.corpora.crema_d import CremaD
from registry.corpora.ravdess import Ravdess
from registry.corpora.savee import Savee
from registry.corpora.synthetic import Synthetic
from registry.corpora.tess import Tess

OAF_BACK = sorted(name for name in tess.EXPECTED if name.startswith("OAF_back_"))


def test_a_part_of_a_corpus_has_its_clips_and_is_not_hashed_again(tmp_path: Path) -> None:
    corpus = Tess().load(tones(tmp_path, *OAF_BACK))
    before = corpus.part([1, 3])
    assert "digests" not in vars(before)
    known = corpus.digests
    after = corpus.part(np.array([1, 3]))
    for path in tmp_path.iterdir():
        path.unlink()
    assert [c.id for c in after.clips] == [OAF_BACK[1], OAF_BACK[3]]
    assert after.digests == (known[1], known[3])
    assert (after.whole, after.emotions, len(corpus)) == (2800, corpus.emotions, 7)


def test_a_missing_table_of_sexes_changes_the_fingerprint_since_it_changes_splits_by_speaker() -> None:
    corpus = Synthetic(n_speakers=4, n_sentences=1).load(None)
    unknown = dataclasses.replace(corpus, clips=tuple(dataclasses.replace(clip, sex=None) for clip in corpus.clips))
    assert unknown.fingerprint != corpus.fingerprint


def test_votes_are_hashed_apart_from_clips_since_they_change_no_other_figures() -> None:
    corpus = Synthetic(n_speakers=4, n_sentences=1).load(None)
    first = dataclasses.replace(corpus.clips[0], votes=(("ANG", 2), ("SAD", 6)))
    voted = dataclasses.replace(corpus, clips=(first, *corpus.clips[1:]))
    assert voted.fingerprint == corpus.fingerprint and corpus.votes_fingerprint == "" != voted.votes_fingerprint
    other = dataclasses.replace(corpus, clips=(dataclasses.replace(first, votes=(("ANG", 3), ("SAD", 6))), *corpus.clips[1:]))
    assert other.votes_fingerprint != voted.votes_fingerprint
    assert dict(zip(corpus.emotions, voted.vote_shares[0].tolist(), strict=True))["SAD"] == 0.75 and not voted.vote_shares[1:].any()


def test_audio_is_read_after_pickling_at_each_corpus_s_own_rate(real_corpora: Path) -> None:
    for loader in (Ravdess(), Tess(), Savee()):
        corpus = pickle.loads(pickle.dumps(loader.load(real_corpora)))
        waveform, sample_rate = corpus.read_clip(corpus.clips[0])
        assert sample_rate == corpus.sample_rate and waveform.dtype == np.float32 and 0.01 < np.abs(waveform).max() < 1.4


def test_every_corpus_names_its_licence_and_whom_to_cite() -> None:
    for loader in (Ravdess, Tess, Savee, CremaD):
        assert loader.licence and "(20" in loader.citation


@pytest.mark.parametrize("corpus, classes", [("ravdess", 8), ("tess", 7), ("savee", 7), ("combined[corpora=('savee','ravdess')]", 7)])
def test_a_study_can_be_planned_and_shown_on_each_corpus(real_corpora: Path, corpus: str, classes: int) -> None:
    planned = bench("run", "--study", "quickstart", "--split", "random_80_20", "--corpus", corpus, "--data", real_corpora, "--dry-run")
    assert planned.code == 0, planned.err
    shown = bench("show", corpus.partition("[")[0])
    assert shown.code == 0 and corpus.partition("[")[0] in shown.out
    assert len(core.get("corpora", corpus.partition("[")[0])().load(real_corpora).emotions) == classes
