"""Trials on a small synthetic corpus: clean, with shared speakers, and with altered copies."""

from __future__ import annotations

import dataclasses

from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.study.trial import Training, Trial
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.gain import Gain
from registry.augmentations.noise import Noise
from registry.corpora.synthetic import Synthetic
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

LOADER = Synthetic(n_speakers=5, n_sentences=2)
CORPUS = open_corpus(LOADER, None)
SPACE = STUDY.feature_spaces[0]
CLEAN = Trial(corpus=LOADER, corpus_fingerprint=CORPUS.fingerprint, feature_space=SPACE, architecture=STUDY.architectures[0],
              split=UnseenSpeakers8020(), training=Training(epochs=1), opens_test=True)
RANDOM = dataclasses.replace(CLEAN, split=Random8020())
NOISY = dataclasses.replace(RANDOM, augmentation=Augmentation(copies=(Noise(), Gain()), on_the_fly=(FrequencyMask(width=1),)))
