"""The folds of a search are told before it starts: how many clips, what is kept apart, what some lack."""

from __future__ import annotations

import dataclasses

from tiny_study import STUDY

from harness.evaluation.validation_folds import fold_lines
from harness.study.cells import plan
from registry.corpora.synthetic import Synthetic
from registry.corpus import Corpus

CORPUS = Synthetic(n_speakers=7, n_sentences=2).load()


def lines(folds: int, corpus: Corpus = CORPUS) -> list[str]:
    return fold_lines(plan(dataclasses.replace(STUDY, validation_folds=folds), corpus.fingerprint), corpus)


def test_each_protocol_has_a_line_with_the_size_of_its_folds_and_what_they_keep_apart() -> None:
    assert lines(3) == ["validation folds of random_80_20: 3 of 22 to 23 clips, drawn at random",
                        "validation folds of unseen_speakers_80_20: 3 of 24 clips, whole speakers"]


def test_without_folds_nothing_is_said() -> None:
    assert lines(1) == []


def test_an_emotion_that_a_fold_lacks_is_told() -> None:
    few = sorted(set(CORPUS.speakers.tolist()))[2:4]
    corpus = dataclasses.replace(CORPUS, clips=tuple(c for c in CORPUS.clips if c.emotion != "FEA" or c.speaker in few))
    warning, = (line for line in lines(4, corpus) if line.startswith("⚠ unseen"))
    assert warning.startswith("⚠ unseen_speakers_80_20: 2 of 4 validation folds have no clips of FEA: their UAR is over the others")
